// cli/group/reset_plan.h: where a reset would take a group, partition by partition, and what that would mean.
//
// Plain values: group_reset.cc asks the brokers, this decides.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/group/group_view.h"
#include "cli/instant.h"
#include "cli/options.h"

namespace tideline::cli {

struct ResetTarget {
    enum class Kind { earliest, latest, current, offset, shift, time, file };

    Kind kind = Kind::latest;
    std::int64_t value = 0;  // an offset, a count of records, or ms since 1970

    friend bool operator==(const ResetTarget&, const ResetTarget&) = default;
};

// Exactly one of the options that say where to go; durations count back from `now_ms`.
Outcome<ResetTarget> reset_target(const GroupResetOptions& options, std::int64_t now_ms, const UtcOffset& utc_offset);

struct ResetStep {
    PartitionView now;
    std::optional<std::int64_t> target;  // none: the offset is deleted
    std::optional<std::int64_t> first_ms;  // timestamps of the records that are read again or skipped
    std::optional<std::int64_t> last_ms;
    std::optional<std::int64_t> size_bytes;  // of the whole partition, on its leader's disk

    // Records that would be read again, and that would never be read.
    std::int64_t again() const;
    std::int64_t skipped() const;
    // About how many bytes `records` of this partition take: Kafka tells the size of the whole only.
    std::optional<std::int64_t> bytes_of(std::int64_t records) const;
    // The offsets both are about: [first, last).
    std::int64_t first() const;
    std::int64_t last() const;

private:
    std::int64_t from() const;
};

// What all steps together mean; bytes are there when they are known for each partition that has records to count.
struct ResetSum {
    std::int64_t again = 0;
    std::int64_t skipped = 0;
    std::int64_t lost = 0;
    std::optional<std::int64_t> again_bytes = 0;
    std::optional<std::int64_t> skipped_bytes = 0;
    std::optional<std::int64_t> first_ms;
    std::optional<std::int64_t> last_ms;
};
ResetSum sum_of(const std::vector<ResetStep>& steps);

// `asked` is the answer of ListOffsets for a time target, or what a file says; -1 is none. The result is always an
// offset the partition has. Nothing to count from, for `current` and `shift`, is a failure.
Outcome<std::optional<std::int64_t>> target_offset(const PartitionView& now, const ResetTarget& target,
                                                   std::int64_t asked);

// Lines "topic,partition,offset", as kafka-consumer-groups --export writes them, or with the group before; -1 as the
// offset deletes it.
Outcome<GroupOffsets> parse_offsets_file(std::string_view text, std::string_view file);
std::string offsets_file(const std::vector<ResetStep>& steps, const GroupOffsets& committed);

// "orders.20260131T102030Z.offsets.csv"; what is no part of a file name becomes "_".
std::string default_offsets_file(std::string_view group, std::int64_t now_ms);

}  // namespace tideline::cli
