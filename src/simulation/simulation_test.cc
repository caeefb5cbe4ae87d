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
    std::size_t commits = 0;
    std::size_t assignments = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        SimulationResult result = simulate({.seed = seed});
        EXPECT_TRUE(result.violations.empty()) << "seed " << seed << "\n" << complaints(result);
        promised += result.promised_records;
        commits += result.commits;
        assignments += result.assignments;
    }
    EXPECT_GT(promised, kSeeds);
    EXPECT_GT(commits, kSeeds);
    EXPECT_GT(assignments, kSeeds);
}

void expect_survival_of_cuts(std::uint64_t day, DayOf kind) {
    SimulationResult whole = simulate({.seed = day, .fair_day = whole_day(kind)});
    ASSERT_TRUE(whole.violations.empty()) << complaints(whole);
    EXPECT_EQ(whole.transactions > 0, kind == DayOf::transactions);
    EXPECT_EQ(whole.commits > 0 && whole.assignments > 0, kind == DayOf::groups);
    std::vector<SimulationOptions::PowerCut> cuts = some_crash_points(day, kind);
    ASSERT_GT(cuts.size(), 100u);
    for (const SimulationOptions::PowerCut& cut : cuts) {
        SimulationResult result = simulate({.seed = day, .fair_day = cut});
        EXPECT_TRUE(result.violations.empty()) << "seed " << day << " --cut " << to_string(cut) << "\n" << complaints(result);
    }
}

TEST(Simulation, SurvivesAPowerCutAtEveryFileOperation) { expect_survival_of_cuts(2, DayOf::records); }

TEST(Simulation, KeepsWhatGroupsCommittedAfterAPowerCutAtAnyStepOfThem) { expect_survival_of_cuts(2, DayOf::groups); }

TEST(Simulation, EndsEveryTransactionAfterAPowerCutAtAnyStepOfIt) { expect_survival_of_cuts(2, DayOf::transactions); }

TEST(PowerCut, IsReadAsItIsWritten) {
    for (DayOf day : kDays) {
        SimulationOptions::PowerCut cut{.at = 34, .policy = runtime::sim::CrashPolicy::keep_subset, .luck = 7, .second_cut_at = 12, .day = day};
        auto read = parse_power_cut(to_string(cut));
        ASSERT_TRUE(read) << to_string(cut);
        EXPECT_EQ(to_string(*read), to_string(cut));
        EXPECT_EQ(read->day, day);
    }
    for (std::string_view text : {"", "34", "34/9/1/12", "x34/3/1/12", "34/3/1/12 "}) {
        EXPECT_FALSE(parse_power_cut(text)) << text;
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
