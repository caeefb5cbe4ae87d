#include "record/record.h"

#include "record/byte_stream.h"
#include "record/whole_record.h"

namespace tideline::record {

using base::ByteReader;
using base::fail;

namespace {

Result<CompressionType> codec_of(const BatchHeader& header) {
    if (auto type = header.compression()) {
        return *type;
    }
    return fail(ErrorCode::unsupported_compression_type, "no codec has this number", header.attributes & kCompressionMask);
}

Result<> check_count(const BatchHeader& header) {
    if (header.record_count < 0) {
        return fail(ErrorCode::invalid_record, "record count is negative", header.record_count);
    }
    return {};
}

std::unexpected<Error> left_over() { return fail(ErrorCode::invalid_record, "bytes left over behind the last record"); }
std::unexpected<Error> wrong_size(std::int64_t size) { return fail(ErrorCode::invalid_record, "record does not have the length it says", size); }

// The bytes of a nullable field; any negative length is null.
Result<std::optional<ByteView>> read_nullable(ByteReader& in) {
    TL_TRY(size, in.read_varint());
    if (size < 0) {
        return std::nullopt;
    }
    TL_TRY(bytes, in.read_bytes(static_cast<std::size_t>(size)));
    return bytes;
}

Result<RecordHeader> read_header(ByteReader& in) {
    TL_TRY(key, read_nullable(in));
    if (!key) {
        return fail(ErrorCode::invalid_record, "record header without a key");
    }
    TL_TRY(value, read_nullable(in));
    return RecordHeader{*key, value};
}

Result<Record> read_body(ByteReader& in) {
    Record record;
    TL_TRY(attributes, in.read_int8());
    record.attributes = attributes;
    TL_TRY(timestamp_delta, in.read_varlong());
    record.timestamp_delta = timestamp_delta;
    TL_TRY(offset_delta, in.read_varint());
    record.offset_delta = offset_delta;
    TL_TRY(key, read_nullable(in));
    record.key = key;
    TL_TRY(value, read_nullable(in));
    record.value = value;
    TL_TRY(count, in.read_varint());
    // A header takes two bytes or more: a larger count must not become an allocation.
    if (count < 0 || static_cast<std::size_t>(count) > in.remaining() / 2) {
        return fail(ErrorCode::invalid_record, "count of record headers is out of range", count);
    }
    record.headers.reserve(static_cast<std::size_t>(count));
    for (std::int32_t i = 0; i < count; ++i) {
        TL_TRY(header, read_header(in));
        record.headers.push_back(header);
    }
    return record;
}

// base/ calls every short read corrupt_message; inside a record Kafka's word is invalid_record.
std::unexpected<Error> as_invalid_record(Error error) {
    error.code = ErrorCode::invalid_record;
    return std::unexpected(error);
}

}  // namespace

std::int64_t timestamp_of(const BatchHeader& header, std::int64_t timestamp_delta) {
    if (header.timestamp_type() == TimestampType::log_append_time) {
        return header.max_timestamp;
    }
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(header.base_timestamp) + static_cast<std::uint64_t>(timestamp_delta));
}

std::int64_t offset_of(const BatchHeader& header, std::int32_t offset_delta) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(header.base_offset) + static_cast<std::uint64_t>(offset_delta));
}

RecordScanner::RecordScanner(std::unique_ptr<ByteStream> stream, std::int32_t count, RecordTap* tap)
    : stream_(std::move(stream)), left_(count), tap_(tap) {}
RecordScanner::RecordScanner(RecordScanner&&) noexcept = default;
RecordScanner& RecordScanner::operator=(RecordScanner&&) noexcept = default;
RecordScanner::~RecordScanner() = default;

Result<RecordScanner> RecordScanner::open(const BatchView& batch, std::size_t budget, RecordTap* tap) {
    TL_TRY(codec, codec_of(batch.header));
    TL_TRY_VOID(check_count(batch.header));
    auto source = make_decompressor(codec, batch.records(), budget);
    return RecordScanner(std::make_unique<ByteStream>(std::move(source)), batch.header.record_count, tap);
}

std::size_t RecordScanner::uncompressed_bytes() const { return stream_->position(); }

Result<std::optional<RecordFacts>> RecordScanner::next() {
    TL_TRY_VOID(state_);
    if (left_ == 0) {
        return std::nullopt;
    }
    auto facts = read_record();
    if (facts && --left_ == 0) {
        auto whole = stream_->at_end();
        if (!whole) {
            facts = std::unexpected(whole.error());
        } else if (!*whole) {
            facts = left_over();
        }
    }
    if (!facts) {
        state_ = std::unexpected(facts.error());
        return std::unexpected(facts.error());
    }
    return *facts;
}

