// group/consumer_changes.h: changes of a consumer group: each is a record and what it does, both at once.
//
// So a group that lived and one that was replayed from its records are the same.
#pragma once

#include <string>

#include "group/consumer_group.h"
#include "group/effects.h"

namespace tideline::group {

class ConsumerChanges {
public:
    // Both are borrowed.
    ConsumerChanges(ConsumerGroup& group, Effects& out) : group_(group), out_(out) {}

    void set_epoch(std::int32_t epoch, std::uint64_t metadata_hash);
    void set_metadata(const std::string& member_id, const MemberMetadata& metadata);
    void set_current(const std::string& member_id, const CurrentAssignment& current);
    void set_target(const std::string& member_id, const Assignment& target);
    void set_assignment_epoch(std::int32_t epoch);
    void set_resolved(const std::string& regex, const ResolvedRegex& resolved);
    void remove_resolved(const std::string& regex);
    void remove_partition_metadata();
    // The three tombstones of a member, in Kafka's order.
    void remove_member(const std::string& member_id);

private:
    ConsumerGroup& group_;
    Effects& out_;
};

}  // namespace tideline::group
