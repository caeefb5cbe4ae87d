// simulation/consumer.h: a simulated consumer: long polls, fetch sessions, and a look at everything that comes.
#pragma once

#include "simulation/stage.h"

namespace tideline::simulation {

// Reads one topic after another until the storm is over, then one to its end once no producer runs.
Task<void> run_consumer(Stage& stage, std::uint64_t seed);

// Reads all that is in every live topic and lets the history judge it (History::found). Needs everything to be at rest.
Task<void> read_everything(Stage& stage, std::uint64_t seed);

}  // namespace tideline::simulation
