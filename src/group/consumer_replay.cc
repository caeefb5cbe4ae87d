// ConsumerProtocol: the state from the log. Each record does what it did when it was written (consumer_changes.h).
#include "group/consumer_protocol.h"
#include "group/consumer_records.h"
#include "group/records.h"
#include "protocol/messages/consumer_group_current_member_assignment_record.h"
#include "protocol/messages/consumer_group_metadata_record.h"
#include "protocol/messages/consumer_group_partition_metadata_record.h"
#include "protocol/messages/consumer_group_regular_expression_record.h"
#include "protocol/messages/consumer_group_target_assignment_member_record.h"
#include "protocol/messages/consumer_group_target_assignment_metadata_record.h"

namespace tideline::group {

namespace {

namespace p = protocol;

CurrentAssignment to_current(const p::ConsumerGroupCurrentMemberAssignmentValue& value) {
    const bool is_known = value.state >= static_cast<std::int8_t>(MemberState::stable) &&
                          value.state <= static_cast<std::int8_t>(MemberState::unreleased_partitions);
    return {.epoch = value.member_epoch,
            .previous_epoch = value.previous_member_epoch,
            .state = is_known ? static_cast<MemberState>(value.state) : MemberState::unknown,
            .assigned = to_assignment(value.assigned_partitions),
            .pending_revocation = to_assignment(value.partitions_pending_revocation)};
}

ResolvedRegex to_resolved(p::ConsumerGroupRegularExpressionValue value) {
    std::ranges::sort(value.topics);
    const auto repeated = std::ranges::unique(value.topics);
    value.topics.erase(repeated.begin(), repeated.end());
    return {.topics = std::move(value.topics), .version = value.version, .timestamp_ms = value.timestamp};
}

// What a value does to the group, and what its absence does. Tombstones of groups that are gone do nothing.
void apply(ConsumerGroup& group, const p::ConsumerGroupMetadataKey&, const p::ConsumerGroupMetadataValue& value) {
    group.set_epoch(value.epoch, static_cast<std::uint64_t>(value.metadata_hash));
}
void apply(ConsumerGroup& group, const p::ConsumerGroupPartitionMetadataKey&, const p::ConsumerGroupPartitionMetadataValue&) {
    group.set_partition_metadata(true);
}
void remove(ConsumerGroup& group, const p::ConsumerGroupPartitionMetadataKey&) { group.set_partition_metadata(false); }
void apply(ConsumerGroup& group, const p::ConsumerGroupMemberMetadataKey& key, const p::ConsumerGroupMemberMetadataValue& value) {
    group.set_metadata(key.member_id, value);
}
void remove(ConsumerGroup& group, const p::ConsumerGroupMemberMetadataKey& key) { group.remove_member(key.member_id); }
void apply(ConsumerGroup& group, const p::ConsumerGroupTargetAssignmentMetadataKey&,
           const p::ConsumerGroupTargetAssignmentMetadataValue& value) {
    group.set_assignment_epoch(value.assignment_epoch);
}
void remove(ConsumerGroup& group, const p::ConsumerGroupTargetAssignmentMetadataKey&) { group.set_assignment_epoch(-1); }
void apply(ConsumerGroup& group, const p::ConsumerGroupTargetAssignmentMemberKey& key,
           const p::ConsumerGroupTargetAssignmentMemberValue& value) {
    group.set_target(key.member_id, to_assignment(value.topic_partitions));
}
void remove(ConsumerGroup& group, const p::ConsumerGroupTargetAssignmentMemberKey& key) { group.remove_target(key.member_id); }
void apply(ConsumerGroup& group, const p::ConsumerGroupCurrentMemberAssignmentKey& key,
           const p::ConsumerGroupCurrentMemberAssignmentValue& value) {
    group.set_current(key.member_id, to_current(value));
}
void remove(ConsumerGroup& group, const p::ConsumerGroupCurrentMemberAssignmentKey& key) { group.remove_current(key.member_id); }
void apply(ConsumerGroup& group, const p::ConsumerGroupRegularExpressionKey& key, const p::ConsumerGroupRegularExpressionValue& value) {
    group.set_resolved(key.regular_expression, to_resolved(value));
}
void remove(ConsumerGroup& group, const p::ConsumerGroupRegularExpressionKey& key) {
    group.remove_resolved(key.regular_expression);
}

ConsumerGroup* find_consumer_group(const GroupTable& groups, std::string_view id) {
    Group* group = groups.find(id);
    return group != nullptr && group->type() == GroupType::consumer ? static_cast<ConsumerGroup*>(group) : nullptr;
}

// A group that was made for its offsets, or whose classic life the log has ended already, gives way.
template <class Key, class Value>
base::Result<> replay_as(GroupTable& groups, base::ByteView key_bytes, std::optional<base::ByteView> value_bytes) {
    TL_TRY(key, decode_body<Key>(key_bytes, 0));
    ConsumerGroup* group = find_consumer_group(groups, key.group_id);
    if (value_bytes) {
        TL_TRY(value, decode_value<Value>(*value_bytes));
        if (group == nullptr) {
            group = static_cast<ConsumerGroup*>(&groups.put(std::make_unique<ConsumerGroup>(key.group_id)));
        }
        apply(*group, key, value);
    } else if (group != nullptr) {
        if constexpr (std::is_same_v<Key, p::ConsumerGroupMetadataKey>) {
            groups.erase(key.group_id);
        } else {
            remove(*group, key);
        }
    }
    return {};
}

using Replay = base::Result<> (*)(GroupTable&, base::ByteView, std::optional<base::ByteView>);

Replay replay_of(std::int16_t type) {
    switch (type) {
        case p::ConsumerGroupMetadataKey::kRecordType:
            return replay_as<p::ConsumerGroupMetadataKey, p::ConsumerGroupMetadataValue>;
        case p::ConsumerGroupPartitionMetadataKey::kRecordType:
            return replay_as<p::ConsumerGroupPartitionMetadataKey, p::ConsumerGroupPartitionMetadataValue>;
        case p::ConsumerGroupMemberMetadataKey::kRecordType:
            return replay_as<p::ConsumerGroupMemberMetadataKey, p::ConsumerGroupMemberMetadataValue>;
        case p::ConsumerGroupTargetAssignmentMetadataKey::kRecordType:
            return replay_as<p::ConsumerGroupTargetAssignmentMetadataKey, p::ConsumerGroupTargetAssignmentMetadataValue>;
        case p::ConsumerGroupTargetAssignmentMemberKey::kRecordType:
            return replay_as<p::ConsumerGroupTargetAssignmentMemberKey, p::ConsumerGroupTargetAssignmentMemberValue>;
        case p::ConsumerGroupCurrentMemberAssignmentKey::kRecordType:
            return replay_as<p::ConsumerGroupCurrentMemberAssignmentKey, p::ConsumerGroupCurrentMemberAssignmentValue>;
        case p::ConsumerGroupRegularExpressionKey::kRecordType:
            return replay_as<p::ConsumerGroupRegularExpressionKey, p::ConsumerGroupRegularExpressionValue>;
        default:
            return nullptr;
    }
}

}  // namespace

bool ConsumerProtocol::owns(std::int16_t type) { return replay_of(type) != nullptr; }

base::Result<> ConsumerProtocol::replay(std::int16_t type, base::ByteView key, std::optional<base::ByteView> value, const Now&) {
    return replay_of(type)(environment_.groups, key, value);
}

}  // namespace tideline::group
