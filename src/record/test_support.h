// record/test_support.h: what the tests of this room share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "record/build.h"

namespace tideline::record {

inline constexpr std::size_t kPlenty = std::size_t{1} << 26;

inline Bytes from_base64(std::string_view text) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Bytes out;
    std::uint32_t bits = 0;
    int count = 0;
    for (char c : text) {
        if (c == '=') {
            break;
        }
        bits = bits << 6 | static_cast<std::uint32_t>(kAlphabet.find(c));
        count += 6;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<std::uint8_t>(bits >> count));
        }
    }
    return out;
}

inline std::string hex(ByteView bytes) {
    std::string out;
    for (std::uint8_t byte : bytes) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

inline std::string text_of(const std::optional<ByteView>& bytes) { return bytes ? std::string(base::as_text(*bytes)) : "null"; }

// A batch of `count` plain records as a producer sends it.
inline Bytes produced_batch(int count, BatchOptions options = {}, std::int64_t timestamp = 1'700'000'000'000) {
    BatchBuilder builder(options);
    for (int i = 0; i < count; ++i) {
        std::string key = "key-" + std::to_string(i);
        std::string value = "value-" + std::string(static_cast<std::size_t>(i % 50), 'x');
        builder.add(timestamp + i, base::as_bytes(key), base::as_bytes(value));
    }
    return builder.finish();
}

// Bytes no codec can make smaller, the same in every run.
inline Bytes noise(std::size_t count, std::uint32_t seed = 1) {
    Bytes out(count);
    for (std::uint8_t& byte : out) {
        seed = seed * 1664525u + 1013904223u;
        byte = static_cast<std::uint8_t>(seed >> 24);
    }
    return out;
}

}  // namespace tideline::record
