#include <lz4frame.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "record/compress.h"
#include "record/xerial.h"

namespace tideline::record {

using base::fail;

namespace {

constexpr std::size_t kWindowBytes = 32 * 1024;
constexpr int kZstdWindowLogMax = 27;

std::unexpected<base::Error> corrupt(std::string_view note, std::int64_t detail = 0) { return fail(ErrorCode::corrupt_message, note, detail); }

// Memory that is not zeroed: a window is written before it is read.
class Window {
public:
    explicit Window(std::size_t size) : bytes_(std::make_unique_for_overwrite<std::uint8_t[]>(size)), size_(size) {}
    std::uint8_t* data() { return bytes_.get(); }
    std::size_t size() const { return size_; }
    ByteView first(std::size_t count) const { return ByteView(bytes_.get(), size_).first(count); }

private:
    std::unique_ptr<std::uint8_t[]> bytes_;
    std::size_t size_;
};

class PlainReader final : public Decompressor {
public:
    PlainReader(ByteView input, std::size_t budget) : Decompressor(budget), input_(input) {}

private:
    Result<ByteView> produce() override { return std::exchange(input_, {}); }

    ByteView input_;
};

// One or more gzip members; anything else behind a member is refused.
class GzipReader final : public Decompressor {
public:
    GzipReader(ByteView input, std::size_t budget) : Decompressor(budget), window_(kWindowBytes) {
        stream_.next_in = const_cast<Bytef*>(input.data());
        stream_.avail_in = static_cast<uInt>(input.size());
        constexpr int kGzipOnly = 16 + MAX_WBITS;
        TL_CHECK(inflateInit2(&stream_, kGzipOnly) == Z_OK);
    }
    ~GzipReader() override { inflateEnd(&stream_); }
    GzipReader(const GzipReader&) = delete;
    GzipReader& operator=(const GzipReader&) = delete;

private:
    Result<ByteView> produce() override {
        stream_.next_out = window_.data();
        stream_.avail_out = static_cast<uInt>(window_.size());
        while (stream_.avail_out != 0) {
            if (member_done_) {
                if (stream_.avail_in == 0) {
                    break;
                }
                TL_CHECK(inflateReset(&stream_) == Z_OK);
                member_done_ = false;
            }
            int status = inflate(&stream_, Z_NO_FLUSH);
            if (status == Z_STREAM_END) {
                member_done_ = true;
            } else if (status == Z_BUF_ERROR) {
                return corrupt("gzip stream is cut short");
            } else if (status != Z_OK) {
                return corrupt("gzip stream is corrupt", status);
            }
        }
        return window_.first(window_.size() - stream_.avail_out);
    }

    Window window_;
    z_stream stream_{};
    bool member_done_ = false;
};

class Lz4Reader final : public Decompressor {
public:
    Lz4Reader(ByteView input, std::size_t budget) : Decompressor(budget), window_(2 * kWindowBytes), input_(input) {
        TL_CHECK(!LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)));
    }
    ~Lz4Reader() override { LZ4F_freeDecompressionContext(context_); }
    Lz4Reader(const Lz4Reader&) = delete;
    Lz4Reader& operator=(const Lz4Reader&) = delete;

private:
    Result<ByteView> produce() override {
        std::size_t written = 0;
        while (written == 0 && !done_) {
            std::size_t room = window_.size();
            std::size_t taken = input_.size();
            std::size_t status = LZ4F_decompress(context_, window_.data(), &room, input_.data(), &taken, nullptr);
            if (LZ4F_isError(status)) {
                return corrupt("lz4 frame is corrupt", static_cast<std::int64_t>(status));
            }
            input_ = input_.subspan(taken);
            written = room;
            done_ = status == 0;
            if (!done_ && written == 0 && taken == 0) {
                return corrupt("lz4 frame is cut short");
            }
        }
        if (done_ && !input_.empty()) {
            // A Java consumer would silently stop here and miss what follows.
            return corrupt("bytes behind the lz4 frame", static_cast<std::int64_t>(input_.size()));
        }
        return window_.first(written);
    }

    Window window_;
    ByteView input_;
    LZ4F_dctx* context_ = nullptr;
    bool done_ = false;
};

class ZstdReader final : public Decompressor {
public:
    ZstdReader(ByteView input, std::size_t budget)
        : Decompressor(budget), window_(kWindowBytes), context_(ZSTD_createDCtx()), input_{input.data(), input.size(), 0} {
        TL_CHECK(context_ != nullptr);
        ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kZstdWindowLogMax);
    }
    ~ZstdReader() override { ZSTD_freeDCtx(context_); }
    ZstdReader(const ZstdReader&) = delete;
    ZstdReader& operator=(const ZstdReader&) = delete;

private:
    Result<ByteView> produce() override {
        ZSTD_outBuffer out{window_.data(), window_.size(), 0};
        while (out.pos == 0) {
            if (frame_done_ && input_.pos == input_.size) {
                break;
            }
            std::size_t before = input_.pos;
            std::size_t status = ZSTD_decompressStream(context_, &out, &input_);
            if (ZSTD_isError(status)) {
                return corrupt("zstd stream is corrupt", -static_cast<std::int64_t>(status));
            }
            frame_done_ = status == 0;
            if (!frame_done_ && out.pos == 0 && input_.pos == before) {
                return corrupt("zstd stream is cut short");
            }
        }
        return window_.first(out.pos);
    }

    Window window_;
    ZSTD_DCtx* context_;
    ZSTD_inBuffer input_;
    bool frame_done_ = false;
};

