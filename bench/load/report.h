// load/report.h: what a run prints: one line of JSON.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tideline::load {

// How long the run took, and how much of that this thread computed: near 1, the generator was the bottleneck.
class Stopwatch {
public:
    Stopwatch();
    double seconds() const;
    double busy() const;

private:
    std::int64_t wall_ns_;
    std::int64_t cpu_ns_;
};

struct Totals {
    std::int64_t requests = 0;
    std::int64_t records = 0;
    std::int64_t bytes = 0;  // of record batches
    std::int64_t transactions = 0;
    std::int64_t retries = 0;
};

// `latencies_ns` may be empty; it is sorted.
void print_report(const Totals& totals, const Stopwatch& watch, std::vector<std::int64_t>& latencies_ns);

}  // namespace tideline::load
