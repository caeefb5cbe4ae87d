// cli/instant.h: points in time as people write them; milliseconds since 1970 inside.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tideline::cli {

// Seconds that local time is ahead of UTC when the local clock shows `local_seconds`.
using UtcOffset = std::function<std::int64_t(std::int64_t local_seconds)>;

// ISO 8601: 2026-01-31, 2026-01-31T10:20, …T10:20:30, …30.123, each with Z, +01:00, +0100 or nothing (local time).
// A blank may stand for the T. nullopt when it is something else or no such day.
std::optional<std::int64_t> parse_iso8601(std::string_view text, const UtcOffset& utc_offset);

// "90s", "10m", "1h30m", "2d", "1w", "500ms" in milliseconds; nullopt when it is something else.
std::optional<std::int64_t> parse_duration_ms(std::string_view text);

// "2026-01-31T10:20:30.123Z"
std::string format_iso8601(std::int64_t ms);

}  // namespace tideline::cli
