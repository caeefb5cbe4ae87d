#include "group/environment.h"

namespace tideline::group {

std::string make_member_id(std::string_view prefix, const std::function<std::uint64_t()>& random) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    // The bits that say "random, RFC 4122".
    std::uint64_t high = (random() & 0xffff'ffff'ffff'0fffull) | 0x4000ull;
    std::uint64_t low = (random() & 0x3fff'ffff'ffff'ffffull) | 0x8000'0000'0000'0000ull;
    std::string id(prefix);
    for (int nibble = 0; nibble < 32; ++nibble) {
        if (nibble == 0 || nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) {
            id += '-';
        }
        std::uint64_t half = nibble < 16 ? high : low;
        id += kDigits[(half >> (60 - 4 * (nibble % 16))) & 15];
    }
    return id;
}

}  // namespace tideline::group
