// runtime/real/clock.h: the system's clocks and its source of randomness.
#pragma once

#include <cstdint>

#include "runtime/shard.h"

namespace tideline::runtime::real {

std::int64_t wall_clock_ms();      // milliseconds since 1970, UTC; any thread
Instant monotonic_now();           // any thread
std::uint64_t system_random();     // 64 bits from the kernel

}  // namespace tideline::runtime::real
