// record/compress.h: the four codecs of a batch's records, as streams that cost bounded memory whatever the bytes claim.
//
// Writing is what the Java client writes: gzip; snappy in the xerial framing of snappy-java (blocks of 32 KiB); lz4 frames of
// independent 64 KiB blocks; zstd frames. Reading takes what any client writes: gzip members one after the other, xerial and
// raw snappy, every legal lz4 frame, any zstd frames with a window of at most 128 MiB (zstd's own default, level 22).
// Memory:  a Decompressor holds its input as a view and one window of output. Nothing is allocated from a length before that
//          length is checked against the bytes that are there. Raw snappy has no blocks and needs its whole output: at most
//          22 bytes for each byte of input, which is the most the format can express.
// Errors:  corrupt_message: the stream is not what its codec demands, or is cut short, or goes on behind its end;
//          message_too_large: more output than the budget.
// Format:  docs/formats/record-batch.md, "Codecs"
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "record/compression_type.h"

namespace tideline::record {

using base::Bytes;
using base::ByteView;
using base::Result;

class Decompressor {
public:
    virtual ~Decompressor() = default;

    // The next piece of output, valid until the next call; empty at the end of a whole stream, and only there. Once it
    // has failed it fails the same way again.
    Result<ByteView> next();

    // Bytes handed out so far.
    std::size_t produced() const { return produced_; }

protected:
    explicit Decompressor(std::size_t budget) : budget_(budget) {}
    std::size_t budget_left() const { return budget_ - produced_; }

private:
    // At least one byte, or none at the end.
    virtual Result<ByteView> produce() = 0;

    std::size_t budget_;
    std::size_t produced_ = 0;
    Result<> state_;
};

// Reads `input`, which must outlive the reader. `budget` bounds all output together.
std::unique_ptr<Decompressor> make_decompressor(CompressionType type, ByteView input, std::size_t budget);

// All of it at once.
Result<Bytes> decompress(CompressionType type, ByteView input, std::size_t budget);

// Refuses what we can read but a Java consumer cannot, so that a batch accepted here can be consumed there: lz4 frames whose
// blocks refer back to earlier ones, and frames that do not begin with the ordinary magic.
Result<> check_readable_by_java(CompressionType type, ByteView input);

// Appends compressed bytes to a buffer, which it borrows.
class Compressor {
public:
    virtual ~Compressor() = default;
    virtual void write(ByteView bytes) = 0;
    // Exactly once, last: nothing is complete before.
    virtual void finish() = 0;
};

// Needs is_legal_level(type, level). For gzip, lz4 and zstd the level means what it means to Kafka; the others ignore it.
// `expected_bytes` is a guess at the input's size; zstd sizes its tables by it.
std::unique_ptr<Compressor> make_compressor(CompressionType type, std::int32_t level, Bytes& out, std::size_t expected_bytes = std::size_t{1} << 20);

// Appends the compressed form of `input` to `out`. Knows the size beforehand, which makes small zstd batches cheaper.
void compress_into(CompressionType type, std::int32_t level, ByteView input, Bytes& out);
Bytes compress(CompressionType type, ByteView input, std::int32_t level);

}  // namespace tideline::record
