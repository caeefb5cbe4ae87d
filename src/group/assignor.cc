#include "group/assignor.h"

#include <algorithm>
#include <array>

#include "group/range_assignor.h"
#include "group/uniform_assignor.h"

namespace tideline::group {

namespace {

constexpr std::array kAssignors{
    Assignor{.name = "uniform", .assign = assign_uniform},
    Assignor{.name = "range", .assign = assign_range},
};

}  // namespace

std::span<const Assignor> assignors() { return kAssignors; }

const Assignor* find_assignor(std::string_view name) {
    const auto* found = std::ranges::find(kAssignors, name, &Assignor::name);
    return found == kAssignors.end() ? nullptr : found;
}

}  // namespace tideline::group
