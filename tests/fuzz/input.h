// tests/fuzz/input.h: the bytes of a fuzzer, taken piece by piece. Past the end everything is zero or empty.
#pragma once

#include "base/bytes.h"

namespace tideline::fuzz {

class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : left_(data, size) {}

    bool empty() const { return left_.empty(); }
    std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
    // Big-endian, of so many bytes.
    std::uint64_t number(std::size_t bytes) {
        std::uint64_t value = 0;
        for (std::uint8_t each : take(bytes)) {
            value = value << 8 | each;
        }
        return value;
    }
    // A number in [0, end), of two bytes.
    std::uint64_t below(std::uint64_t end) { return number(2) % end; }
    bool flag() { return (byte() & 1) != 0; }
    base::ByteView take(std::size_t bytes) {
        base::ByteView taken = left_.first(std::min(bytes, left_.size()));
        left_ = left_.subspan(taken.size());
        return taken;
    }
    base::ByteView rest() { return take(left_.size()); }

private:
    base::ByteView left_;
};

}  // namespace tideline::fuzz
