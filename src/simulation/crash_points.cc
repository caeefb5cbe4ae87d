#include "simulation/crash_points.h"

#include <fmt/format.h>

namespace tideline::simulation {

using runtime::sim::CrashPolicy;
using runtime::sim::kCrashPolicies;
using PowerCut = SimulationOptions::PowerCut;

namespace {

// A start of a few small partitions makes about as many.
constexpr std::uint64_t kOperationsOfAStart = 47;

std::uint64_t chances_of(CrashPolicy policy) {
    switch (policy) {
        case CrashPolicy::keep_prefix: return 3;
        case CrashPolicy::keep_subset: return 8;
        default: return 1;
    }
}

std::uint64_t operations_of(std::uint64_t day, DayOf kind) {
    return simulate({.seed = day, .fair_day = whole_day(kind), .trace = nullptr}).file_operations;
}

// Every third is followed by another one, at an operation that goes round.
std::uint64_t second_cut_of(std::uint64_t number) { return number % 3 == 0 ? 1 + number % kOperationsOfAStart : 0; }

}  // namespace

PowerCut whole_day(DayOf kind) { return {.has_transactions = kind == DayOf::transactions}; }

std::vector<PowerCut> crash_points(std::uint64_t day, DayOf kind) {
    std::vector<PowerCut> cuts;
    std::uint64_t operations = operations_of(day, kind);
    for (std::uint64_t at = 1; at <= operations; ++at) {
        for (CrashPolicy policy : kCrashPolicies) {
            for (std::uint64_t luck = 0; luck < chances_of(policy); ++luck) {
                cuts.push_back({.at = at,
                                .policy = policy,
                                .luck = luck,
                                .second_cut_at = second_cut_of(cuts.size()),
                                .has_transactions = kind == DayOf::transactions});
            }
        }
    }
    return cuts;
}

std::vector<PowerCut> some_crash_points(std::uint64_t day, DayOf kind) {
    std::vector<PowerCut> cuts;
    std::uint64_t operations = operations_of(day, kind);
    for (std::uint64_t at = 1; at <= operations; ++at) {
        cuts.push_back({.at = at,
                        .policy = kCrashPolicies[at % std::size(kCrashPolicies)],
                        .luck = at,
                        .second_cut_at = second_cut_of(at),
                        .has_transactions = kind == DayOf::transactions});
    }
    return cuts;
}

std::string to_string(const PowerCut& cut) {
    return fmt::format("{}{}/{}/{}/{}", cut.has_transactions ? "t" : "", cut.at, static_cast<int>(cut.policy), cut.luck, cut.second_cut_at);
}

}  // namespace tideline::simulation
