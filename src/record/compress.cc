#include "record/compress.h"

#include <lz4.h>
#include <lz4hc.h>
#include <snappy-c.h>
#include <zlib.h>
// For the size hint, which is not in the stable part of the API. Debian's shared library has it.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include <algorithm>

#include "base/check.h"
#include "record/xerial.h"

namespace tideline::record {

namespace {

constexpr std::size_t kStreamBytes = 32 * 1024;

// Room for `count` more bytes at the end of `out`; shrink_to() gives back what was not written.
std::uint8_t* grow(Bytes& out, std::size_t count) {
    std::size_t at = out.size();
    out.resize(at + count);
    return out.data() + at;
}
void shrink_to(Bytes& out, const std::uint8_t* end) { out.resize(static_cast<std::size_t>(end - out.data())); }

class PlainWriter final : public Compressor {
public:
    explicit PlainWriter(Bytes& out) : out_(out) {}
    void write(ByteView bytes) override { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    void finish() override {}

private:
    Bytes& out_;
};

// Cuts what is written into blocks of a fixed size, the last one shorter. Even codecs without blocks want this: records
// come in pieces of a few bytes.
class BlockWriter : public Compressor {
public:
    void write(ByteView bytes) final {
        while (!bytes.empty()) {
            if (pending_.empty() && bytes.size() >= block_bytes_) {
                write_block(bytes.first(block_bytes_));
                bytes = bytes.subspan(block_bytes_);
                continue;
            }
            ByteView taken = bytes.first(std::min(bytes.size(), block_bytes_ - pending_.size()));
            pending_.insert(pending_.end(), taken.begin(), taken.end());
            bytes = bytes.subspan(taken.size());
            if (pending_.size() == block_bytes_) {
                flush();
            }
        }
    }

    void finish() final {
        flush();
        write_end();
    }

protected:
    BlockWriter(std::size_t block_bytes, Bytes& out) : out_(out), block_bytes_(block_bytes) {}
    virtual void write_block(ByteView block) = 0;
    virtual void write_end() {}

    Bytes& out_;

private:
    void flush() {
        if (!pending_.empty()) {
            write_block(pending_);
            pending_.clear();
        }
    }

