#include "group/xxh3.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tideline::group {
namespace {

std::vector<std::uint8_t> pattern(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::uint8_t>(i * 131 + size * 7 + (i >> 8));
    }
    return bytes;
}

// The expected values are those of XXH3_64bits of libxxhash 0.8.1.
TEST(Xxh3, HashesAsTheReferenceDoesForEachRangeOfLengths) {
    EXPECT_EQ(xxh3(pattern(0)), 0x2d06800538d394c2u);
    EXPECT_EQ(xxh3(pattern(3)), 0xde31dc6f857de05cu);
    EXPECT_EQ(xxh3(pattern(8)), 0xa2531ca9bc96d2f3u);
    EXPECT_EQ(xxh3(pattern(16)), 0xee77c8a8ffd8a230u);
    EXPECT_EQ(xxh3(pattern(100)), 0xe065a8f7cff421beu);
    EXPECT_EQ(xxh3(pattern(200)), 0x6c2657ee70dbb58eu);
    EXPECT_EQ(xxh3(pattern(1000)), 0x82d4f57f2d41c12fu);
    EXPECT_EQ(xxh3(pattern(3000)), 0x36cd06ce61b3e61bu);
}

}  // namespace
}  // namespace tideline::group
