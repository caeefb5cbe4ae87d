// history/simulated_clients.h: a history as producers, copiers and readers of a simulated log would record it.
//
// For the tests of the checker, and to measure it. One seed gives one history.
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

#include "history/simulated_log.h"

namespace tideline::history {

struct SimulatedRun {
    std::uint64_t seed = 1;
    std::uint64_t operations = 1000;  // about so many
    Damage damage = Damage::none;
};

// Calls `say` with each line of the history. Whether the damage was done: a short run may have no occasion for it.
bool record_simulated(const SimulatedRun& run, const std::function<void(std::string_view)>& say);

}  // namespace tideline::history
