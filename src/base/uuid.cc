#include "base/uuid.h"

#include <array>

namespace tideline::base {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kTextSize = 22;

std::array<std::uint8_t, 16> to_array(const Uuid& id) {
    std::array<std::uint8_t, 16> out{};
    for (int i = 0; i < 8; ++i) {
        out[i] = static_cast<std::uint8_t>(id.high >> (56 - 8 * i));
        out[8 + i] = static_cast<std::uint8_t>(id.low >> (56 - 8 * i));
    }
    return out;
}

}  // namespace

std::string to_string(const Uuid& id) {
    auto raw = to_array(id);
    std::string text;
    std::uint32_t pending = 0;
    int bits = 0;
    for (std::uint8_t byte : raw) {
        pending = pending << 8 | byte;
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            text += kAlphabet[pending >> bits & 0x3f];
        }
    }
    text += kAlphabet[pending << (6 - bits) & 0x3f];
    return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    if (text.size() != kTextSize) {
        return std::nullopt;
    }
    std::array<std::uint8_t, 16> raw{};
    std::size_t filled = 0;
    std::uint32_t pending = 0;
    int bits = 0;
    for (char c : text) {
        std::size_t digit = kAlphabet.find(c);
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        pending = pending << 6 | static_cast<std::uint32_t>(digit);
        bits += 6;
        if (bits >= 8 && filled < raw.size()) {
            bits -= 8;
            raw[filled++] = static_cast<std::uint8_t>(pending >> bits);
        }
    }
    Uuid id;
    for (int i = 0; i < 8; ++i) {
        id.high = id.high << 8 | raw[i];
        id.low = id.low << 8 | raw[8 + i];
    }
    return id;
}

Uuid make_uuid(const std::function<std::uint64_t()>& next_random) {
    for (;;) {
        Uuid id{next_random(), next_random()};
        id.high = (id.high & ~0xf000ull) | 0x4000ull;
        id.low = (id.low & 0x3fffffffffffffffull) | 0x8000000000000000ull;
        if (to_string(id).front() != '-') {
            return id;
        }
    }
}

}  // namespace tideline::base