// Snappy blocks: one raw block, or xerial's frame of blocks with a length before each.
class SnappyReader final : public Decompressor {
public:
    SnappyReader(ByteView input, std::size_t budget) : Decompressor(budget), input_(input), window_(0) {
        framed_ = input.size() >= kXerialHeaderBytes && has_xerial_magic(input);
        if (framed_) {
            input_ = input_.subspan(kXerialHeaderBytes);
        }
    }

private:
    Result<ByteView> produce() override {
        if (!framed_) {
            if (std::exchange(done_, true)) {
                return ByteView();
            }
            return uncompress(std::exchange(input_, {}));
        }
        while (!input_.empty()) {
            TL_TRY(block, next_block());
            if (block.empty()) {
                continue;
            }
            TL_TRY(output, uncompress(block));
            if (!output.empty()) {
                return output;
            }
        }
        return ByteView();
    }

    // The next block of a frame; empty if another frame's header stood there (streams written one after the other).
    Result<ByteView> next_block() {
        if (input_.size() < sizeof(std::int32_t)) {
            return corrupt("snappy block length is cut short");
        }
        if (has_xerial_magic(input_)) {
            if (input_.size() < kXerialHeaderBytes) {
                return corrupt("snappy frame header is cut short");
            }
            input_ = input_.subspan(kXerialHeaderBytes);
            return ByteView();
        }
        auto length = base::load_be<std::int32_t>(input_.data());
        input_ = input_.subspan(sizeof length);
        if (length <= 0 || static_cast<std::size_t>(length) > input_.size()) {
            return corrupt("snappy block length is out of range", length);
        }
        ByteView block = input_.first(static_cast<std::size_t>(length));
        input_ = input_.subspan(block.size());
        return block;
    }

    Result<ByteView> uncompress(ByteView block) {
        const char* from = reinterpret_cast<const char*>(block.data());
        std::size_t claimed = 0;
        if (snappy_uncompressed_length(from, block.size(), &claimed) != SNAPPY_OK) {
            return corrupt("snappy length is corrupt");
        }
        // A copy of 64 bytes takes three: no block can honestly claim more than this.
        if (claimed / 22 > block.size()) {
            return corrupt("snappy length is more than the block can hold", static_cast<std::int64_t>(claimed));
        }
        if (claimed > budget_left()) {
            return fail(ErrorCode::message_too_large, "decompressed records exceed the limit", static_cast<std::int64_t>(claimed));
        }
        if (claimed > window_.size()) {
            window_ = Window(claimed);
        }
        std::size_t written = claimed;
        if (snappy_uncompress(from, block.size(), reinterpret_cast<char*>(window_.data()), &written) != SNAPPY_OK) {
            return corrupt("snappy block is corrupt");
        }
        return window_.first(written);
    }

    ByteView input_;
    Window window_;
    bool framed_ = false;
    bool done_ = false;
};

}  // namespace

Result<ByteView> Decompressor::next() {
    TL_TRY_VOID(state_);
    auto piece = produce();
    if (!piece) {
        state_ = std::unexpected(piece.error());
        return piece;
    }
    if (piece->size() > budget_left()) {
        state_ = fail(ErrorCode::message_too_large, "decompressed records exceed the limit", static_cast<std::int64_t>(budget_));
        return std::unexpected(state_.error());
    }
    produced_ += piece->size();
    return piece;
}

std::unique_ptr<Decompressor> make_decompressor(CompressionType type, ByteView input, std::size_t budget) {
    switch (type) {
        case CompressionType::none: return std::make_unique<PlainReader>(input, budget);
        case CompressionType::gzip: return std::make_unique<GzipReader>(input, budget);
        case CompressionType::snappy: return std::make_unique<SnappyReader>(input, budget);
        case CompressionType::lz4: return std::make_unique<Lz4Reader>(input, budget);
        case CompressionType::zstd: return std::make_unique<ZstdReader>(input, budget);
    }
    TL_CHECK(false);
}

Result<Bytes> decompress(CompressionType type, ByteView input, std::size_t budget) {
    auto reader = make_decompressor(type, input, budget);
    Bytes output;
    while (true) {
        TL_TRY(piece, reader->next());
        if (piece.empty()) {
            return output;
        }
        output.insert(output.end(), piece.begin(), piece.end());
    }
}

Result<> check_readable_by_java(CompressionType type, ByteView input) {
    if (type != CompressionType::lz4) {
        return {};
    }
    constexpr std::uint8_t kMagic[] = {0x04, 0x22, 0x4d, 0x18};
    constexpr std::uint8_t kBlocksIndependent = 0x20;
    if (input.size() < 5 || std::memcmp(input.data(), kMagic, sizeof kMagic) != 0) {
        return corrupt("not an lz4 frame");
    }
    if ((input[4] & kBlocksIndependent) == 0) {
        return corrupt("lz4 blocks are not independent, which Java cannot read");
    }
    return {};
}

}  // namespace tideline::record
