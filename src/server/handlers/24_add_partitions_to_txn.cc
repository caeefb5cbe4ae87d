// server/handlers/24_add_partitions_to_txn.cc: AddPartitionsToTxn, versions 0–5.
// v2 PRODUCER_FENCED   v3 flexible   v4 from brokers: several transactions, verify_only (KIP-890)   v5 TRANSACTION_ABORTABLE

#include "server/handlers/handlers.h"
#include "server/shard_server.h"
#include "server/transaction_service.h"

namespace tideline::server {

using protocol::AddPartitionsToTxnRequest;
using protocol::AddPartitionsToTxnResponse;
using runtime::Task;

namespace {

using Topics = std::vector<AddPartitionsToTxnRequest::AddPartitionsToTxnTopic>;
using TopicResults = std::vector<AddPartitionsToTxnResponse::AddPartitionsToTxnTopicResult>;
using Transaction = AddPartitionsToTxnRequest::AddPartitionsToTxnTransaction;

// One error for each partition, in their order.
TopicResults results_of(const Topics& topics, const std::vector<ErrorCode>& errors) {
    TopicResults results;
    std::size_t next = 0;
    for (const auto& topic : topics) {
        auto& result = results.emplace_back();
        result.name = topic.name;
        for (std::int32_t partition : topic.partitions) {
            result.results_by_partition.push_back({.partition_index = partition, .partition_error_code = errors[next++]});
        }
    }
    return results;
}

// Empty if all partitions exist; otherwise none is added.
std::vector<ErrorCode> errors_of_unknown(const cluster::MetadataImage& image, const Topics& topics) {
    std::vector<ErrorCode> errors;
    bool any = false;
    for (const auto& topic : topics) {
        const cluster::TopicImage* found = image.topic(topic.name);
        for (std::int32_t partition : topic.partitions) {
            bool exists = found != nullptr && found->partition(partition) != nullptr;
            any = any || !exists;
            errors.push_back(exists ? ErrorCode::operation_not_attempted : ErrorCode::unknown_topic_or_partition);
        }
    }
    return any ? errors : std::vector<ErrorCode>{};
}

Task<TopicResults> add_or_verify(RequestContext& context, const Transaction& transaction) {
    auto unknown = errors_of_unknown(*context.server.image(), transaction.topics);
    if (!unknown.empty()) {
        co_return results_of(transaction.topics, unknown);
    }
    bool is_from_client = context.version() < 4;
    if (transaction.verify_only) {
        TransactionCheck check{.transactional_id = transaction.transactional_id,
                               .producer_id = transaction.producer_id,
                               .producer_epoch = transaction.producer_epoch,
                               .add = false,
                               .partitions = {}};
        for (const auto& topic : transaction.topics) {
            for (std::int32_t partition : topic.partitions) {
                check.partitions.push_back({.topic = topic.name, .partition = partition});
            }
        }
        auto errors = co_await check_transaction(context.server, std::move(check));
        co_return results_of(transaction.topics, errors);
    }
    txn::PartitionsRequest request{.transactional_id = transaction.transactional_id,
                                   .producer_id = transaction.producer_id,
                                   .producer_epoch = transaction.producer_epoch,
                                   .partitions = {},
                                   .client_version = static_cast<std::int16_t>(is_from_client ? 0 : 2)};
    for (const auto& topic : transaction.topics) {
        request.partitions.push_back({.topic = topic.name, .partitions = topic.partitions});
    }
    std::size_t count = txn::count_of(request.partitions);
    auto error = co_await add_to_transaction(context.server, std::move(request));
    if (context.version() < 2 && error == ErrorCode::producer_fenced) {
        error = ErrorCode::invalid_producer_epoch;
    }
    co_return results_of(transaction.topics, std::vector<ErrorCode>(count, error));
}

}  // namespace

Task<AddPartitionsToTxnResponse> handle_add_partitions_to_txn(RequestContext& context, AddPartitionsToTxnRequest& request) {
    AddPartitionsToTxnResponse response;
    if (context.version() < 4) {
        Transaction transaction;
        transaction.transactional_id = std::move(request.v3_and_below_transactional_id);
        transaction.producer_id = request.v3_and_below_producer_id;
        transaction.producer_epoch = request.v3_and_below_producer_epoch;
        transaction.topics = std::move(request.v3_and_below_topics);
        response.results_by_topic_v3_and_below = co_await add_or_verify(context, transaction);
        co_return response;
    }
    for (const Transaction& transaction : request.transactions) {
        auto results = co_await add_or_verify(context, transaction);
        auto& result = response.results_by_transaction.emplace_back();
        result.transactional_id = transaction.transactional_id;
        result.topic_results = std::move(results);
    }
    co_return response;
}

}  // namespace tideline::server
