#include "record/byte_stream.h"

#include <algorithm>

namespace tideline::record {

using base::fail;

namespace {

std::unexpected<base::Error> cut_short() { return fail(ErrorCode::invalid_record, "records end before the last one does"); }

}  // namespace

Result<bool> ByteStream::refill() {
    if (at_ < window_.size()) {
        return true;
    }
    TL_TRY_VOID(flush_tap());
    before_ += window_.size();
    window_ = {};
    at_ = 0;
    tapped_from_ = 0;
    TL_TRY(piece, source_->next());
    window_ = piece;
    return !window_.empty();
}

Result<> ByteStream::flush_tap() {
    if (tap_ != nullptr && at_ > tapped_from_) {
        TL_TRY_VOID(tap_->on_rest(window_.subspan(tapped_from_, at_ - tapped_from_)));
        tapped_from_ = at_;
    }
    return {};
}

Result<> ByteStream::untap() {
    TL_TRY_VOID(flush_tap());
    tap_ = nullptr;
    return {};
}

Result<std::uint8_t> ByteStream::read_byte() {
    if (at_ == window_.size()) [[unlikely]] {
        TL_TRY(more, refill());
        if (!more) {
            return cut_short();
        }
    }
    return window_[at_++];
}

template <class T>
Result<T> ByteStream::unsigned_varint() {
    constexpr unsigned kBits = sizeof(T) * 8;
    T value = 0;
    for (unsigned shift = 0; shift < kBits; shift += 7) {
        TL_TRY(byte, read_byte());
        T part = byte & 0x7f;
        if (shift + 7 > kBits && (part >> (kBits - shift)) != 0) {
            break;
        }
        value |= part << shift;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
    return fail(ErrorCode::invalid_record, "varint in a record is too long");
}

Result<std::int32_t> ByteStream::read_varint() {
    // Almost every varint of a record is one byte.
    if (at_ < window_.size() && window_[at_] < 0x80) [[likely]] {
        std::uint32_t raw = window_[at_++];
        return static_cast<std::int32_t>((raw >> 1) ^ (0u - (raw & 1)));
    }
    TL_TRY(raw, unsigned_varint<std::uint32_t>());
    return static_cast<std::int32_t>((raw >> 1) ^ (0u - (raw & 1)));
}

Result<std::int64_t> ByteStream::read_varlong() {
    TL_TRY(raw, unsigned_varint<std::uint64_t>());
    return static_cast<std::int64_t>((raw >> 1) ^ (std::uint64_t{0} - (raw & 1)));
}

Result<> ByteStream::skip(std::size_t count) {
    while (count > 0) {
        TL_TRY(more, refill());
        if (!more) {
            return cut_short();
        }
        std::size_t step = std::min(count, window_.size() - at_);
        at_ += step;
        count -= step;
    }
    return {};
}

Result<bool> ByteStream::at_end() {
    TL_TRY(more, refill());
    return !more;
}

}  // namespace tideline::record
