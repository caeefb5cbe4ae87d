#include "simulation/crash_points.h"

#include <fmt/format.h>

#include <charconv>

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

std::string_view prefix_of(DayOf day) {
    switch (day) {
        case DayOf::records: return "";
        case DayOf::groups: return "g";
        case DayOf::transactions: return "t";
    }
    return "";
}

}  // namespace

PowerCut whole_day(DayOf kind) { return {.day = kind}; }

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
                                .day = kind});
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
                        .day = kind});
    }
    return cuts;
}

std::string to_string(const PowerCut& cut) {
    return fmt::format("{}{}/{}/{}/{}", prefix_of(cut.day), cut.at, static_cast<int>(cut.policy), cut.luck, cut.second_cut_at);
}

std::optional<PowerCut> parse_power_cut(std::string_view text) {
    PowerCut cut;
    for (DayOf day : kDays) {
        std::string_view prefix = prefix_of(day);
        if (!prefix.empty() && text.starts_with(prefix)) {
            cut.day = day;
            text.remove_prefix(prefix.size());
        }
    }
    std::uint64_t policy = 0;
    for (std::uint64_t* each : {&cut.at, &policy, &cut.luck, &cut.second_cut_at}) {
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *each);
        if (error != std::errc()) {
            return std::nullopt;
        }
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        text.remove_prefix(text.starts_with('/') ? 1 : 0);
    }
    if (!text.empty() || policy >= std::size(kCrashPolicies)) {
        return std::nullopt;
    }
    cut.policy = kCrashPolicies[policy];
    return cut;
}

}  // namespace tideline::simulation
