// simulation/isolated_fetch.h: one fetch of one partition as a client of either isolation reads it: without markers, and committed readers
// without what was aborted.
//
// Shard:  that of the clients.
#pragma once

#include "simulation/stage.h"

namespace tideline::simulation {

enum class Isolation : std::int8_t { uncommitted = 0, committed = 1 };
std::string_view name_of(Isolation isolation);  // "read_committed"

struct IsolatedRead {
    std::vector<std::pair<Offset, std::string>> records;
    Offset next = 0;  // where to go on
    Offset high_watermark = -1;
    Offset last_stable = -1;
    std::int64_t asked = 0;  // a moment of the recorder
};

// nullopt: no answer, or one that says to come again. Notes what was read as the poll of `consumer` in `process`.
struct Reading {
    std::string process;
    std::string consumer;
    std::string topic;
    base::Uuid topic_id;
    std::int32_t partition = 0;
    Isolation isolation = Isolation::committed;
    Offset position = 0;
    std::int32_t bytes_max = 1 << 20;
    std::int32_t max_wait_ms = 0;
};
Task<std::optional<IsolatedRead>> read_isolated(Stage& stage, ClientLink& link, runtime::Random& random, Reading reading);

}  // namespace tideline::simulation
