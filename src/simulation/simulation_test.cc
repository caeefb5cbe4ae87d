// Seeds and crash points that are run with every build; scripts/simulate runs many more of them.
#include "simulation/simulation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "simulation/crash_points.h"

namespace tideline::simulation {
namespace {

std::string complaints(const SimulationResult& result) { return fmt::format("{}", fmt::join(result.violations, "\n")); }

TEST(Simulation, KeepsEveryPromiseWhateverFails) {
    constexpr std::uint64_t kSeeds = 60;
    std::size_t promised = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        SimulationResult result = simulate({.seed = seed});
        EXPECT_TRUE(result.violations.empty()) << "seed " << seed << "\n" << complaints(result);
        promised += result.promised_records;
    }
    EXPECT_GT(promised, kSeeds);
}

TEST(Simulation, SurvivesAPowerCutAtEveryFileOperation) {
    constexpr std::uint64_t kDay = 2;
    SimulationResult whole = simulate({.seed = kDay, .fair_day = SimulationOptions::PowerCut{}});
    ASSERT_TRUE(whole.violations.empty()) << complaints(whole);
    std::vector<SimulationOptions::PowerCut> cuts = some_crash_points(kDay);
    ASSERT_GT(cuts.size(), 100u);
    for (const SimulationOptions::PowerCut& cut : cuts) {
        SimulationResult result = simulate({.seed = kDay, .fair_day = cut});
        EXPECT_TRUE(result.violations.empty()) << "seed " << kDay << " --cut " << to_string(cut) << "\n" << complaints(result);
    }
}

TEST(Simulation, TakesTheSameTurnsForTheSameSeed) {
    for (std::uint64_t seed : {3, 4, 5}) {
        EXPECT_EQ(simulate({.seed = seed}).trace_hash, simulate({.seed = seed}).trace_hash) << "seed " << seed;
        EXPECT_NE(simulate({.seed = seed}).trace_hash, simulate({.seed = seed + 100}).trace_hash);
    }
}

}  // namespace
}  // namespace tideline::simulation
