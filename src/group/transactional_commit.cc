// OffsetManager: commits that are part of a transaction. They pend until its marker comes.
#include "group/offset_manager.h"
#include "group/records.h"

namespace tideline::group {

namespace {

CommitClaim claim_of(const ClientInfo& client, const protocol::TxnOffsetCommitRequest& request) {
    return {.member_id = request.member_id,
            .instance_id = request.group_instance_id,
            .generation_or_epoch = request.generation_id,
            .is_transactional = true,
            .api_version = client.api_version};
}

// Producers know generations only: what a consumer group calls a stale epoch is an illegal generation to them.
ErrorCode code_for_producer(ErrorCode code) { return code == ErrorCode::stale_member_epoch ? ErrorCode::illegal_generation : code; }

}  // namespace

ErrorCode OffsetManager::check_transactional(const ClientInfo& client, const protocol::TxnOffsetCommitRequest& request) const {
    if (request.group_id.empty()) {
        return ErrorCode::invalid_group_id;
    }
    const auto* group = environment_.groups.find(request.group_id);
    if (group == nullptr) {
        return request.generation_id < 0 ? ErrorCode::none : ErrorCode::illegal_generation;
    }
    auto claim = claim_of(client, request);
    if (auto allowed = group->check_commit(claim); !allowed) {
        return code_for_producer(allowed.error().code);
    }
    for (const auto& topic : request.topics) {
        for (const auto& partition : topic.partitions) {
            if (auto allowed = group->check_commit_partition(claim, topic.name, {}, partition.partition_index); !allowed) {
                return code_for_producer(allowed.error().code);
            }
        }
    }
    return ErrorCode::none;
}

void OffsetManager::commit_in_transaction(Ticket ticket, const ClientInfo& client, const protocol::TxnOffsetCommitRequest& request,
                                          std::uint64_t guard, const Now& now, Effects& out) {
    auto refused = check_transactional(client, request);
    protocol::TxnOffsetCommitResponse response;
    for (const auto& topic : request.topics) {
        auto& entry = response.topics.emplace_back();
        entry.name = topic.name;
        // As for any commit: one that the deletion of its topic overtook would stay for a topic made anew.
        auto known = environment_.topics.find_early(topic.name);
        auto topic_id = known ? known->id : base::Uuid{};
        for (const auto& partition : topic.partitions) {
            auto& result = entry.partitions.emplace_back();
            result.partition_index = partition.partition_index;
            result.error_code = refused != ErrorCode::none || known ? refused : ErrorCode::unknown_topic_or_partition;
            if (result.error_code != ErrorCode::none) {
                continue;
            }
            if (is_too_large(partition.committed_metadata)) {
                result.error_code = ErrorCode::offset_metadata_too_large;
                continue;
            }
            if (fills_a_batch(request.group_id, topic.name, partition.committed_metadata)) {
                result.error_code = ErrorCode::unknown_server_error;
                continue;
            }
            out.add(record_of({.group = request.group_id, .topic = topic.name, .partition = partition.partition_index},
                              {.offset = partition.committed_offset,
                               .leader_epoch = std::max(partition.committed_leader_epoch, -1),
                               .metadata = partition.committed_metadata.value_or(""),
                               .commit_timestamp_ms = now.wall_ms,
                               .topic_id = topic_id}));
        }
    }
    if (!out.records.empty()) {
        out.transaction = {.producer_id = request.producer_id, .producer_epoch = request.producer_epoch, .guard = guard};
        if (environment_.watcher != nullptr) {
            environment_.watcher->committed(request.group_id, 0);
        }
    }
    out.answer(ticket, std::move(response));
}

}  // namespace tideline::group
