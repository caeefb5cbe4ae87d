#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <numeric>

namespace tideline::base {
namespace {

std::uint32_t bit_by_bit(ByteView bytes) {
    std::uint32_t state = ~0u;
    for (std::uint8_t byte : bytes) {
        state ^= byte;
        for (int bit = 0; bit < 8; ++bit) {
            state = state & 1 ? state >> 1 ^ 0x82f63b78u : state >> 1;
        }
    }
    return ~state;
}

TEST(Crc32c, MatchesThePublishedCheckValue) { EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283u); }

TEST(Crc32c, EveryLengthAgreesWithTheDefinition) {
    Bytes bytes(1500);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{7});
    for (std::size_t size = 0; size < bytes.size(); size += size < 300 ? 1 : 97) {
        ByteView view(bytes.data(), size);
        ASSERT_EQ(crc32c(view), bit_by_bit(view)) << size;
    }
}

TEST(Crc32c, CanBeContinued) {
    Bytes bytes(1000, 0x5a);
    ByteView all(bytes);
    EXPECT_EQ(crc32c(all.subspan(300), crc32c(all.first(300))), crc32c(all));
}

}  // namespace
}  // namespace tideline::base
