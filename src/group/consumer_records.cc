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

constexpr std::int16_t kVersion = 0;  // of all these values

template <class Key>
Key key_of_group(const std::string& group_id) {
    Key key;
    key.group_id = group_id;
    return key;
}

template <class Key>
Key key_of_member(const std::string& group_id, const std::string& member_id) {
    Key key;
    key.group_id = group_id;
    key.member_id = member_id;
    return key;
}

protocol::ConsumerGroupRegularExpressionKey key_of_regex(const std::string& group_id, const std::string& regex) {
    auto key = key_of_group<protocol::ConsumerGroupRegularExpressionKey>(group_id);
    key.regular_expression = regex;
    return key;
}

}  // namespace

Record group_epoch_record(const std::string& group_id, std::int32_t epoch, std::uint64_t metadata_hash) {
    protocol::ConsumerGroupMetadataValue value;
    value.epoch = epoch;
    value.metadata_hash = static_cast<std::int64_t>(metadata_hash);
    return make_record(key_of_group<protocol::ConsumerGroupMetadataKey>(group_id), value, kVersion);
}

Record member_metadata_record(const std::string& group_id, const std::string& member_id, const MemberMetadata& metadata) {
    return make_record(key_of_member<protocol::ConsumerGroupMemberMetadataKey>(group_id, member_id), metadata, kVersion);
}

Record current_assignment_record(const std::string& group_id, const std::string& member_id, const CurrentAssignment& current) {
    using Value = protocol::ConsumerGroupCurrentMemberAssignmentValue;
    Value value;
    value.member_epoch = current.epoch;
    value.previous_member_epoch = current.previous_epoch;
    value.state = static_cast<std::int8_t>(current.state);
    value.assigned_partitions = from_assignment<Value::TopicPartitions>(current.assigned);
    value.partitions_pending_revocation = from_assignment<Value::TopicPartitions>(current.pending_revocation);
    return make_record(key_of_member<protocol::ConsumerGroupCurrentMemberAssignmentKey>(group_id, member_id), value, kVersion);
}

Record target_assignment_record(const std::string& group_id, const std::string& member_id, const Assignment& target) {
    using Value = protocol::ConsumerGroupTargetAssignmentMemberValue;
    Value value;
    value.topic_partitions = from_assignment<Value::TopicPartition>(target);
    return make_record(key_of_member<protocol::ConsumerGroupTargetAssignmentMemberKey>(group_id, member_id), value, kVersion);
}

Record assignment_epoch_record(const std::string& group_id, std::int32_t epoch) {
    protocol::ConsumerGroupTargetAssignmentMetadataValue value;
    value.assignment_epoch = epoch;
    return make_record(key_of_group<protocol::ConsumerGroupTargetAssignmentMetadataKey>(group_id), value, kVersion);
}

Record regex_record(const std::string& group_id, const std::string& regex, const ResolvedRegex& resolved) {
    protocol::ConsumerGroupRegularExpressionValue value;
    value.topics = resolved.topics;
    value.version = resolved.version;
    value.timestamp = resolved.timestamp_ms;
    return make_record(key_of_regex(group_id, regex), value, kVersion);
}

Record group_epoch_tombstone(const std::string& group_id) {
    return tombstone(key_of_group<protocol::ConsumerGroupMetadataKey>(group_id));
}

Record member_metadata_tombstone(const std::string& group_id, const std::string& member_id) {
    return tombstone(key_of_member<protocol::ConsumerGroupMemberMetadataKey>(group_id, member_id));
}

Record current_assignment_tombstone(const std::string& group_id, const std::string& member_id) {
    return tombstone(key_of_member<protocol::ConsumerGroupCurrentMemberAssignmentKey>(group_id, member_id));
}

Record target_assignment_tombstone(const std::string& group_id, const std::string& member_id) {
    return tombstone(key_of_member<protocol::ConsumerGroupTargetAssignmentMemberKey>(group_id, member_id));
}

Record assignment_epoch_tombstone(const std::string& group_id) {
    return tombstone(key_of_group<protocol::ConsumerGroupTargetAssignmentMetadataKey>(group_id));
}

Record regex_tombstone(const std::string& group_id, const std::string& regex) {
    return tombstone(key_of_regex(group_id, regex));
}

Record partition_metadata_tombstone(const std::string& group_id) {
    return tombstone(key_of_group<protocol::ConsumerGroupPartitionMetadataKey>(group_id));
}

}  // namespace tideline::group
