// protocol/test_bytes.h: for tests: bytes as they stand in a dump.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace tideline::protocol {

// "00ff 02" is three bytes.
inline base::Bytes from_hex(std::string_view text) {
    base::Bytes bytes;
    int digits = 0;
    for (char c : text) {
        if (c == ' ') {
            continue;
        }
        const int nibble = c <= '9' ? c - '0' : c - 'a' + 10;
        if (digits++ % 2 == 0) {
            bytes.push_back(0);
        }
        bytes.back() = static_cast<std::uint8_t>(bytes.back() << 4 | nibble);
    }
    return bytes;
}

inline std::string to_hex(base::ByteView bytes) {
    std::string text;
    for (std::uint8_t byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

}  // namespace tideline::protocol