    std::size_t block_bytes_;
    Bytes pending_;
};

class GzipWriter final : public BlockWriter {
public:
    GzipWriter(std::int32_t level, Bytes& out) : BlockWriter(kStreamBytes, out) {
        constexpr int kGzip = 16 + MAX_WBITS;
        constexpr int kMemoryLevel = 8;
        TL_CHECK(deflateInit2(&stream_, level, Z_DEFLATED, kGzip, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK);
    }
    ~GzipWriter() override { deflateEnd(&stream_); }
    GzipWriter(const GzipWriter&) = delete;
    GzipWriter& operator=(const GzipWriter&) = delete;

private:
    void write_block(ByteView bytes) override { run(bytes, Z_NO_FLUSH); }
    void write_end() override { run({}, Z_FINISH); }

    void run(ByteView bytes, int flush) {
        constexpr std::size_t kStep = 16 * 1024;
        stream_.next_in = const_cast<Bytef*>(bytes.data());
        stream_.avail_in = static_cast<uInt>(bytes.size());
        int status = Z_OK;
        do {
            stream_.next_out = grow(out_, kStep);
            stream_.avail_out = kStep;
            status = deflate(&stream_, flush);
            TL_CHECK(status != Z_STREAM_ERROR);
            shrink_to(out_, stream_.next_out);
        } while (stream_.avail_out == 0 || (flush == Z_FINISH && status != Z_STREAM_END));
    }

    z_stream stream_{};
};

class SnappyWriter final : public BlockWriter {
public:
    explicit SnappyWriter(Bytes& out) : BlockWriter(kXerialBlockBytes, out) { out.insert(out.end(), kXerialHeader.begin(), kXerialHeader.end()); }

private:
    void write_block(ByteView block) override {
        std::size_t size = snappy_max_compressed_length(block.size());
        std::uint8_t* to = grow(out_, sizeof(std::int32_t) + size);
        auto* body = to + sizeof(std::int32_t);
        TL_CHECK(snappy_compress(reinterpret_cast<const char*>(block.data()), block.size(), reinterpret_cast<char*>(body), &size) == SNAPPY_OK);
        base::store_be(to, static_cast<std::int32_t>(size));
        shrink_to(out_, body + size);
    }
};

void store_le32(std::uint8_t* to, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) {
        to[i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
}

// The frame is written by hand: liblz4's own framing maps levels 1 and 2 to the fast compressor, where Kafka means the
// high-compression one with few attempts, and Kafka's default level, 9, means the fast compressor.
class Lz4Writer final : public BlockWriter {
public:
    Lz4Writer(std::int32_t level, Bytes& out) : BlockWriter(kBlockBytes, out), level_(level) {
        // Magic; version 1 with independent blocks and no checksums; blocks of 64 KiB; a checksum of these two bytes.
        constexpr std::uint8_t kFrameHeader[] = {0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82};
        out.insert(out.end(), std::begin(kFrameHeader), std::end(kFrameHeader));
    }

private:
    static constexpr std::size_t kBlockBytes = 64 * 1024;
    static constexpr std::uint32_t kStoredBit = 0x80000000;

    void write_block(ByteView block) override {
        const char* from = reinterpret_cast<const char*>(block.data());
        int from_size = static_cast<int>(block.size());
        int bound = LZ4_compressBound(from_size);
        std::uint8_t* to = grow(out_, 4 + static_cast<std::size_t>(bound));
        char* body = reinterpret_cast<char*>(to + 4);
        int size = level_ == default_level(CompressionType::lz4) ? LZ4_compress_default(from, body, from_size, bound)
                                                                 : LZ4_compress_HC(from, body, from_size, bound, level_);
        TL_CHECK(size > 0);
        auto header = static_cast<std::uint32_t>(size);
        if (size >= from_size) {
            std::copy(block.begin(), block.end(), to + 4);
            size = from_size;
            header = static_cast<std::uint32_t>(size) | kStoredBit;
        }
        store_le32(to, header);
        shrink_to(out_, to + 4 + size);
    }
    void write_end() override { store_le32(grow(out_, 4), 0); }

    std::int32_t level_;
};

class ZstdWriter final : public BlockWriter {
public:
    ZstdWriter(std::int32_t level, Bytes& out, std::size_t size, bool size_is_exact)
        : BlockWriter(kStreamBytes, out), context_(ZSTD_createCCtx()) {
        TL_CHECK(context_ != nullptr);
        ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
        if (size_is_exact) {
            ZSTD_CCtx_setPledgedSrcSize(context_, size);
        }
        // Tables are sized for what is expected. Level 22 would otherwise take 700 MiB for a stream of any length.
        ZSTD_CCtx_setParameter(context_, ZSTD_c_srcSizeHint, static_cast<int>(std::clamp<std::size_t>(size, 1, kHintMax)));
    }
    ~ZstdWriter() override { ZSTD_freeCCtx(context_); }
    ZstdWriter(const ZstdWriter&) = delete;
    ZstdWriter& operator=(const ZstdWriter&) = delete;

private:
    void write_block(ByteView bytes) override { run(bytes, ZSTD_e_continue); }
    void write_end() override { run({}, ZSTD_e_end); }

    void run(ByteView bytes, ZSTD_EndDirective end) {
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        std::size_t left = 0;
        do {
            ZSTD_outBuffer out{grow(out_, kStreamBytes), kStreamBytes, 0};
            left = ZSTD_compressStream2(context_, &out, &in, end);
            TL_CHECK(!ZSTD_isError(left));
            shrink_to(out_, static_cast<std::uint8_t*>(out.dst) + out.pos);
        } while (end == ZSTD_e_end ? left != 0 : in.pos != in.size);
    }

    static constexpr std::size_t kHintMax = std::size_t{8} << 20;

    ZSTD_CCtx* context_;
};

std::unique_ptr<Compressor> make_sized(CompressionType type, std::int32_t level, Bytes& out, std::size_t size, bool size_is_exact) {
    TL_CHECK(is_legal_level(type, level));
    switch (type) {
        case CompressionType::none: return std::make_unique<PlainWriter>(out);
        case CompressionType::gzip: return std::make_unique<GzipWriter>(level, out);
        case CompressionType::snappy: return std::make_unique<SnappyWriter>(out);
        case CompressionType::lz4: return std::make_unique<Lz4Writer>(level, out);
        case CompressionType::zstd: return std::make_unique<ZstdWriter>(level, out, size, size_is_exact);
    }
    TL_CHECK(false);
}

}  // namespace

std::unique_ptr<Compressor> make_compressor(CompressionType type, std::int32_t level, Bytes& out, std::size_t expected_bytes) {
    return make_sized(type, level, out, expected_bytes, false);
}

void compress_into(CompressionType type, std::int32_t level, ByteView input, Bytes& out) {
    auto writer = make_sized(type, level, out, input.size(), true);
    writer->write(input);
    writer->finish();
}

Bytes compress(CompressionType type, ByteView input, std::int32_t level) {
    Bytes out;
    compress_into(type, level, input, out);
    return out;
}

}  // namespace tideline::record
