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

void expect_survival_of_cuts(std::uint64_t day, DayOf kind) {
    SimulationResult whole = simulate({.seed = day, .fair_day = whole_day(kind)});
    ASSERT_TRUE(whole.violations.empty()) << complaints(whole);
    EXPECT_EQ(whole.transactions > 0, kind == DayOf::transactions);
    std::vector<SimulationOptions::PowerCut> cuts = some_crash_points(day, kind);
    ASSERT_GT(cuts.size(), 100u);
    for (const SimulationOptions::PowerCut& cut : cuts) {
        SimulationResult result = simulate({.seed = day, .fair_day = cut});
        EXPECT_TRUE(result.violations.empty()) << "seed " << day << " --cut " << to_string(cut) << "\n" << complaints(result);
    }
}

TEST(Simulation, SurvivesAPowerCutAtEveryFileOperation) { expect_survival_of_cuts(2, DayOf::records); }

TEST(Simulation, EndsEveryTransactionAfterAPowerCutAtAnyStepOfIt) { expect_survival_of_cuts(2, DayOf::transactions); }

TEST(Simulation, TakesTheSameTurnsForTheSameSeed) {
    for (std::uint64_t seed : {3, 4, 5}) {
        EXPECT_EQ(simulate({.seed = seed}).trace_hash, simulate({.seed = seed}).trace_hash) << "seed " << seed;
        EXPECT_NE(simulate({.seed = seed}).trace_hash, simulate({.seed = seed + 100}).trace_hash);
    }
}

}  // namespace
}  // namespace tideline::simulation
