// OffsetManager: commits, deletions, and their records.
#include "group/offset_manager.h"
#include "group/records.h"

namespace tideline::group {

namespace {

constexpr std::size_t kCommitBytes = 100;  // of a commit's record besides names and metadata, at most
constexpr std::int16_t kFirstVersionWithTopicIds = 10;     // KIP-848
constexpr std::int16_t kFirstVersionWithMissingGroups = 9;  // KIP-848: GROUP_ID_NOT_FOUND instead of ILLEGAL_GENERATION

CommitClaim claim_of(const ClientInfo& client, const protocol::OffsetCommitRequest& request) {
    return {.member_id = request.member_id,
            .instance_id = request.group_instance_id,
            .generation_or_epoch = request.generation_id_or_member_epoch,
            .api_version = client.api_version};
}

// The length of a text as Java counts it, in UTF-16 units, which is what offset.metadata.max.bytes limits in Kafka.
std::size_t java_length(std::string_view text) {
    std::size_t units = 0;
    for (char c : text) {
        auto byte = static_cast<std::uint8_t>(c);
        units += (byte & 0xc0) != 0x80 ? (byte >= 0xf0 ? 2 : 1) : 0;
    }
    return units;
}

}  // namespace

ErrorCode OffsetManager::check_commit(const ClientInfo& client, const protocol::OffsetCommitRequest& request,
                                      const Group* group) const {
    if (group == nullptr) {
        if (request.generation_id_or_member_epoch < 0) {
            return ErrorCode::none;  // a group that only commits comes into being with its first offset
        }
        return client.api_version >= kFirstVersionWithMissingGroups ? ErrorCode::group_id_not_found
                                                                    : ErrorCode::illegal_generation;
    }
    auto claim = claim_of(client, request);
    if (auto allowed = group->check_commit(claim); !allowed) {
        return allowed.error().code;
    }
    for (const auto& topic : request.topics) {
        for (const auto& partition : topic.partitions) {
            if (auto allowed = group->check_commit_partition(claim, topic.name, topic.topic_id, partition.partition_index);
                !allowed) {
                return allowed.error().code;
            }
        }
    }
    return ErrorCode::none;
}

// The topic may have been deleted since the server looked, and its offsets are gone by now: one that came later would stay, and
// be taken for that of a topic made anew.
ErrorCode OffsetManager::why_gone(const ClientInfo& client, const base::Uuid& topic_id) const {
    if (topic_id.is_zero() || environment_.topics.find_early(topic_id)) {
        return ErrorCode::none;
    }
    return client.api_version >= kFirstVersionWithTopicIds ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition;
}

void OffsetManager::commit(Ticket ticket, const ClientInfo& client, const protocol::OffsetCommitRequest& request, const Now& now,
                           Effects& out) {
    auto* group = environment_.groups.find(request.group_id);
    auto refused = check_commit(client, request, group);
    if (refused == ErrorCode::none && group != nullptr && group->type() == GroupType::classic) {
        classic_.note_commit(static_cast<ClassicGroup&>(*group), request.member_id, now);
    }
    // "For ever" is a number that cannot be added to.
    auto kept_ms = std::min(request.retention_time_ms, std::numeric_limits<std::int64_t>::max() - now.wall_ms);
    auto expires_ms = request.retention_time_ms == -1 ? -1 : now.wall_ms + kept_ms;
    std::int64_t records = 0;
    protocol::OffsetCommitResponse response;
    response.topics.reserve(request.topics.size());
    for (const auto& topic : request.topics) {
        auto& entry = response.topics.emplace_back();
        entry.name = topic.name;
        entry.topic_id = topic.topic_id;
        entry.partitions.reserve(topic.partitions.size());
        auto gone = why_gone(client, topic.topic_id);
        for (const auto& partition : topic.partitions) {
            auto& result = entry.partitions.emplace_back();
            result.partition_index = partition.partition_index;
            result.error_code = refused != ErrorCode::none ? refused : gone;
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
            if (group == nullptr) {
                group = &environment_.groups.put(std::make_unique<ClassicGroup>(request.group_id, now.wall_ms));
            }
            records += write({.group = request.group_id, .topic = topic.name, .partition = partition.partition_index},
                             {.offset = partition.committed_offset,
                              .leader_epoch = std::max(partition.committed_leader_epoch, -1),
                              .metadata = partition.committed_metadata.value_or(""),
                              .commit_timestamp_ms = now.wall_ms,
                              .expire_timestamp_ms = expires_ms,
                              .topic_id = topic.topic_id},
                             out);
        }
    }
    if (environment_.watcher != nullptr && refused == ErrorCode::none) {
        environment_.watcher->committed(request.group_id, records);
    }
    out.answer(ticket, std::move(response));
}

void OffsetManager::delete_offsets(Ticket ticket, const protocol::OffsetDeleteRequest& request, Effects& out) {
    protocol::OffsetDeleteResponse response;
    const auto* group = environment_.groups.find(request.group_id);
    if (request.group_id.empty()) {
        response.error_code = ErrorCode::invalid_group_id;
    } else if (group == nullptr) {
        response.error_code = ErrorCode::group_id_not_found;
    } else if (auto allowed = group->check_delete_offsets(); !allowed) {
        response.error_code = allowed.error().code;
    } else {
        for (const auto& topic : request.topics) {
            bool subscribed = group->is_subscribed_to(topic.name);
            auto& entry = response.topics.emplace_back();
            entry.name = topic.name;
            for (const auto& partition : topic.partitions) {
                auto& result = entry.partitions.emplace_back();
                result.partition_index = partition.partition_index;
                OffsetPlace place{.group = request.group_id, .topic = topic.name, .partition = partition.partition_index};
                if (subscribed) {
                    result.error_code = ErrorCode::group_subscribed_to_topic;
                } else if (store_.find(place) != nullptr || store_.is_pending(place)) {
                    erase(place, out);
                }
            }
        }
    }
    out.answer(ticket, std::move(response));
}

bool OffsetManager::fills_a_batch(std::string_view group_id, std::string_view topic,
                                  const std::optional<std::string>& metadata) const {
    auto metadata_bytes = metadata ? metadata->size() : 0;
    return group_id.size() + topic.size() + metadata_bytes + kCommitBytes > environment_.config.record_bytes_max;
}

bool OffsetManager::is_too_large(const std::optional<std::string>& metadata) const {
    auto metadata_max = static_cast<std::size_t>(std::max(environment_.config.offset_metadata_bytes_max, 0));
    return metadata && java_length(*metadata) > metadata_max;
}

Record OffsetManager::record_of(const OffsetPlace& place, const CommittedOffset& offset) {
    key_.group = place.group;
    key_.topic = place.topic;
    key_.partition = place.partition;
    value_.offset = offset.offset;
    value_.leader_epoch = offset.leader_epoch;
    value_.metadata = offset.metadata;
    value_.commit_timestamp = offset.commit_timestamp_ms;
    value_.expire_timestamp = offset.expire_timestamp_ms;
    value_.topic_id = offset.topic_id;
    bool expires = offset.expire_timestamp_ms != -1;
    return make_record(key_, value_, expires ? kOffsetCommitVersionWithExpiry : kOffsetCommitVersion);
}

std::int64_t OffsetManager::write(const OffsetPlace& place, CommittedOffset offset, Effects& out) {
    out.add(record_of(place, offset));
    if (offset.expire_timestamp_ms != -1) {
        // Their version of the record knows neither; what is remembered is what a rebuild would find.
        offset.leader_epoch = -1;
        offset.topic_id = {};
    }
    // Any number may be committed; a sum of steps that somebody made up must not overflow.
    constexpr std::int64_t kStepMax = 1LL << 40;
    const std::int64_t reached = offset.offset;
    const std::int64_t left = std::max<std::int64_t>(store_.put(place, std::move(offset)).value_or(reached), 0);
    return reached <= left ? 0 : std::min(reached - left, kStepMax);
}

void OffsetManager::erase(const OffsetPlace& place, Effects& out) {
    key_.group = place.group;
    key_.topic = place.topic;
    key_.partition = place.partition;
    out.add(tombstone(key_));
    store_.remove(place);
}

void OffsetManager::replay(const protocol::OffsetCommitKey& key, const std::optional<protocol::OffsetCommitValue>& value,
                           std::int64_t producer_id, const Now& now) {
    OffsetPlace place{.group = key.group, .topic = key.topic, .partition = key.partition};
    if (!value) {
        store_.remove(place);
        return;
    }
    if (environment_.groups.find(key.group) == nullptr) {
        environment_.groups.put(std::make_unique<ClassicGroup>(key.group, now.wall_ms));
    }
    CommittedOffset offset{.offset = value->offset,
                           .leader_epoch = value->leader_epoch,
                           .metadata = value->metadata,
                           .commit_timestamp_ms = value->commit_timestamp,
                           .expire_timestamp_ms = value->expire_timestamp,
                           .topic_id = value->topic_id};
    if (producer_id < 0) {
        store_.put(place, std::move(offset));
    } else {
        store_.put_pending(producer_id, place, std::move(offset));
    }
}

}  // namespace tideline::group
