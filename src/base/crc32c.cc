#include "base/crc32c.h"

#include <array>

#if defined(__SSE4_2__)
#include <nmmintrin.h>
#endif
#if defined(TL_HAVE_ISAL)
#include <isa-l/crc.h>
#endif

namespace tideline::base {

namespace {

#if defined(__SSE4_2__)

std::uint32_t crc_short(const std::uint8_t* at, std::size_t size, std::uint32_t state) {
    std::uint64_t wide = state;
    for (; size >= 8; size -= 8, at += 8) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    state = static_cast<std::uint32_t>(wide);
    for (; size > 0; --size, ++at) {
        state = _mm_crc32_u8(state, *at);
    }
    return state;
}

#else

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = value & 1 ? value >> 1 ^ 0x82f63b78u : value >> 1;
        }
        table[i] = value;
    }
    return table;
}
constexpr auto kTable = make_table();

std::uint32_t crc_short(const std::uint8_t* at, std::size_t size, std::uint32_t state) {
    for (; size > 0; --size, ++at) {
        state = kTable[(state ^ *at) & 0xff] ^ state >> 8;
    }
    return state;
}

#endif

}  // namespace

std::uint32_t crc32c(ByteView bytes, std::uint32_t previous) {
    std::uint32_t state = ~previous;
#if defined(TL_HAVE_ISAL)
    constexpr std::size_t kLongInput = 256;
    if (bytes.size() >= kLongInput && bytes.size() <= static_cast<std::size_t>(INT32_MAX)) {
        // ISA-L reads only, though its prototype lacks the const.
        return ~crc32_iscsi(const_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), state);
    }
#endif
    return ~crc_short(bytes.data(), bytes.size(), state);
}

}  // namespace tideline::base
