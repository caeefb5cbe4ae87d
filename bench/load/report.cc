#include "load/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "load/client.h"

namespace tideline::load {

namespace {

constexpr double kNsPerSecond = 1e9;
constexpr double kNsPerMs = 1e6;

// The smallest latency that `share` of them do not exceed.
double percentile_ms(const std::vector<std::int64_t>& sorted, double share) {
    auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]) / kNsPerMs;
}

}  // namespace

Stopwatch::Stopwatch() : wall_ns_(monotonic_ns()), cpu_ns_(thread_cpu_ns()) {}

double Stopwatch::seconds() const { return static_cast<double>(monotonic_ns() - wall_ns_) / kNsPerSecond; }

double Stopwatch::busy() const {
    return static_cast<double>(thread_cpu_ns() - cpu_ns_) / static_cast<double>(monotonic_ns() - wall_ns_);
}

void print_report(const Totals& totals, const Stopwatch& watch, std::vector<std::int64_t>& latencies_ns) {
    std::printf(R"({"requests": %lld, "records": %lld, "bytes": %lld, "transactions": %lld, "retries": %lld, "seconds": %.6f, "busy": %.4f)",
                static_cast<long long>(totals.requests), static_cast<long long>(totals.records),
                static_cast<long long>(totals.bytes), static_cast<long long>(totals.transactions),
                static_cast<long long>(totals.retries), watch.seconds(), watch.busy());
    if (!latencies_ns.empty()) {
        std::ranges::sort(latencies_ns);
        std::printf(R"(, "p50_ms": %.4f, "p99_ms": %.4f, "p999_ms": %.4f, "max_ms": %.4f)", percentile_ms(latencies_ns, 0.5),
                    percentile_ms(latencies_ns, 0.99), percentile_ms(latencies_ns, 0.999), percentile_ms(latencies_ns, 1.0));
    }
    std::printf("}\n");
}

}  // namespace tideline::load
