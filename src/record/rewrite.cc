#include "record/rewrite.h"

namespace tideline::record {

using base::fail;

namespace {

// Only a guess, for the codec's tables: compressed records are often a quarter of what they were.
std::size_t expected_bytes(const BatchHeader& source) {
    std::size_t size = source.size_in_bytes();
    return source.is_compressed() ? size * 4 : size;
}

}  // namespace

BatchRewriter::BatchRewriter(const BatchHeader& source, CompressionType codec, std::int32_t level, std::size_t batch_bytes_max)
    : source_(source),
      codec_(codec),
      batch_bytes_max_(batch_bytes_max),
      out_(std::make_unique<Bytes>(kBatchHeaderBytes)),
      compressor_(make_compressor(codec, level, *out_, expected_bytes(source))) {}

void BatchRewriter::write(ByteView bytes) {
    // Codecs only ever append, so a batch that is too large stays so.
    if (!is_too_large()) {
        compressor_->write(bytes);
    }
}

Result<> BatchRewriter::on_record(const RecordFacts& before_key, std::size_t rest_bytes) {
    std::int64_t timestamp = timestamp_of(source_, before_key.timestamp_delta);
    if (timestamp < kNoTimestamp) {
        return fail(ErrorCode::invalid_timestamp, "negative timestamp", timestamp);
    }
    if (count_ == 0) {
        base_timestamp_ = timestamp;
    }
    std::int64_t timestamp_delta = timestamp - base_timestamp_;
    std::int32_t offset_delta = count_++;
    std::size_t body = 1 + base::size_of_varlong(timestamp_delta) + base::size_of_varint(offset_delta) + rest_bytes;
    base::ByteWriter prefix;
    prefix.write_varint(static_cast<std::int32_t>(body));
    prefix.write_int8(0);
    prefix.write_varlong(timestamp_delta);
    prefix.write_varint(offset_delta);
    write(prefix.view());
    return {};
}

Result<> BatchRewriter::on_rest(ByteView piece) {
    write(piece);
    return {};
}

Result<Bytes> BatchRewriter::finish(TimestampType type, std::int64_t max_timestamp) {
    if (!is_too_large()) {
        compressor_->finish();
    }
    if (is_too_large()) {
        return fail(ErrorCode::message_too_large, "record batch exceeds max.message.bytes once it is compressed as the topic asks",
                    static_cast<std::int64_t>(out_->size()));
    }
    int attributes = static_cast<int>(codec_) | (source_.attributes & (kTransactionalBit | kControlBit));
    if (type == TimestampType::log_append_time) {
        attributes |= kLogAppendTimeBit;
    }
    BatchHeader header = source_;
    header.base_offset = 0;
    header.length = static_cast<std::int32_t>(out_->size() - kLogOverheadBytes);
    header.leader_epoch = kNoLeaderEpoch;
    header.attributes = static_cast<std::int16_t>(attributes);
    header.last_offset_delta = count_ - 1;
    header.base_timestamp = base_timestamp_;
    header.max_timestamp = max_timestamp;
    header.record_count = count_;
    write_batch_header(*out_, header);
    update_crc(*out_);
    return std::move(*out_);
}

}  // namespace tideline::record
