// Asking the coordinator of a transactional id, on the shard that has it.
#include "server/broker.h"
#include "server/group_access.h"
#include "server/transaction_service.h"

namespace tideline::server {

using base::Result;
using runtime::Task;

namespace {

constexpr std::string_view kNoTopic = "there is no __transaction_state yet";

// `step` decides with a producer id, or without one; it is asked again when it wants one.
template <class Step>
Task<Result<txn::Reply>> ask_with_producer_id(ShardServer& here, TransactionHome home, Step step) {
    std::optional<std::int64_t> new_id;
    for (;;) {
        txn::CoordinatorDriver::Decide decide = [&](txn::Coordinator& coordinator, txn::Ticket ticket, const txn::Now& now, txn::Effects& out) {
            step(coordinator, ticket, new_id, now, out);
        };
        auto reply = co_await ask_transaction_home(here, home, std::move(decide));
        if (!reply || !std::holds_alternative<txn::NeedsProducerId>(*reply)) {
            co_return reply;
        }
        auto id = co_await here.broker().next_producer_id(here.shard());
        if (!id) {
            co_return std::unexpected(id.error());
        }
        new_id = *id;
    }
}

}  // namespace

TransactionHome find_transaction_home(const ShardServer& here, std::string_view transactional_id) {
    const cluster::TopicImage* topic = here.image()->topic(kTransactionsTopic);
    if (topic == nullptr || topic->partition_count() == 0) {
        return {.error = ErrorCode::not_coordinator, .partition = -1, .shard = 0};
    }
    std::int32_t partition = partition_of_group(transactional_id, topic->partition_count());
    return {.error = ErrorCode::none, .partition = partition, .shard = cluster::shard_of(topic->id, partition, here.shard_count())};
}

Task<Result<txn::Reply>> ask_transaction_home(ShardServer& here, TransactionHome home, txn::CoordinatorDriver::Decide decide) {
    if (home.error != ErrorCode::none) {
        co_return base::fail(home.error, kNoTopic);
    }
    ShardServer& there = here.peer(home.shard);
    co_return co_await runtime::call_on(here.shard(), there.shard(),
                                        [&] { return there.transactions().ask(home.partition, std::move(decide)); });
}

Task<protocol::InitProducerIdResponse> init_transactional_id(ShardServer& here, txn::InitRequest request) {
    auto step = [&](txn::Coordinator& coordinator, txn::Ticket ticket, std::optional<std::int64_t> new_id, const txn::Now& now,
                    txn::Effects& out) { coordinator.init_producer_id(ticket, request, new_id, now, out); };
    auto reply = co_await ask_with_producer_id(here, find_transaction_home(here, request.transactional_id), step);
    if (reply) {
        co_return std::get<protocol::InitProducerIdResponse>(std::move(*reply));
    }
    protocol::InitProducerIdResponse refused;
    refused.error_code = reply.error().code;
    refused.producer_id = txn::kNoProducerId;
    refused.producer_epoch = txn::kNoEpoch;
    co_return refused;
}

Task<protocol::EndTxnResponse> end_transaction(ShardServer& here, txn::EndRequest request) {
    auto step = [&](txn::Coordinator& coordinator, txn::Ticket ticket, std::optional<std::int64_t> new_id, const txn::Now& now,
                    txn::Effects& out) { coordinator.end(ticket, request, new_id, now, out); };
    auto reply = co_await ask_with_producer_id(here, find_transaction_home(here, request.transactional_id), step);
    if (reply) {
        co_return std::get<protocol::EndTxnResponse>(std::move(*reply));
    }
    protocol::EndTxnResponse refused;
    refused.error_code = reply.error().code;
    co_return refused;
}

Task<ErrorCode> add_to_transaction(ShardServer& here, txn::PartitionsRequest request) {
    txn::CoordinatorDriver::Decide decide = [&](txn::Coordinator& coordinator, txn::Ticket ticket, const txn::Now& now, txn::Effects& out) {
        coordinator.add(ticket, request, now, out);
    };
    auto reply = co_await ask_transaction_home(here, find_transaction_home(here, request.transactional_id), std::move(decide));
    co_return reply ? std::get<ErrorCode>(*reply) : reply.error().code;
}

Task<std::vector<ErrorCode>> check_transaction(ShardServer& here, TransactionCheck check) {
    txn::PartitionsRequest request{.transactional_id = std::move(check.transactional_id),
                                   .producer_id = check.producer_id,
                                   .producer_epoch = check.producer_epoch,
                                   .partitions = {},
                                   .client_version = 2};
    for (auto& [topic, partition] : check.partitions) {
        request.partitions.push_back({.topic = std::move(topic), .partitions = {partition}});
    }
    std::size_t count = check.partitions.size();
    if (check.add) {
        auto error = co_await add_to_transaction(here, std::move(request));
        co_return std::vector<ErrorCode>(count, error);
    }
    txn::CoordinatorDriver::Decide decide = [&](txn::Coordinator& coordinator, txn::Ticket ticket, const txn::Now& now, txn::Effects& out) {
        coordinator.verify(ticket, request, now, out);
    };
    auto reply = co_await ask_transaction_home(here, find_transaction_home(here, request.transactional_id), std::move(decide));
    co_return reply ? std::get<std::vector<ErrorCode>>(std::move(*reply)) : std::vector<ErrorCode>(count, reply.error().code);
}

Task<void> wait_for_last_transaction(ShardServer& here, std::string transactional_id, runtime::Duration backoff, runtime::Instant until) {
    bool waited = false;
    TransactionHome home = find_transaction_home(here, transactional_id);
    if (home.error == ErrorCode::none) {
        ShardServer& there = here.peer(home.shard);
        waited = co_await runtime::call_on(here.shard(), there.shard(),
                                           [&] { return there.transactions().wait_for_markers(transactional_id, until); });
    }
    if (!waited) {
        co_await runtime::sleep_until(here.shard(), std::min(here.shard().now() + backoff, until));
    }
}

}  // namespace tideline::server
