#include "server/transaction_gate.h"

#include <algorithm>

#include "base/reach.h"
#include "server/shard_server.h"

namespace tideline::server {

using runtime::Task;

namespace {

ErrorCode code_for_producer(ErrorCode code, TransactionSupport support) {
    if (code == ErrorCode::producer_fenced) {
        return ErrorCode::invalid_producer_epoch;  // what producers expect of a write
    }
    if (code == ErrorCode::transaction_abortable && support == TransactionSupport::old_errors) {
        return ErrorCode::invalid_txn_state;
    }
    return code;
}

// What a produce is told when the coordinator does not say yes. Errors that older clients do not retry as they should become one
// that they do.
base::Error refusal_of(ErrorCode code, TransactionSupport support) {
    switch (code) {
        case ErrorCode::none: return {ErrorCode::none, ""};
        case ErrorCode::coordinator_load_in_progress:
        case ErrorCode::coordinator_not_available:
        case ErrorCode::not_coordinator:
            return {ErrorCode::not_enough_replicas, "the transaction coordinator cannot tell yet whether the transaction is open"};
        case ErrorCode::concurrent_transactions:
            return {support == TransactionSupport::implicit_add ? code : ErrorCode::not_enough_replicas,
                    "the producer's transaction before this one is still being ended"};
        case ErrorCode::invalid_txn_state: return {code, "the partition was not added to the transaction"};
        default: return {code, "the transaction coordinator refuses the write"};
    }
}

Task<std::vector<ErrorCode>> ask_until_ended(ShardServer& here, const TransactionCheck& check, TransactionSupport support) {
    const cluster::BrokerConfig& config = *here.config();
    runtime::Duration backoff = std::chrono::milliseconds(config.integer("add.partitions.to.txn.retry.backoff.ms"));
    runtime::Instant give_up = here.shard().now() + std::chrono::milliseconds(config.integer("add.partitions.to.txn.retry.backoff.max.ms"));
    std::vector<ErrorCode> errors = co_await ask_transaction_coordinator(here, check, support);
    while (support == TransactionSupport::implicit_add && here.shard().now() < give_up &&
           std::ranges::find(errors, ErrorCode::concurrent_transactions) != errors.end()) {
        TL_REACH("produce_waits_for_the_last_transaction");
        co_await wait_for_last_transaction(here, check.transactional_id, backoff, give_up);
        errors = co_await ask_transaction_coordinator(here, check, support);
    }
    co_return errors;
}

}  // namespace

TransactionSupport transaction_support_of_produce(std::int16_t version) {
    if (version >= 12) {  // KIP-890, part 2
        return TransactionSupport::implicit_add;
    }
    return version >= 11 ? TransactionSupport::all_errors : TransactionSupport::old_errors;
}

TransactionSupport transaction_support_of_offset_commit(std::int16_t version) {
    if (version >= 5) {  // KIP-890, part 2
        return TransactionSupport::implicit_add;
    }
    return version >= 4 ? TransactionSupport::all_errors : TransactionSupport::old_errors;
}

Task<std::vector<ErrorCode>> ask_transaction_coordinator(ShardServer& here, TransactionCheck check, TransactionSupport support) {
    check.add = support == TransactionSupport::implicit_add;
    std::vector<ErrorCode> errors = co_await check_transaction(here, std::move(check));
    for (ErrorCode& error : errors) {
        error = code_for_producer(error, support);
    }
    co_return errors;
}

Task<std::vector<base::Error>> verify_new_partitions(ShardServer& here, TransactionCheck check, std::vector<NewPartition> partitions,
                                                     TransactionSupport support) {
    std::vector<base::Error> refusals(partitions.size());
    std::vector<std::size_t> asked;  // indexes of those that are there
    const cluster::ImagePtr image = here.image();
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        if (const cluster::TopicImage* topic = image->topic(partitions[i].topic_id)) {
            check.partitions.push_back({topic->name, partitions[i].partition});
            asked.push_back(i);
        } else {
            refusals[i] = {ErrorCode::unknown_topic_or_partition, "topic was deleted meanwhile"};
        }
    }
    std::vector<ErrorCode> errors = co_await ask_until_ended(here, check, support);
    for (std::size_t i = 0; i < asked.size(); ++i) {
        refusals[asked[i]] = refusal_of(errors[i], support);
    }
    co_return refusals;
}

bool needs_verification(const ShardServer& here, TransactionSupport support) {
    return support == TransactionSupport::implicit_add || here.config()->boolean("transaction.partition.verification.enable");
}

}  // namespace tideline::server
