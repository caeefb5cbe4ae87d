// simulation/crash_points.h: power lost at every file operation of a fair day, in every way in which a disk may lose what it was told.
//
// A day is a simulation without other faults (SimulationOptions::PowerCut), so that its file operations can be counted and the day be
// replayed up to any of them. At each: nothing unsynced survives; all of it does (the process died); three prefixes; eight subsets;
// a torn last write. After every third of these cuts the start that follows is cut short, too.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/simulation.h"

namespace tideline::simulation {

// The day with this seed, without a cut.
SimulationOptions::PowerCut whole_day(DayOf kind);
// Its cuts; runs it once to count. A violation in the whole day is the caller's to look for.
std::vector<SimulationOptions::PowerCut> crash_points(std::uint64_t day, DayOf kind);
// The same, each operation once: policies and second cuts go round. For tests that must be quick.
std::vector<SimulationOptions::PowerCut> some_crash_points(std::uint64_t day, DayOf kind);

inline constexpr DayOf kDays[] = {DayOf::records, DayOf::groups, DayOf::transactions};

// "34/3/1/12", with a "g" before it on a day of groups and a "t" on one of transactions.
std::string to_string(const SimulationOptions::PowerCut& cut);
// nullopt: the text is something else.
std::optional<SimulationOptions::PowerCut> parse_power_cut(std::string_view text);

}  // namespace tideline::simulation
