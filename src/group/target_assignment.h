// group/target_assignment.h: who of a consumer group should own what, computed anew.
#pragma once

#include <map>
#include <string>

#include "group/assignor.h"
#include "group/consumer_group.h"
#include "group/topics.h"

namespace tideline::group {

// Member id → what it should own, for every member of the group.
std::map<std::string, Assignment> compute_targets(const ConsumerGroup& group, const Topics& topics, const Assignor& assignor);

}  // namespace tideline::group
