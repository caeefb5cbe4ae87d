// history/event.h: one line of a recorded history, field by field. README.md tells which event has which fields.
//
// Views point into the line that was parsed.
#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tideline::history {

struct Event {
    static constexpr std::int64_t kAbsent = std::numeric_limits<std::int64_t>::min();

    struct ReadRecord {
        std::int64_t offset;
        std::string_view value;
        bool is_intact;
    };
    struct PartitionOffset {
        std::string_view partition;
        std::int64_t offset;
    };

    std::string_view event, name, producer, consumer, partition, value, outcome, action, transactional_id, group, isolation;
    std::int64_t id, at, asked, offset, position, next, high_watermark, last_stable, end, leader_epoch, producer_id, epoch,
        transaction_timeout_ms, grace_ms;
    bool is_final, makes_outputs;
    PartitionOffset from;  // no partition: made from nothing
    std::vector<ReadRecord> records;
    std::vector<PartitionOffset> offsets;
    std::vector<std::string_view> partitions;

    // Takes over what the line says and forgets what was there. Fields it does not know are passed over.
    base::Result<> parse(std::span<char> line);
};

}  // namespace tideline::history
