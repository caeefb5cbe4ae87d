// coordinator/types.h: what every step of a coordinator is told: who asks, and what time it is.
//
// Timers and sessions run on the monotonic clock, so that a wall clock that jumps expires nobody. The wall clock is only
// what is written into records: when an offset was committed, when a transaction began.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tideline::coordinator {

// The same type as the runtime's, which the deciding classes do not include.
using Instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
inline constexpr Instant kNever = Instant::max();

struct Now {
    Instant instant{};
    std::int64_t wall_ms = 0;

    // Properties may say "never" by a number that no clock holds: more than thirty years are taken for these.
    static constexpr std::int64_t kFarthestMs = std::int64_t{1} << 40;

    Instant in_ms(std::int64_t milliseconds) const {
        return instant + std::chrono::milliseconds(std::min(milliseconds, kFarthestMs));
    }
};

// A request that waits for its answer. Each is answered exactly once, at once or in a later step.
using Ticket = std::uint64_t;
inline constexpr Ticket kNoTicket = 0;

struct ClientInfo {
    std::string id;    // client.id
    std::string host;  // as Kafka writes it: "/10.0.0.7"
    std::int16_t api_version = 0;
};

}  // namespace tideline::coordinator
