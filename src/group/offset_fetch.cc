// OffsetManager: what a group committed.
#include "group/offset_manager.h"

namespace tideline::group {

namespace {

using FetchGroup = protocol::OffsetFetchRequest::OffsetFetchRequestGroup;
using FetchedGroup = protocol::OffsetFetchResponse::OffsetFetchResponseGroup;
using FetchedPartition = protocol::OffsetFetchResponse::OffsetFetchResponsePartitions;

FetchedPartition nothing(std::int32_t partition, ErrorCode code = ErrorCode::none) {
    FetchedPartition fetched;
    fetched.partition_index = partition;
    fetched.committed_offset = -1;
    fetched.committed_leader_epoch = -1;
    fetched.metadata = "";
    fetched.error_code = code;
    return fetched;
}

FetchedPartition something(std::int32_t partition, const CommittedOffset& offset) {
    FetchedPartition fetched;
    fetched.partition_index = partition;
    fetched.committed_offset = offset.offset;
    fetched.committed_leader_epoch = offset.leader_epoch;
    fetched.metadata = offset.metadata;
    return fetched;
}

// Whether an offset was committed for an earlier topic of the same name.
bool is_of_another_topic(const base::Uuid& committed, const base::Uuid& asked) {
    return !committed.is_zero() && !asked.is_zero() && committed != asked;
}

}  // namespace

void OffsetManager::fetch(Ticket ticket, const FetchGroup& request, bool require_stable, Effects& out) const {
    FetchedGroup response;
    response.group_id = request.group_id;
    const auto* group = environment_.groups.find(request.group_id);
    if (group != nullptr) {
        if (auto allowed = group->check_fetch(request.member_id, request.member_epoch); !allowed) {
            response.error_code = allowed.error().code;
            out.answer(ticket, std::move(response));
            return;
        }
    }
    // A group that nobody knows has committed nothing; that is no error.
    const auto* topics = group == nullptr ? nullptr : store_.find(request.group_id);
    bool may_wait = require_stable && store_.has_pending(request.group_id);
    auto unstable = [&](std::string_view topic, std::int32_t partition) {
        return may_wait && store_.is_pending({.group = request.group_id, .topic = topic, .partition = partition});
    };
    if (request.topics) {
        response.topics.reserve(request.topics->size());
        for (const auto& topic : *request.topics) {
            auto& entry = response.topics.emplace_back();
            entry.name = topic.name;
            entry.topic_id = topic.topic_id;
            entry.partitions.reserve(topic.partition_indexes.size());
            const OffsetStore::Partitions* partitions = nullptr;
            if (topics != nullptr) {
                auto found = topics->find(topic.name);
                partitions = found == topics->end() ? nullptr : &found->second;
            }
            for (auto index : topic.partition_indexes) {
                if (unstable(topic.name, index)) {
                    entry.partitions.push_back(nothing(index, ErrorCode::unstable_offset_commit));
                    continue;
                }
                const CommittedOffset* offset = nullptr;
                if (partitions != nullptr) {
                    auto found = partitions->find(index);
                    offset = found == partitions->end() ? nullptr : &found->second;
                }
                bool usable = offset != nullptr && !is_of_another_topic(offset->topic_id, topic.topic_id);
                entry.partitions.push_back(usable ? something(index, *offset) : nothing(index));
            }
        }
    } else if (topics != nullptr) {
        for (const auto& [name, partitions] : *topics) {
            auto& entry = response.topics.emplace_back();
            entry.name = name;
            for (const auto& [index, offset] : partitions) {
                entry.partitions.push_back(unstable(name, index) ? nothing(index, ErrorCode::unstable_offset_commit)
                                                                 : something(index, offset));
            }
        }
    }
    out.answer(ticket, std::move(response));
}

}  // namespace tideline::group
