// record/batch.h: a record batch (magic 2) as a header and the bytes it was read from.
//
// A batch is 61 bytes of header and the records, compressed as one blob or not. Nothing here looks at the records:
// record.h reads them, validate.h judges what a client sent, build.h makes batches.
// Views:   point into the bytes they were read from and live as long as those.
// Errors:  corrupt_message where the bytes cannot be a batch; unsupported_for_message_format for magic 0 and 1,
//          which a broker of today neither writes nor takes.
// Format:  docs/formats/record-batch.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/compression_type.h"

namespace tideline::record {

using base::Bytes;
using base::ByteView;
using base::Error;
using base::MutableByteView;
using base::Result;

inline constexpr std::size_t kBatchHeaderBytes = 61;
// Base offset and length, the part that the length field does not count.
inline constexpr std::size_t kLogOverheadBytes = 12;
inline constexpr std::int8_t kMagic = 2;

inline constexpr std::int64_t kNoTimestamp = -1;
inline constexpr std::int64_t kNoProducerId = -1;
inline constexpr std::int16_t kNoProducerEpoch = -1;
inline constexpr std::int32_t kNoSequence = -1;
inline constexpr std::int32_t kNoLeaderEpoch = -1;

enum class TimestampType : std::uint8_t { create_time = 0, log_append_time = 1 };

// Bits of BatchHeader::attributes; bits 0-2 are the codec, bits 7-15 are unused.
inline constexpr std::int16_t kCompressionMask = 0x07;
inline constexpr std::int16_t kLogAppendTimeBit = 0x08;
inline constexpr std::int16_t kTransactionalBit = 0x10;
inline constexpr std::int16_t kControlBit = 0x20;
inline constexpr std::int16_t kDeleteHorizonBit = 0x40;

// Where the fields stand in a batch.
namespace position {
inline constexpr std::size_t base_offset = 0;
inline constexpr std::size_t length = 8;
inline constexpr std::size_t leader_epoch = 12;
inline constexpr std::size_t magic = 16;
inline constexpr std::size_t crc = 17;
inline constexpr std::size_t attributes = 21;  // the CRC covers everything from here on
inline constexpr std::size_t last_offset_delta = 23;
inline constexpr std::size_t base_timestamp = 27;
inline constexpr std::size_t max_timestamp = 35;
inline constexpr std::size_t producer_id = 43;
inline constexpr std::size_t producer_epoch = 51;
inline constexpr std::size_t base_sequence = 53;
inline constexpr std::size_t record_count = 57;
inline constexpr std::size_t records = 61;
}  // namespace position

// Sequences are int32 and wrap from 2147483647 to 0. Both arguments are at least 0.
std::int32_t increment_sequence(std::int32_t sequence, std::int32_t increment);
std::int32_t decrement_sequence(std::int32_t sequence, std::int32_t decrement);

struct BatchHeader {
    std::int64_t base_offset = 0;
    std::int32_t length = 0;  // bytes after the length field
    std::int32_t leader_epoch = kNoLeaderEpoch;
    std::uint32_t crc = 0;
    std::int16_t attributes = 0;
    std::int32_t last_offset_delta = 0;
    std::int64_t base_timestamp = kNoTimestamp;  // or the delete horizon, see delete_horizon_ms()
    std::int64_t max_timestamp = kNoTimestamp;
    std::int64_t producer_id = kNoProducerId;
    std::int16_t producer_epoch = kNoProducerEpoch;
    std::int32_t base_sequence = kNoSequence;
    std::int32_t record_count = 0;  // compaction may leave fewer records than last_offset_delta + 1, even none

    std::size_t size_in_bytes() const { return kLogOverheadBytes + static_cast<std::size_t>(length); }
    // Wraps rather than overflows: the sum of two fields that a client chose.
    std::int64_t last_offset() const {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(base_offset) + static_cast<std::uint64_t>(last_offset_delta));
    }
    std::int64_t next_offset() const { return static_cast<std::int64_t>(static_cast<std::uint64_t>(last_offset()) + 1); }

