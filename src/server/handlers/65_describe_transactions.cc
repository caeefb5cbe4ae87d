// server/handlers/65_describe_transactions.cc: DescribeTransactions, version 0 (KIP-664).

#include "server/handlers/handlers.h"
#include "server/row_memory.h"
#include "server/shard_server.h"
#include "server/transaction_service.h"

namespace tideline::server {

using protocol::DescribeTransactionsRequest;
using protocol::DescribeTransactionsResponse;
using runtime::Task;

Task<DescribeTransactionsResponse> handle_describe_transactions(RequestContext& context, DescribeTransactionsRequest& request) {
    using States = std::vector<DescribeTransactionsResponse::TransactionState>;
    DescribeTransactionsResponse response;
    for (std::string& id : request.transactional_ids) {
        std::vector<std::string> ids{std::move(id)};
        txn::CoordinatorDriver::Decide decide = [&ids](txn::Coordinator& coordinator, txn::Ticket ticket, const txn::Now& now,
                                                       txn::Effects& out) { coordinator.describe(ticket, ids, now, out); };
        TransactionHome home = find_transaction_home(context.server, ids.front());
        auto reply = co_await ask_transaction_home(context.server, home, std::move(decide));
        if (reply) {
            for (auto& state : std::get<States>(*reply)) {
                bool has_memory = co_await take_for_row(context, state);
                if (!has_memory) {
                    co_return DescribeTransactionsResponse{};
                }
                response.transaction_states.push_back(std::move(state));
            }
            continue;
        }
        auto& state = response.transaction_states.emplace_back();
        // Kafka looks at the id before it looks for the coordinator.
        state.error_code = ids.front().empty() ? ErrorCode::invalid_request : reply.error().code;
        state.transactional_id = std::move(ids.front());
    }
    co_return response;
}

}  // namespace tideline::server
