// simulation/history.h: what a broker has promised its clients, and whether it keeps to it.
//
// Knows nothing of logs and files, only of what was sent, acknowledged, read and asked for. Every record is one of a kind, so
// that the same bytes at two offsets, or other bytes at one, prove something:
//   - what acks=all acknowledged, or a consumer has read, stays at its offset with its bytes until it is deleted;
//   - a record of an idempotent producer is there once, behind those that its producer sent before;
//   - high watermarks never go back; log starts only when the machine lost power;
//   - what was deleted was meant to be: by DeleteRecords, by retention where that is on, with its topic.
// A promise broken is a line in violations(); what it is about is written so that a person finds it in the trace.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "log/types.h"
#include "record/record.h"

namespace tideline::simulation {

using log::Offset;

// The value of a record that takes long to validate; a batch with one is validated where that holds up nobody else, if its topic compresses.
inline constexpr std::size_t kBulkyBytes = 130 * 1024;

struct RecordId {
    std::uint32_t producer = 0;
    std::uint32_t number = 0;  // odd: a bulky record

    friend auto operator<=>(const RecordId&, const RecordId&) = default;
};

struct PartitionId {
    base::Uuid topic;
    std::int32_t partition = 0;

    friend auto operator<=>(const PartitionId&, const PartitionId&) = default;
};

// The content follows from the id.
std::string value_of(RecordId id);
std::optional<std::string> key_of(RecordId id);

class History {
public:
    // --- what clients do ---
    void sending(const PartitionId& partition, RecordId id, bool is_idempotent);
    // DeleteRecords up to there was asked for (-1: up to wherever the high watermark is).
    void deleting_before(const PartitionId& partition, Offset offset);
    void retention_may_delete(const base::Uuid& topic) { expiring_.insert(topic); }
    void power_lost();

    // --- what clients see ---
    void acknowledged(const PartitionId& partition, Offset base, const std::vector<RecordId>& ids);
    void read(const PartitionId& partition, const record::Record& record);
    // Answers overtake each other: one is held against what had been seen when its request left.
    struct Seen {
        Offset high_watermark = 0;
        Offset log_start = 0;
        std::uint64_t power_losses = 0;
    };
    Seen seen(const PartitionId& partition) const;
    void saw_high_watermark(const PartitionId& partition, Offset offset, const Seen& before);
    void saw_log_start(const PartitionId& partition, Offset offset, const Seen& before);

    // All there is, at rest: offset by offset from the log start to the high watermark.
    void found(const PartitionId& partition, Offset log_start, Offset high_watermark, const std::set<Offset>& offsets);

    void violated(std::string what);
    // Hears of each violation at its moment, so that it stands in the trace.
    void report_to(std::function<void(const std::string&)> listener) { listener_ = std::move(listener); }
    const std::vector<std::string>& violations() const { return violations_; }
    std::uint64_t power_losses() const { return power_losses_; }
    // Whether anything but a client's own fault may have made the broker forget a producer.
    bool may_have_lost_head(const PartitionId& partition) const;
    std::size_t promised_records() const;

private:
    struct Sent {
        PartitionId partition;
        bool is_idempotent = false;
        Offset at = log::kNoOffset;  // where it was first promised
    };
    struct Partition {
        std::map<Offset, RecordId> promised;
        Offset high_watermark = 0;
        Offset log_start = 0;
        Offset deleted_before = 0;
    };
    void promise(const PartitionId& partition, Offset offset, RecordId id);
    void check_order(const PartitionId& id, const Partition& partition);

    std::map<RecordId, Sent> sent_;
    std::map<PartitionId, Partition> partitions_;
    std::set<base::Uuid> expiring_;
    std::uint64_t power_losses_ = 0;
    std::vector<std::string> violations_;
    std::function<void(const std::string&)> listener_ = [](const std::string&) {};
};

std::string to_string(const PartitionId& partition);

}  // namespace tideline::simulation
