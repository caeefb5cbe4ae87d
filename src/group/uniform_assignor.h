// group/uniform_assignor.h: even shares that stay where they are.
//
// Balance comes first, then staying. Where all members subscribe to the same topics, the sizes of two assignments differ by at most
// one. Otherwise each topic is given to its least loaded subscribers, and partitions are then moved from the most to the
// least loaded subscribers of a topic, until that improves nothing or the rounds are over (kBalanceRoundsMax).
#pragma once

#include <vector>

#include "group/assignor.h"

namespace tideline::group {

// Enough where subscriptions are alike; overlapping ones of all kinds could go on for long, each round with less effect.
inline constexpr int kBalanceRoundsMax = 16;

std::vector<Assignment> assign_uniform(const AssignorInput& input);

}  // namespace tideline::group
