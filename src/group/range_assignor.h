// group/range_assignor.h: contiguous ranges of each topic.
//
// Members stand in the order of their instance ids, those without behind them in the order of their member ids, and share each
// topic they subscribe to in that order; the first ones get one partition more where it does not divide. Members with the same
// subscriptions get the same numbers of topics of the same size. It does not look at what was assigned before.
#pragma once

#include <vector>

#include "group/assignor.h"

namespace tideline::group {

std::vector<Assignment> assign_range(const AssignorInput& input);

}  // namespace tideline::group
