// simulation/simulation.h: one seed: a broker, its clients, what befalls them, and whether every promise was kept.
//
// A storm first, in which anything may fail: power cuts at any file operation (also while the broker recovers from one), syncs
// and writes that fail, full and slow disks, broken connections, jumping clocks, restarts with another configuration. Then
// calm: everything must succeed within bounded time, and what was promised must be there, after one more clean restart too. Clients
// of transactions record what they did, and the checker of history/ judges it.
// Thread:  one simulation at a time in a process: it takes over the log sink and the log clock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/sim/files.h"

namespace tideline::simulation {

// What happens on a fair day: records are produced and topics change, members of groups come and go, or transactions do.
enum class DayOf : std::uint8_t { records, groups, transactions };

struct SimulationOptions {
    std::uint64_t seed = 1;
    // Instead of a storm: a fair day, in which power is lost at this file operation and, when `second_cut_at` is set, again at
    // that operation of the start after it.
    struct PowerCut {
        std::uint64_t at = 0;  // 0: never
        runtime::sim::CrashPolicy policy = runtime::sim::CrashPolicy::drop_unsynced;
        std::uint64_t luck = 0;  // what the policy leaves to chance
        std::uint64_t second_cut_at = 0;
        DayOf day = DayOf::records;
    };
    std::optional<PowerCut> fair_day;
    std::function<void(std::string_view line)> trace;  // what happens, line by line
};

struct SimulationResult {
    std::vector<std::string> violations;
    std::uint64_t trace_hash = 0;
    std::uint64_t file_operations = 0;  // until the calm: of the storm, or of the day
    std::uint64_t lives = 0;
    std::size_t promised_records = 0;
    std::size_t transactions = 0;
    std::size_t commits = 0;      // of offsets, acknowledged
    std::size_t assignments = 0;  // of a partition to a member in some epoch
};

SimulationResult simulate(const SimulationOptions& options);

}  // namespace tideline::simulation
