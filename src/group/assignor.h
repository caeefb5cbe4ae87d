// group/assignor.h: who gets which partitions of a consumer group (KIP-848's server side assignors).
//
// An assignor is a function of members, what they subscribe to and what they were assigned so far. It gives every partition of a
// topic that somebody subscribes to exactly one owner among its subscribers. Like Kafka's own, none looks at racks.
//   uniform  as even as the subscriptions allow, and moves as little as that permits (uniform_assignor.h)
//   range    contiguous ranges of each topic, the same numbers of every topic where that is possible (range_assignor.h)
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "group/assignment.h"

namespace tideline::group {

// A view of one member; what it points at outlives the call of the assignor.
struct AssignorMember {
    std::string_view member_id;
    std::optional<std::string_view> instance_id;
    const std::vector<Uuid>* topics = nullptr;  // those it subscribes to that exist; ascending
    const Assignment* assigned = nullptr;       // so far; may hold what it no longer subscribes to
};

struct AssignorInput {
    std::vector<AssignorMember> members;  // in the order of their ids
    bool homogeneous = true;              // all members subscribe to the same topics
    std::unordered_map<Uuid, std::int32_t> partition_counts;  // of every topic that a member subscribes to
};

struct Assignor {
    std::string_view name;
    // One assignment for each member, in the order of the input.
    std::vector<Assignment> (*assign)(const AssignorInput& input);
};

// Kafka's, in the order of the default of `group.consumer.assignors`: the first is the default of a group.
std::span<const Assignor> assignors();

// nullptr when there is none of that name.
const Assignor* find_assignor(std::string_view name);

}  // namespace tideline::group
