// record/byte_stream.h: fields read one by one from a Decompressor's windows. Internal to the scanner.
#pragma once

#include <memory>

#include "record/compress.h"
#include "record/record.h"

namespace tideline::record {

// Errors: invalid_record when the stream ends before a field does, or a varint is too long.
class ByteStream {
public:
    explicit ByteStream(std::unique_ptr<Decompressor> source) : source_(std::move(source)) {}

    std::size_t position() const { return before_ + at_; }

    Result<std::uint8_t> read_byte();
    Result<std::int32_t> read_varint();
    Result<std::int64_t> read_varlong();
    Result<> skip(std::size_t count);
    // What is there without asking the codec for more, and going on behind the first bytes of it. Not under a tap.
    ByteView window() const { return window_.subspan(at_); }
    void pass(std::size_t count) { at_ += count; }
    // Whether all of the stream was read and the stream is whole.
    Result<bool> at_end();

    // From now until untap() every byte passed over goes to `tap`.
    void tap(RecordTap* tap) {
        tap_ = tap;
        tapped_from_ = at_;
    }
    Result<> untap();

private:
    template <class T>
    Result<T> unsigned_varint();
    // Makes at least one byte available; false at the end.
    Result<bool> refill();
    Result<> flush_tap();

    std::unique_ptr<Decompressor> source_;
    ByteView window_;
    std::size_t at_ = 0;      // in window_
    std::size_t before_ = 0;  // bytes of earlier windows
    RecordTap* tap_ = nullptr;
    std::size_t tapped_from_ = 0;
};

}  // namespace tideline::record