bool RecordScanner::next_whole(RecordFacts& facts) {
    // A tap sees records pass field by field; behind the last one stands what next() looks at.
    if (tap_ != nullptr || left_ <= 1 || !state_) {
        return false;
    }
    std::size_t bytes = read_whole_record(stream_->window(), facts);
    if (bytes == 0) {
        return false;
    }
    stream_->pass(bytes);
    --left_;
    return true;
}

Result<RecordFacts> RecordScanner::read_record() {
    RecordFacts facts;
    TL_TRY(body_bytes, stream_->read_varint());
    facts.body_bytes = body_bytes;
    if (body_bytes < 0) {
        return wrong_size(body_bytes);
    }
    std::size_t start = stream_->position();
    std::size_t end = start + static_cast<std::size_t>(body_bytes);
    TL_TRY(attributes, stream_->read_byte());
    facts.attributes = static_cast<std::int8_t>(attributes);
    TL_TRY(timestamp_delta, stream_->read_varlong());
    facts.timestamp_delta = timestamp_delta;
    TL_TRY(offset_delta, stream_->read_varint());
    facts.offset_delta = offset_delta;
    if (stream_->position() > end) {
        return wrong_size(body_bytes);
    }
    if (tap_ != nullptr) {
        TL_TRY_VOID(tap_->on_record(facts, end - stream_->position()));
        stream_->tap(tap_);
    }
    TL_TRY(key_bytes, stream_->read_varint());
    facts.key_bytes = key_bytes;
    TL_TRY_VOID(stream_->skip(facts.has_key() ? static_cast<std::size_t>(key_bytes) : 0));
    TL_TRY(value_bytes, stream_->read_varint());
    facts.value_bytes = value_bytes;
    TL_TRY_VOID(stream_->skip(facts.has_value() ? static_cast<std::size_t>(value_bytes) : 0));
    TL_TRY(header_count, stream_->read_varint());
    facts.header_count = header_count;
    if (header_count < 0) {
        return fail(ErrorCode::invalid_record, "count of record headers is out of range", header_count);
    }
    TL_TRY_VOID(skip_headers(header_count));
    if (tap_ != nullptr) {
        TL_TRY_VOID(stream_->untap());
    }
    if (stream_->position() != end) {
        return wrong_size(body_bytes);
    }
    return facts;
}

// A count of two thousand million costs nothing by itself: the stream ends first.
Result<> RecordScanner::skip_headers(std::int32_t count) {
    for (std::int32_t i = 0; i < count; ++i) {
        TL_TRY(key_bytes, stream_->read_varint());
        if (key_bytes < 0) {
            return fail(ErrorCode::invalid_record, "record header without a key");
        }
        TL_TRY_VOID(stream_->skip(static_cast<std::size_t>(key_bytes)));
        TL_TRY(value_bytes, stream_->read_varint());
        TL_TRY_VOID(stream_->skip(value_bytes < 0 ? 0 : static_cast<std::size_t>(value_bytes)));
    }
    return {};
}

Result<RecordReader> RecordReader::open(const BatchView& batch, std::size_t budget) {
    TL_TRY(codec, codec_of(batch.header));
    TL_TRY_VOID(check_count(batch.header));
    if (codec == CompressionType::none || batch.header.record_count == 0) {
        return RecordReader(batch.header, {}, batch.records());
    }
    TL_TRY(blob, decompress(codec, batch.records(), budget));
    ByteView view(blob);
    return RecordReader(batch.header, std::move(blob), view);
}

Result<std::optional<Record>> RecordReader::next() {
    if (left_ == 0) {
        return std::nullopt;
    }
    ByteReader in(blob_);
    auto size = in.read_varint();
    if (!size) {
        return as_invalid_record(size.error());
    }
    if (*size < 0 || static_cast<std::size_t>(*size) > in.remaining()) {
        return wrong_size(*size);
    }
    ByteReader body(in.rest().first(static_cast<std::size_t>(*size)));
    auto record = read_body(body);
    if (!record) {
        return as_invalid_record(record.error());
    }
    if (!body.at_end()) {
        return wrong_size(*size);
    }
    if (left_ == 1 && in.remaining() != static_cast<std::size_t>(*size)) {
        return left_over();
    }
    --left_;
    blob_ = in.rest().subspan(static_cast<std::size_t>(*size));
    record->timestamp = timestamp_of(header_, record->timestamp_delta);
    record->offset = offset_of(header_, record->offset_delta);
    return std::move(*record);
}

Result<RecordList> read_all_records(const BatchView& batch, std::size_t budget) {
    TL_TRY(reader, RecordReader::open(batch, budget));
    RecordList list{std::move(reader), {}};
    while (true) {
        TL_TRY(record, list.reader.next());
        if (!record) {
            return list;
        }
        list.records.push_back(std::move(*record));
    }
}

}  // namespace tideline::record
