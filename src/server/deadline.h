// server/deadline.h: times from now that properties say in milliseconds.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "runtime/shard.h"

namespace tideline::server {

// A property may say "never" by a number that no clock holds: more than thirty years are taken for these.
inline runtime::Duration duration_of_ms(std::int64_t milliseconds) {
    constexpr std::int64_t kFarthestMs = std::int64_t{1} << 40;
    return std::chrono::milliseconds(std::min(milliseconds, kFarthestMs));
}

}  // namespace tideline::server
