#include "record/batch.h"

#include "base/check.h"
#include "base/crc32c.h"

namespace tideline::record {

using base::fail;
using base::load_be;
using base::store_be;

namespace {

constexpr std::uint32_t kSequenceMask = 0x7fffffff;
// Like Kafka, a batch whose header is rewritten loses the attribute bits that have no meaning yet.
constexpr int kKnownAttributes = 0x7f;
constexpr std::int32_t kLengthMin = static_cast<std::int32_t>(kBatchHeaderBytes - kLogOverheadBytes);
// The smallest message of format 0. Until the magic is known, only what is shorter is garbage.
constexpr std::int32_t kOldLengthMin = 14;

std::uint32_t compute_crc(ByteView batch) { return base::crc32c(batch.subspan(position::attributes)); }

// Magic stands at the same place in every format version, so it can be judged before the rest is understood.
Result<> check_magic(std::int8_t magic) {
    if (magic == kMagic) [[likely]] {
        return {};
    }
    if (magic == 0 || magic == 1) {
        return fail(ErrorCode::unsupported_for_message_format, "message formats 0 and 1 are not supported", magic);
    }
    return fail(ErrorCode::corrupt_message, "batch magic is not 2", magic);
}

Result<> check_length(std::int32_t length, std::int32_t least) {
    if (length < least) {
        return fail(ErrorCode::corrupt_message, "batch length is smaller than a batch header", length);
    }
    return {};
}

}  // namespace

// Modulo 2^31, in unsigned arithmetic: last_sequence() may be asked of a header nobody has judged yet.
std::int32_t increment_sequence(std::int32_t sequence, std::int32_t increment) {
    return static_cast<std::int32_t>((static_cast<std::uint32_t>(sequence) + static_cast<std::uint32_t>(increment)) & kSequenceMask);
}

std::int32_t decrement_sequence(std::int32_t sequence, std::int32_t decrement) {
    return static_cast<std::int32_t>((static_cast<std::uint32_t>(sequence) - static_cast<std::uint32_t>(decrement)) & kSequenceMask);
}

Result<BatchHeader> read_batch_header(ByteView bytes) {
    if (bytes.size() < kBatchHeaderBytes) {
        return fail(ErrorCode::corrupt_message, "batch header is cut short", static_cast<std::int64_t>(bytes.size()));
    }
    const std::uint8_t* at = bytes.data();
    TL_TRY_VOID(check_magic(load_be<std::int8_t>(at + position::magic)));
    BatchHeader header{
        .base_offset = load_be<std::int64_t>(at + position::base_offset),
        .length = load_be<std::int32_t>(at + position::length),
        .leader_epoch = load_be<std::int32_t>(at + position::leader_epoch),
        .crc = load_be<std::uint32_t>(at + position::crc),
        .attributes = load_be<std::int16_t>(at + position::attributes),
        .last_offset_delta = load_be<std::int32_t>(at + position::last_offset_delta),
        .base_timestamp = load_be<std::int64_t>(at + position::base_timestamp),
        .max_timestamp = load_be<std::int64_t>(at + position::max_timestamp),
        .producer_id = load_be<std::int64_t>(at + position::producer_id),
        .producer_epoch = load_be<std::int16_t>(at + position::producer_epoch),
        .base_sequence = load_be<std::int32_t>(at + position::base_sequence),
        .record_count = load_be<std::int32_t>(at + position::record_count),
    };
    TL_TRY_VOID(check_length(header.length, kLengthMin));
    return header;
}

Result<> check_stored_batch(const BatchHeader& header) {
    if (header.base_offset < 0) {
        return fail(ErrorCode::corrupt_message, "base offset is negative", header.base_offset);
    }
    if (header.last_offset_delta < 0 || header.base_offset > std::numeric_limits<std::int64_t>::max() - header.last_offset_delta - 1) {
        return fail(ErrorCode::corrupt_message, "last offset delta is out of range", header.last_offset_delta);
    }
    if (header.record_count < 0 || header.record_count > static_cast<std::int64_t>(header.last_offset_delta) + 1) {
        return fail(ErrorCode::corrupt_message, "record count does not fit the offsets", header.record_count);
    }
    return {};
}

bool BatchView::crc_is_valid() const { return header.crc == compute_crc(bytes); }

Result<BatchView> read_batch(ByteView bytes) {
    TL_TRY(header, read_batch_header(bytes));
    if (bytes.size() < header.size_in_bytes()) {
        return fail(ErrorCode::corrupt_message, "batch is cut short", header.length);
    }
    return BatchView{header, bytes.first(header.size_in_bytes())};
}

Result<std::optional<BatchView>> BatchCursor::next() {
    ByteView left = rest();
    // The length is judged as soon as it is there: garbage at the end must not pass for the beginning of a batch.
    if (left.size() < kLogOverheadBytes) {
        return std::nullopt;
    }
    auto length = load_be<std::int32_t>(left.data() + position::length);
    TL_TRY_VOID(check_length(length, kOldLengthMin));
    std::size_t size = kLogOverheadBytes + static_cast<std::size_t>(length);
    if (size > max_batch_bytes_) {
        return fail(ErrorCode::corrupt_message, "batch length exceeds the largest allowed", length);
    }
    if (left.size() <= position::magic) {
        return std::nullopt;
    }
    // An old format is no garbage: its batch too may be cut short.
    if (auto magic = check_magic(load_be<std::int8_t>(left.data() + position::magic)); !magic) {
        bool is_cut = left.size() < size && magic.error().code == ErrorCode::unsupported_for_message_format;
        return is_cut ? Result<std::optional<BatchView>>(std::nullopt) : std::unexpected(magic.error());
    }
    if (left.size() < size) {
        return std::nullopt;
    }
    TL_TRY(batch, read_batch(left));
    at_ += size;
    return batch;
}

Result<std::vector<BatchView>> split_batches(ByteView bytes, std::size_t max_batch_bytes) {
    std::vector<BatchView> batches;
    BatchCursor cursor(bytes, max_batch_bytes);
    while (true) {
        TL_TRY(batch, cursor.next());
        if (!batch) {
            break;
        }
        batches.push_back(*batch);
    }
    if (!cursor.rest().empty()) {
        return fail(ErrorCode::corrupt_message, "the last batch is cut short", static_cast<std::int64_t>(cursor.position()));
    }
    return batches;
}

void set_base_offset(MutableByteView header, std::int64_t base_offset) {
    TL_CHECK(header.size() >= kBatchHeaderBytes);
    store_be(header.data() + position::base_offset, base_offset);
}

void set_leader_epoch(MutableByteView header, std::int32_t leader_epoch) {
    TL_CHECK(header.size() >= kBatchHeaderBytes);
    store_be(header.data() + position::leader_epoch, leader_epoch);
}

void set_max_timestamp(MutableByteView batch, TimestampType type, std::int64_t max_timestamp) {
    TL_CHECK(batch.size() >= kBatchHeaderBytes);
    auto old_attributes = load_be<std::int16_t>(batch.data() + position::attributes);
    auto old_timestamp = load_be<std::int64_t>(batch.data() + position::max_timestamp);
    int attributes = old_attributes & kKnownAttributes & ~kLogAppendTimeBit;
    if (type == TimestampType::log_append_time) {
        attributes |= kLogAppendTimeBit;
    }
    bool same_type = ((attributes ^ old_attributes) & kLogAppendTimeBit) == 0;
    if (same_type && max_timestamp == old_timestamp) {
        return;
    }
    store_be(batch.data() + position::attributes, static_cast<std::int16_t>(attributes));
    store_be(batch.data() + position::max_timestamp, max_timestamp);
    update_crc(batch);
}

void update_crc(MutableByteView batch) {
    TL_CHECK(batch.size() >= kBatchHeaderBytes);
    TL_CHECK(batch.size() == kLogOverheadBytes + static_cast<std::size_t>(load_be<std::int32_t>(batch.data() + position::length)));
    store_be(batch.data() + position::crc, compute_crc(batch));
}

void write_batch_header(MutableByteView to, const BatchHeader& header) {
    TL_CHECK(to.size() >= kBatchHeaderBytes);
    std::uint8_t* at = to.data();
    store_be(at + position::base_offset, header.base_offset);
    store_be(at + position::length, header.length);
    store_be(at + position::leader_epoch, header.leader_epoch);
    store_be(at + position::magic, kMagic);
    store_be(at + position::crc, header.crc);
    store_be(at + position::attributes, header.attributes);
    store_be(at + position::last_offset_delta, header.last_offset_delta);
    store_be(at + position::base_timestamp, header.base_timestamp);
    store_be(at + position::max_timestamp, header.max_timestamp);
    store_be(at + position::producer_id, header.producer_id);
    store_be(at + position::producer_epoch, header.producer_epoch);
    store_be(at + position::base_sequence, header.base_sequence);
    store_be(at + position::record_count, header.record_count);
}

}  // namespace tideline::record
