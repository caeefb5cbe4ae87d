// server/handlers/66_list_transactions.cc: ListTransactions, versions 0–2 (KIP-664).
// v1 by how long they run (KIP-994)   v2 by a pattern of ids (KIP-1152)

#include "server/handlers/handlers.h"
#include "server/shard_server.h"
#include "server/transaction_service.h"

namespace tideline::server {

using protocol::ListTransactionsRequest;
using protocol::ListTransactionsResponse;
using runtime::Task;

namespace {

using States = std::vector<ListTransactionsResponse::TransactionState>;

// Asks every coordinator of one shard, on that shard.
Task<base::Result<States>> list_here(TransactionService& transactions, const txn::ListFilter& filter) {
    States states;
    std::vector<std::int32_t> partitions = transactions.partitions();
    for (std::int32_t partition : partitions) {
        txn::CoordinatorDriver::Decide decide = [&filter](txn::Coordinator& coordinator, txn::Ticket ticket, const txn::Now& now,
                                                          txn::Effects& out) { coordinator.list(ticket, filter, now, out); };
        auto reply = co_await transactions.ask(partition, std::move(decide));
        if (!reply && reply.error().code != ErrorCode::not_coordinator) {
            co_return std::unexpected(reply.error());
        }
        if (reply) {
            std::ranges::move(std::get<States>(*reply), std::back_inserter(states));
        }
    }
    co_return states;
}

}  // namespace

Task<ListTransactionsResponse> handle_list_transactions(RequestContext& context, ListTransactionsRequest& request) {
    ListTransactionsResponse response;
    auto filter = txn::ListFilter::make(request);
    if (!filter) {
        response.error_code = filter.error().code;
        co_return response;
    }
    ShardServer& here = context.server;
    for (unsigned index = 0; index < here.shard_count(); ++index) {
        ShardServer& there = here.peer(index);
        auto states = co_await runtime::call_on(here.shard(), there.shard(), [&] { return list_here(there.transactions(), *filter); });
        if (!states) {
            response.error_code = states.error().code;
            response.transaction_states.clear();
            co_return response;
        }
        std::ranges::move(*states, std::back_inserter(response.transaction_states));
    }
    response.unknown_state_filters = filter->unknown_states();
    co_return response;
}

}  // namespace tideline::server
