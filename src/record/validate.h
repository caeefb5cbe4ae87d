// record/validate.h: what the leader checks, and changes, in a produced batch before it is appended.
//
// The rules are Kafka's (ProduceRequest.validateRecords, UnifiedLog.analyzeAndValidateRecords, LogValidator of 4.2), in its order,
// so that the first broken rule gives the same code. Where this is stricter or says it better, README.md tells why.
// Pure: reads no clock and keeps no state. Offsets are not known yet: assign() patches them in when they are.
// Memory: a codec window, whatever the batch decompresses to; if the batch is rewritten, also its new bytes.
#pragma once

#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "record/batch.h"

namespace tideline::record {

// Who appends. A coordinator may write control batches and is trusted with counts.
enum class AppendOrigin : std::uint8_t { client, coordinator };

struct ValidationRules {
    AppendOrigin origin = AppendOrigin::client;
    // Version of the Produce request; zstd needs 7 or later (KIP-110).
    std::int16_t produce_version = std::numeric_limits<std::int16_t>::max();
    std::int32_t max_message_bytes = 1'048'588;  // max.message.bytes: a whole batch, as it is sent and as it is stored
    bool compacted = false;                      // cleanup.policy holds `compact`: every record needs a key
    TimestampType timestamp_type = TimestampType::create_time;
    std::int64_t timestamp_before_max_ms = std::numeric_limits<std::int64_t>::max();  // message.timestamp.before.max.ms
    std::int64_t timestamp_after_max_ms = 3'600'000;                                  // message.timestamp.after.max.ms
    // compression.type: nullopt is `producer`, the batch stays as it came. `uncompressed` is CompressionType::none.
    std::optional<CompressionType> compression;
    std::optional<std::int32_t> compression_level;  // compression.<codec>.level; the codec's default if unset
};

// How many bytes the records of one batch may decompress to: 128 times max.message.bytes, at least 16 MiB, at most 1 GiB (or
// max.message.bytes, should that be more). Memory does not depend on it; time does: the default's 128 MiB hold a shard for
// 0.1 s if they are zeros and 0.35 s at worst (gzip), where one batch of 1 MiB could claim 30 GiB. Honest batches reach ratios
// of 10, log lines of one pattern 100. Kafka has no limit here.
std::size_t decompression_budget(std::int32_t max_message_bytes);

// As ProduceResponse reports it from version 8 on.
struct RecordError {
    std::int32_t batch_index = 0;  // of the record in the batch
    std::string message;
};
// A response names at most so many; the batch fails as a whole anyway.
inline constexpr std::size_t kRecordErrorsMax = 1000;

struct Rejection {
    Error error;  // its note is the partition's error message
    std::vector<RecordError> record_errors;
};

struct Validated {
    // The batch, decoded. header.base_offset is 0 until assign(). Fits bytes().
    BatchHeader header;
    // Set if the batch had to be written anew (other codec, or offset deltas with holes); else the input's first
    // header.size_in_bytes() bytes are the batch. What stood behind them was the cut beginning of another and is not valid.
    std::optional<Bytes> replacement;

    TimestampType timestamp_type = TimestampType::create_time;
    std::int64_t max_timestamp = kNoTimestamp;          // of the records; `now` if the log appends the time
    std::int32_t offset_delta_of_max_timestamp = -1;    // the first record with it; -1 if no record has a timestamp
    std::int64_t log_append_time_ms = kNoTimestamp;     // what ProduceResponse says: `now`, or -1 for create time
    std::size_t uncompressed_bytes = 0;                 // of the records

    ByteView bytes(ByteView input) const { return replacement ? ByteView(*replacement) : input.first(header.size_in_bytes()); }
};

// `records` is what a Produce request holds for one partition. `now_ms` is the wall clock.
std::expected<Validated, Rejection> validate_batch(ByteView records, const ValidationRules& rules, std::int64_t now_ms);

// Gives a validated batch its place: base offset, leader epoch, and timestamp type and maximum, with a new CRC only where
// those differ. `batch` is exactly the bytes of `validated`: the replacement, or the request's own, writable.
void assign(MutableByteView batch, const Validated& validated, std::int64_t base_offset, std::int32_t leader_epoch);

}  // namespace tideline::record
