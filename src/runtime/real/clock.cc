#include "runtime/real/clock.h"

#include <sys/random.h>
#include <time.h>

namespace tideline::runtime::real {

std::int64_t wall_clock_ms() {
    timespec now{};
    TL_CHECK(::clock_gettime(CLOCK_REALTIME, &now) == 0);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

Instant monotonic_now() { return std::chrono::steady_clock::now(); }

std::uint64_t system_random() {
    std::uint64_t bits = 0;
    TL_CHECK(::getrandom(&bits, sizeof bits, 0) == sizeof bits);
    return bits;
}

}  // namespace tideline::runtime::real
