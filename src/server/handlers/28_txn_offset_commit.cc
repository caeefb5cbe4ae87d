// server/handlers/28_txn_offset_commit.cc: TxnOffsetCommit, versions 0–5.
// v2 leader epoch   v3 flexible, the consumer's member (KIP-447)   v4 TRANSACTION_ABORTABLE   v5 implicit AddOffsetsToTxn (KIP-890)

#include <unordered_map>

#include "server/group_access.h"
#include "server/partition_access.h"
#include "server/transaction_gate.h"

namespace tideline::server {

using protocol::TxnOffsetCommitRequest;
using protocol::TxnOffsetCommitResponse;
using runtime::Task;

namespace {

using AnsweredTopic = TxnOffsetCommitResponse::TxnOffsetCommitResponseTopic;

// The partition of __consumer_offsets that a write is about to begin a transaction in.
struct OffsetsPartition {
    Located at;
    std::int32_t partition = 0;
    base::Result<log::VerificationGuard> guard = log::kNoGuard;
};

// The answer to one request: one entry for each topic, as in Kafka, in the order in which they were first answered.
class Answers {
public:
    void add(const std::string& topic, std::int32_t partition, ErrorCode error) {
        auto [at, is_new] = by_name_.try_emplace(topic, response_.topics.size());
        if (is_new) {
            response_.topics.emplace_back().name = topic;
        }
        response_.topics[at->second].partitions.push_back({.partition_index = partition, .error_code = error});
    }
    void add_all(const TxnOffsetCommitRequest& request, ErrorCode error) {
        for (const auto& topic : request.topics) {
            for (const auto& partition : topic.partitions) {
                add(topic.name, partition.partition_index, error);
            }
        }
    }
    void add(const TxnOffsetCommitResponse& answered) {
        for (const AnsweredTopic& topic : answered.topics) {
            for (const auto& partition : topic.partitions) {
                add(topic.name, partition.partition_index, partition.error_code);
            }
        }
    }
    TxnOffsetCommitResponse take() { return std::move(response_); }

private:
    TxnOffsetCommitResponse response_;
    std::unordered_map<std::string, std::size_t> by_name_;
};

// Leaves in the request what exists.
void sort_out(const cluster::MetadataImage& image, TxnOffsetCommitRequest& request, Answers& answers) {
    for (auto& topic : request.topics) {
        const cluster::TopicImage* found = image.topic(topic.name);
        std::erase_if(topic.partitions, [&](const auto& partition) {
            bool exists = found != nullptr && found->partition(partition.partition_index) != nullptr;
            if (!exists) {
                answers.add(topic.name, partition.partition_index, ErrorCode::unknown_topic_or_partition);
            }
            return !exists;
        });
    }
    std::erase_if(request.topics, [](const auto& topic) { return topic.partitions.empty(); });
}

// The guard that the records have to show, or why the transaction coordinator does not let them in.
Task<base::Result<log::VerificationGuard>> verify(RequestContext& context, const TxnOffsetCommitRequest& request, std::int32_t partition) {
    ShardServer& server = context.server;
    TransactionSupport support = transaction_support_of_offset_commit(context.version());
    if (!needs_verification(server, support)) {
        co_return log::kUnguarded;
    }
    cluster::ImagePtr image = server.image();
    std::vector<OffsetsPartition> items;
    items.push_back({.at = locate(server, *image, kOffsetsTopic, partition), .partition = partition});
    co_await for_each_on_owner(server, items, [&](ShardServer& owner, cluster::Partition& found, OffsetsPartition& item) {
        item.guard = found.log().begin_verification({.producer_id = request.producer_id,
                                                     .producer_epoch = request.producer_epoch,
                                                     .bumps_epochs = support == TransactionSupport::implicit_add,
                                                     .now_ms = owner.shard().wall_ms()});
    });
    if (items.front().at.error != ErrorCode::none) {
        co_return base::fail(ErrorCode::not_coordinator, "the partition of __consumer_offsets is not here", partition);
    }
    auto guard = items.front().guard;
    if (!guard || *guard == log::kNoGuard) {
        co_return guard;
    }
    TransactionCheck check{.transactional_id = request.transactional_id,
                           .producer_id = request.producer_id,
                           .producer_epoch = request.producer_epoch,
                           .partitions = {{std::string(kOffsetsTopic), partition}}};
    std::vector<ErrorCode> errors = co_await ask_transaction_coordinator(server, std::move(check), support);
    if (errors.front() != ErrorCode::none) {
        co_return base::fail(errors.front(), "the transaction coordinator does not know the group in this transaction");
    }
    co_return guard;
}

// What is about to be appended for the request.
TransactionalWrite written_offsets(const TxnOffsetCommitRequest& request, const group::Effects& effects, const base::Uuid& topic_id,
                                   std::int32_t partition) {
    TransactionalWrite write{.topic_id = topic_id,
                             .partition = partition,
                             .producer_id = request.producer_id,
                             .producer_epoch = request.producer_epoch,
                             .records = static_cast<std::int64_t>(effects.records.size())};
    for (const group::Record& record : effects.records) {
        write.bytes += static_cast<std::int64_t>(record.key.size() + (record.value ? record.value->size() : 0));
    }
    return write;
}

Task<base::Result<TxnOffsetCommitResponse>> commit(RequestContext& context, const TxnOffsetCommitRequest& request) {
    if (request.group_id.empty()) {
        co_return base::fail(ErrorCode::invalid_group_id, "no group is named");
    }
    GroupHome home = find_group_home(context.server, request.group_id);
    if (home.error != ErrorCode::none) {
        co_return base::fail(home.error, "there is no __consumer_offsets yet");
    }
    auto guard = co_await verify(context, request, home.partition);
    if (!guard) {
        co_return std::unexpected(guard.error());
    }
    group::ClientInfo client = client_info_of(context);
    const std::optional<std::string> transactional_id = request.transactional_id;
    const TransactionEvidence::Client writer = evidence_client_of(context, transactional_id);
    const cluster::TopicImage* offsets = context.server.image()->topic(kOffsetsTopic);
    const base::Uuid offsets_id = offsets == nullptr ? base::Uuid{} : offsets->id;
    TransactionEvidence& evidence = context.server.peer(home.shard).transaction_evidence();
    Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
        coordinator.commit_in_transaction(ticket, client, request, *guard, now, out);
        if (out.transaction) {
            evidence.written(written_offsets(request, out, offsets_id, home.partition), writer, now.wall_ms);
        }
    };
    co_return co_await ask_group<TxnOffsetCommitResponse>(context.server, request.group_id, std::move(decide));
}

}  // namespace