    // nullopt: the attributes name a codec that does not exist.
    std::optional<CompressionType> compression() const { return compression_type_from(attributes & kCompressionMask); }
    bool is_compressed() const { return (attributes & kCompressionMask) != 0; }
    TimestampType timestamp_type() const {
        return (attributes & kLogAppendTimeBit) != 0 ? TimestampType::log_append_time : TimestampType::create_time;
    }
    bool is_transactional() const { return (attributes & kTransactionalBit) != 0; }
    bool is_control() const { return (attributes & kControlBit) != 0; }
    // When set, base_timestamp is the time from which tombstones of this batch may go (KIP-534).
    std::optional<std::int64_t> delete_horizon_ms() const {
        return (attributes & kDeleteHorizonBit) != 0 ? std::optional(base_timestamp) : std::nullopt;
    }

    bool has_producer_id() const { return producer_id > kNoProducerId; }
    // kNoSequence when the batch has no sequence.
    std::int32_t last_sequence() const {
        return base_sequence < 0 ? kNoSequence : increment_sequence(base_sequence, last_offset_delta);
    }

    friend bool operator==(const BatchHeader&, const BatchHeader&) = default;
};

// Decodes the header at the start of `bytes`; needs all of its 61 bytes, not the records. Checks magic and that the length
// holds a header; the other fields are whatever they are, see check_stored_batch() and validate.h.
Result<BatchHeader> read_batch_header(ByteView bytes);

// What every batch of a log fulfils whoever wrote it: offsets, count and deltas that fit each other. For batches read back from
// a disk or from a leader; a client's batch has rules of its own (validate.h).
Result<> check_stored_batch(const BatchHeader& header);

// One whole batch.
struct BatchView {
    BatchHeader header;
    ByteView bytes;  // exactly header.size_in_bytes()

    ByteView records() const { return bytes.subspan(position::records); }
    // Reads every byte. Decoding a header does not check this.
    bool crc_is_valid() const;
};

// The batch at the start of `bytes`, which may go on after it. corrupt_message if it is cut short.
Result<BatchView> read_batch(ByteView bytes);

// Walks batches that stand back to back.
//
//   BatchCursor cursor(bytes);
//   while (true) {
//       TL_TRY(batch, cursor.next());
//       if (!batch) break;
//       ... batch->header ...
//   }
class BatchCursor {
public:
    // A batch longer than `max_batch_bytes` is corrupt_message: a length that no writer can have meant.
    explicit BatchCursor(ByteView bytes, std::size_t max_batch_bytes = std::numeric_limits<std::int32_t>::max())
        : bytes_(bytes), max_batch_bytes_(max_batch_bytes) {}

    // nullopt at the end, and when what is left is only the beginning of a batch (a fetch may cut there; see rest()).
    // After an error the cursor stays where it is.
    Result<std::optional<BatchView>> next();

    // Bytes of the batches handed out so far.
    std::size_t position() const { return at_; }
    ByteView rest() const { return bytes_.subspan(at_); }

private:
    ByteView bytes_;
    std::size_t max_batch_bytes_;
    std::size_t at_ = 0;
};

// All batches of `bytes`; corrupt_message if they do not end exactly at its end.
Result<std::vector<BatchView>> split_batches(ByteView bytes, std::size_t max_batch_bytes = std::numeric_limits<std::int32_t>::max());

// Changing a batch in place. The first two are outside what the CRC covers and need only the header's bytes; the others
// take the whole batch and write a new CRC, unless nothing changed.
void set_base_offset(MutableByteView header, std::int64_t base_offset);
void set_leader_epoch(MutableByteView header, std::int32_t leader_epoch);
void set_max_timestamp(MutableByteView batch, TimestampType type, std::int64_t max_timestamp);
inline void set_log_append_time(MutableByteView batch, std::int64_t now_ms) {
    set_max_timestamp(batch, TimestampType::log_append_time, now_ms);
}
void update_crc(MutableByteView batch);

// Writes all 61 bytes, header.crc included as it is; update_crc() makes it right once the records stand behind.
void write_batch_header(MutableByteView to, const BatchHeader& header);

}  // namespace tideline::record
