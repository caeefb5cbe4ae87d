#include "record/build.h"

#include <algorithm>

#include "base/check.h"

namespace tideline::record {

namespace {

std::size_t nullable_size(const std::optional<ByteView>& bytes) {
    return bytes ? base::size_of_varint(static_cast<std::int32_t>(bytes->size())) + bytes->size() : 1;
}

void write_nullable(base::ByteWriter& out, const std::optional<ByteView>& bytes) {
    if (!bytes) {
        out.write_varint(-1);
        return;
    }
    out.write_varint(static_cast<std::int32_t>(bytes->size()));
    out.write_bytes(*bytes);
}

std::size_t headers_size(std::span<const RecordHeader> headers) {
    std::size_t size = base::size_of_varint(static_cast<std::int32_t>(headers.size()));
    for (const RecordHeader& header : headers) {
        size += nullable_size(header.key) + nullable_size(header.value);
    }
    return size;
}

}  // namespace

BatchBuilder::BatchBuilder(const BatchOptions& options) : options_(options), base_timestamp_(options.delete_horizon_ms) {
    TL_CHECK(!options.transactional || options.producer_id >= 0);
    TL_CHECK(options.timestamp_type == TimestampType::create_time || options.log_append_time_ms >= 0);
}

void BatchBuilder::add_at(std::int64_t offset, std::int64_t timestamp, std::optional<ByteView> key, std::optional<ByteView> value,
                          std::span<const RecordHeader> headers) {
    TL_CHECK(offset >= next_offset() && offset - options_.base_offset <= std::numeric_limits<std::int32_t>::max());
    TL_CHECK(timestamp >= kNoTimestamp);
    auto offset_delta = static_cast<std::int32_t>(offset - options_.base_offset);
    if (!base_timestamp_) {
        base_timestamp_ = timestamp;
    }
    std::int64_t timestamp_delta = timestamp - *base_timestamp_;
    std::size_t body = 1 + base::size_of_varlong(timestamp_delta) + base::size_of_varint(offset_delta) + nullable_size(key) +
                       nullable_size(value) + headers_size(headers);
    TL_CHECK(body <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()));
    records_.write_varint(static_cast<std::int32_t>(body));
    records_.write_int8(0);
    records_.write_varlong(timestamp_delta);
    records_.write_varint(offset_delta);
    write_nullable(records_, key);
    write_nullable(records_, value);
    records_.write_varint(static_cast<std::int32_t>(headers.size()));
    for (const RecordHeader& header : headers) {
        write_nullable(records_, header.key);
        write_nullable(records_, header.value);
    }
    last_offset_delta_ = offset_delta;
    max_timestamp_ = std::max(max_timestamp_, timestamp);
    ++count_;
}

Bytes BatchBuilder::finish() {
    Bytes out;
    if (options_.compression == CompressionType::none) {
        out.reserve(uncompressed_bytes());
    }
    out.resize(kBatchHeaderBytes);
    if (count_ > 0) {
        compress_into(options_.compression, options_.level.value_or(default_level(options_.compression)), records_.view(), out);
    }
    bool append_time = options_.timestamp_type == TimestampType::log_append_time;
    int attributes = static_cast<int>(options_.compression) | (append_time ? kLogAppendTimeBit : 0) |
                     (options_.transactional ? kTransactionalBit : 0) | (options_.control ? kControlBit : 0) |
                     (options_.delete_horizon_ms ? kDeleteHorizonBit : 0);
    write_batch_header(out, {.base_offset = options_.base_offset,
                             .length = static_cast<std::int32_t>(out.size() - kLogOverheadBytes),
                             .leader_epoch = options_.leader_epoch,
                             .attributes = static_cast<std::int16_t>(attributes),
                             .last_offset_delta = std::max(last_offset_delta_, 0),
                             .base_timestamp = base_timestamp_.value_or(kNoTimestamp),
                             .max_timestamp = append_time ? options_.log_append_time_ms : max_timestamp_,
                             .producer_id = options_.producer_id,
                             .producer_epoch = options_.producer_epoch,
                             .base_sequence = options_.base_sequence,
                             .record_count = count_});
    update_crc(out);
    return out;
}

}  // namespace tideline::record
