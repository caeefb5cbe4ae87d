#include "record/whole_record.h"

#include <type_traits>

namespace tideline::record {

namespace {

// Goes forward only while everything is as it should be; says false instead of what is wrong, which costs nothing to say.
class Walk {
public:
    explicit Walk(ByteView bytes) : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

    std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

    bool byte(std::int8_t& value) {
        if (at_ == end_) {
            return false;
        }
        value = static_cast<std::int8_t>(*at_++);
        return true;
    }

    template <class T>
    bool varint(T& value) {
        using Raw = std::make_unsigned_t<T>;
        Raw raw = 0;
        // One byte or two, as almost all are. Branches rather than arithmetic: what they lead to is the same from record to record.
        if (left() >= 1 && at_[0] < 0x80) [[likely]] {
            raw = *at_++;
        } else if (left() >= 2 && at_[1] < 0x80) [[likely]] {
            raw = (at_[0] & 0x7f) | static_cast<Raw>(at_[1]) << 7;
            at_ += 2;
        } else if (!long_varint(raw)) {
            return false;
        }
        value = static_cast<T>((raw >> 1) ^ (Raw{0} - (raw & 1)));
        return true;
    }

    bool skip(std::int32_t count) {
        std::size_t bytes = count < 0 ? 0 : static_cast<std::size_t>(count);
        if (bytes > left()) {
            return false;
        }
        at_ += bytes;
        return true;
    }

private:
    // Bits that do not fit are too many, as in ByteStream.
    template <class Raw>
    bool long_varint(Raw& raw) {
        constexpr unsigned kBits = sizeof(Raw) * 8;
        for (unsigned shift = 0; shift < kBits && at_ < end_; shift += 7) {
            Raw part = *at_ & 0x7f;
            if (shift + 7 > kBits && (part >> (kBits - shift)) != 0) {
                return false;
            }
            raw |= part << shift;
            if ((*at_++ & 0x80) == 0) {
                return true;
            }
        }
        return false;
    }

    const std::uint8_t* begin_;
    const std::uint8_t* at_;
    const std::uint8_t* end_;
};

bool skip_headers(Walk& walk, std::int32_t count) {
    for (std::int32_t i = 0; i < count; ++i) {
        std::int32_t key_bytes = 0;
        std::int32_t value_bytes = 0;
        if (!walk.varint(key_bytes) || key_bytes < 0 || !walk.skip(key_bytes) || !walk.varint(value_bytes) || !walk.skip(value_bytes)) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::size_t read_whole_record(ByteView bytes, RecordFacts& facts) {
    Walk walk(bytes);
    if (!walk.varint(facts.body_bytes) || facts.body_bytes < 0) {
        return 0;
    }
    std::size_t end = walk.position() + static_cast<std::size_t>(facts.body_bytes);
    bool is_whole = walk.byte(facts.attributes) && walk.varint(facts.timestamp_delta) && walk.varint(facts.offset_delta) &&
                    walk.varint(facts.key_bytes) && walk.skip(facts.key_bytes) && walk.varint(facts.value_bytes) &&
                    walk.skip(facts.value_bytes) && walk.varint(facts.header_count) && facts.header_count >= 0 &&
                    skip_headers(walk, facts.header_count);
    return is_whole && walk.position() == end ? end : 0;
}

}  // namespace tideline::record
