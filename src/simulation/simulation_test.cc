// What a simulation must be before its findings count; scripts/simulate runs the seeds.
#include "simulation/simulation.h"

#include <gtest/gtest.h>

namespace tideline::simulation {
namespace {

TEST(Simulation, TakesTheSameTurnsForTheSameSeed) {
    for (std::uint64_t seed : {3, 4, 5}) {
        EXPECT_EQ(simulate({.seed = seed}).trace_hash, simulate({.seed = seed}).trace_hash) << "seed " << seed;
        EXPECT_NE(simulate({.seed = seed}).trace_hash, simulate({.seed = seed + 100}).trace_hash);
    }
}

}  // namespace
}  // namespace tideline::simulation
