#include "cli/text_codec.h"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace tideline::cli {
namespace {

std::optional<char> simple_escape(char letter) {
    switch (letter) {
        case 'n': return '\n';
        case 't': return '\t';
        case 'r': return '\r';
        case '0': return '\0';
        case '\\': return '\\';
        default: return std::nullopt;
    }
}

// How many continuation bytes follow `lead`, and the smallest code point that needs so many; -1 for none such.
struct Utf8Form {
    int more;
    std::uint32_t smallest;
    std::uint32_t bits;
};
Utf8Form form_of(std::uint8_t lead) {
    if (lead < 0x80) return {0, 0, lead};
    if ((lead & 0xe0) == 0xc0) return {1, 0x80, lead & 0x1fu};
    if ((lead & 0xf0) == 0xe0) return {2, 0x800, lead & 0x0fu};
    if ((lead & 0xf8) == 0xf0) return {3, 0x10000, lead & 0x07u};
    return {-1, 0, 0};
}

}  // namespace

Outcome<std::string> unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        if (i + 1 < text.size()) {
            if (auto simple = simple_escape(text[i + 1])) {
                out += *simple;
                ++i;
                continue;
            }
        }
        unsigned byte = 0;
        const char* digits = text.data() + i + 2;
        if (i + 3 >= text.size() || text[i + 1] != 'x' || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
            return usage_failure(fmt::format("'{}' is not an escape", text.substr(i, 4)),
                                 R"(Known are \n \t \r \0 \\ and \xHH)");
        }
        out += static_cast<char>(byte);
        i += 3;
    }
    return out;
}

bool is_utf8(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size();) {
        Utf8Form form = form_of(static_cast<std::uint8_t>(bytes[i]));
        if (form.more < 0 || i + static_cast<std::size_t>(form.more) >= bytes.size()) {
            return false;
        }
        std::uint32_t point = form.bits;
        for (int k = 1; k <= form.more; ++k) {
            auto next = static_cast<std::uint8_t>(bytes[i + static_cast<std::size_t>(k)]);
            if ((next & 0xc0) != 0x80) {
                return false;
            }
            point = point << 6 | (next & 0x3fu);
        }
        if (point < form.smallest || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
            return false;
        }
        i += static_cast<std::size_t>(form.more) + 1;
    }
    return true;
}

std::string to_base64(std::string_view bytes) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
        for (std::size_t k = 0; k < 3; ++k) {
            group = group << 8 | (k < have ? static_cast<std::uint8_t>(bytes[i + k]) : 0u);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            out += k <= have ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
        }
    }
    return out;
}

}  // namespace tideline::cli