Task<TxnOffsetCommitResponse> handle_txn_offset_commit(RequestContext& context, TxnOffsetCommitRequest& request) {
    Answers answers;
    cluster::ImagePtr image = context.server.image();
    sort_out(*image, request, answers);
    if (request.topics.empty()) {
        co_return note_failed_commit(context, request.group_id, answers.take());
    }
    std::size_t record_bytes = bytes_of_commit(request.group_id, request.topics);
    if (record_bytes > kCommitBytesMax) {
        answers.add_all(request, ErrorCode::invalid_commit_offset_size);
        co_return note_failed_commit(context, request.group_id, answers.take());
    }
    bool has_memory = co_await context.memory.take(2 * record_bytes);
    if (!has_memory) {
        co_return TxnOffsetCommitResponse{};
    }
    auto answered = co_await commit(context, request);
    if (answered) {
        answers.add(*answered);
        co_return note_failed_commit(context, request.group_id, answers.take());
    }
    ErrorCode error = answered.error().code;
    if (error == ErrorCode::coordinator_load_in_progress && context.version() < 2) {
        error = ErrorCode::coordinator_not_available;  // clients of that age crash otherwise (KAFKA-7296)
    }
    answers.add_all(request, error);
    co_return note_failed_commit(context, request.group_id, answers.take());
}

}  // namespace tideline::server
