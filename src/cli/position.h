// cli/position.h: where in a partition to start or stop, as --from and --until say it, and what that means here and now.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"
#include "cli/instant.h"

namespace tideline::cli {

struct Position {
    enum class Kind { beginning, end, offset, before_end, time };

    Kind kind = Kind::beginning;
    std::int64_t value = 0;  // an offset, a count of records, or ms since 1970

    friend bool operator==(const Position&, const Position&) = default;
};

// "beginning", "end", "1042", "-20", "@1769854830000", "10m ago", ISO 8601.
Outcome<Position> parse_position(std::string_view text, std::int64_t now_ms, const UtcOffset& utc_offset);

// What is known of a partition when reading starts.
struct PartitionBounds {
    std::int32_t partition = 0;
    std::int64_t earliest = 0;
    std::int64_t latest = 0;
    // The answer of ListOffsets for a time position; -1: no record is that late.
    std::int64_t from_time = -1;
    std::int64_t until_time = -1;
};

// The offsets [start, stop) to read; without stop there is no end.
struct ReadRange {
    std::int32_t partition = 0;
    std::int64_t start = 0;
    std::optional<std::int64_t> stop;

    bool is_empty() const { return stop && *stop <= start; }
    friend bool operator==(const ReadRange&, const ReadRange&) = default;
};

// `until` unset: the end as it is now, or with `follow` none. Appends a sentence to `warnings` for an offset that
// the partition does not have.
ReadRange resolve(const PartitionBounds& bounds, const Position& from, const std::optional<Position>& until, bool follow,
                  std::vector<std::string>& warnings);

}  // namespace tideline::cli
