// record/build.h: makes record batches as Kafka's own builder does, down to the bytes where the codec allows.
//
//   BatchBuilder builder({.base_offset = 42, .leader_epoch = 3});
//   builder.add(now_ms, key, value);
//   Bytes batch = builder.finish();
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "record/batch.h"
#include "record/record.h"

namespace tideline::record {

struct BatchOptions {
    std::int64_t base_offset = 0;
    std::int32_t leader_epoch = kNoLeaderEpoch;
    CompressionType compression = CompressionType::none;
    std::optional<std::int32_t> level;  // the codec's default if unset
    TimestampType timestamp_type = TimestampType::create_time;
    std::int64_t log_append_time_ms = kNoTimestamp;  // with log_append_time: the batch's one timestamp
    std::int64_t producer_id = kNoProducerId;
    std::int16_t producer_epoch = kNoProducerEpoch;
    std::int32_t base_sequence = kNoSequence;
    bool transactional = false;
    bool control = false;
    std::optional<std::int64_t> delete_horizon_ms;  // then the base of all timestamps (KIP-534)
};

class BatchBuilder {
public:
    explicit BatchBuilder(const BatchOptions& options);

    // The next record, at the offset after the last one. Needs timestamp >= -1.
    void add(std::int64_t timestamp, std::optional<ByteView> key, std::optional<ByteView> value, std::span<const RecordHeader> headers = {}) {
        add_at(next_offset(), timestamp, key, value, headers);
    }
    // Leaves out offsets, as compaction does. Needs offset >= next_offset().
    void add_at(std::int64_t offset, std::int64_t timestamp, std::optional<ByteView> key, std::optional<ByteView> value,
                std::span<const RecordHeader> headers = {});

    std::int64_t next_offset() const { return options_.base_offset + last_offset_delta_ + 1; }
    std::int32_t record_count() const { return count_; }
    bool empty() const { return count_ == 0; }
    // Header and records, uncompressed. How much the finished batch takes at most, give or take a codec's framing.
    std::size_t uncompressed_bytes() const { return kBatchHeaderBytes + records_.size(); }

    // Exactly once. A batch without records is only a header, as compaction leaves it.
    Bytes finish();

private:
    BatchOptions options_;
    base::ByteWriter records_;
    std::int32_t count_ = 0;
    std::int32_t last_offset_delta_ = -1;
    std::optional<std::int64_t> base_timestamp_;
    std::int64_t max_timestamp_ = kNoTimestamp;
};

}  // namespace tideline::record
