// record/record.h: the records of a batch, in two forms.
//
// RecordScanner reads what validation asks (offsets, timestamps, which keys are there) and skips keys and values, from
// compressed batches too, in the memory of one codec window. RecordReader hands out whole records as views; of a compressed
// batch it keeps the decompressed blob, bounded by the caller.
// Errors:  invalid_record: the records are not what the header says (count, lengths, bytes left over);
//          corrupt_message, message_too_large: from the codec, see compress.h; unsupported_compression_type.
// Format:  docs/formats/record-batch.md, "Record"
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "record/batch.h"
#include "record/compress.h"

namespace tideline::record {

struct RecordFacts {
    std::int32_t body_bytes = 0;  // what the record's own length says: everything behind that length
    std::int8_t attributes = 0;   // unused so far
    std::int64_t timestamp_delta = 0;
    std::int32_t offset_delta = 0;
    std::int32_t key_bytes = -1;    // negative: null
    std::int32_t value_bytes = -1;  // negative: null
    std::int32_t header_count = 0;

    bool has_key() const { return key_bytes >= 0; }
    bool has_value() const { return value_bytes >= 0; }

    friend bool operator==(const RecordFacts&, const RecordFacts&) = default;
};

// base_timestamp + delta, or the batch's one timestamp if the log appended it. Wraps like Java's.
std::int64_t timestamp_of(const BatchHeader& header, std::int64_t timestamp_delta);
std::int64_t offset_of(const BatchHeader& header, std::int32_t offset_delta);

// Sees each record pass through a RecordScanner: first what stands before the key, then from the key's length to the record's
// end in one piece or more. For writing the same records again with other deltas.
class RecordTap {
public:
    virtual ~RecordTap() = default;
    virtual Result<> on_record(const RecordFacts& before_key, std::size_t rest_bytes) = 0;
    virtual Result<> on_rest(ByteView piece) = 0;
};

class ByteStream;

class RecordScanner {
public:
    // `batch` must outlive the scanner. `budget` bounds the decompressed records. `tap` may be null; it is borrowed.
    static Result<RecordScanner> open(const BatchView& batch, std::size_t budget, RecordTap* tap = nullptr);

    // nullopt behind the last record, which is checked to be the end of the bytes too. After an error, the same error.
    Result<std::optional<RecordFacts>> next();
    // The same for a record that is in order, stands whole in the codec's window, and is not the last: true. False says nothing and
    // changes nothing; next() tells what there is. Many times as fast, and takes almost every record.
    bool next_whole(RecordFacts& facts);

    // Decompressed bytes seen so far.
    std::size_t uncompressed_bytes() const;

    RecordScanner(RecordScanner&&) noexcept;
    RecordScanner& operator=(RecordScanner&&) noexcept;
    ~RecordScanner();

private:
    RecordScanner(std::unique_ptr<ByteStream> stream, std::int32_t count, RecordTap* tap);
    Result<RecordFacts> read_record();
    Result<> skip_headers(std::int32_t count);

    std::unique_ptr<ByteStream> stream_;
    std::int32_t left_;
    RecordTap* tap_;
    Result<> state_;
};

struct RecordHeader {
    ByteView key;
    std::optional<ByteView> value;
};

struct Record {
    std::int64_t offset = 0;
    std::int64_t timestamp = kNoTimestamp;
    std::int8_t attributes = 0;
    std::int32_t offset_delta = 0;
    std::int64_t timestamp_delta = 0;
    std::optional<ByteView> key;
    std::optional<ByteView> value;
    std::vector<RecordHeader> headers;
};

//   TL_TRY(reader, RecordReader::open(batch, budget));
//   while (true) {
//       TL_TRY(record, reader.next());
//       if (!record) break;
//   }
class RecordReader {
public:
    // Views in records point into `batch` or, if it is compressed, into the reader. A batch without records is never decompressed.
    static Result<RecordReader> open(const BatchView& batch, std::size_t budget);

    Result<std::optional<Record>> next();

    RecordReader(RecordReader&&) = default;
    RecordReader& operator=(RecordReader&&) = default;
    RecordReader(const RecordReader&) = delete;
    RecordReader& operator=(const RecordReader&) = delete;

private:
    RecordReader(const BatchHeader& header, Bytes owned, ByteView blob)
        : header_(header), owned_(std::move(owned)), blob_(blob), left_(header.record_count) {}

    BatchHeader header_;
    Bytes owned_;  // a moved vector keeps its memory, so blob_ stays right when the reader moves
    ByteView blob_;
    std::int32_t left_;
};

// All records of a batch; for tests and tools. Views as RecordReader's, so the reader is handed back with them.
struct RecordList {
    RecordReader reader;
    std::vector<Record> records;
};
Result<RecordList> read_all_records(const BatchView& batch, std::size_t budget);

}  // namespace tideline::record
