#include "server/read_buffer.h"

#include <gtest/gtest.h>

namespace tideline::server {
namespace {

void fill(ReadBuffer& buffer, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
        buffer.free_space()[i] = static_cast<std::uint8_t>(i);
    }
    buffer.filled(bytes);
}

TEST(ReadBuffer, AsksForALargerBlockWhenReadsFillItAndForASmallerOneAfterwards) {
    ReadBuffer buffer;
    buffer.reallocate(buffer.wanted_capacity());
    fill(buffer, buffer.capacity());
    buffer.consume(buffer.unread().size());
    EXPECT_EQ(buffer.wanted_capacity(), ReadBuffer::kSmallest * 4);
    fill(buffer, 10);
    buffer.consume(10);
    EXPECT_EQ(buffer.wanted_capacity(), ReadBuffer::kSmallest);
}

TEST(ReadBuffer, AsksForALargerBlockAfterABurstThatTookSeveralReads) {
    ReadBuffer buffer;
    buffer.reallocate(buffer.wanted_capacity());
    fill(buffer, buffer.capacity());
    buffer.consume(buffer.capacity() - 10);
    buffer.compact();
    fill(buffer, 100);
    buffer.consume(110);
    EXPECT_EQ(buffer.wanted_capacity(), ReadBuffer::kSmallest * 4);
}

TEST(ReadBuffer, KeepsUnreadBytesWhenItMovesThem) {
    ReadBuffer buffer;
    buffer.reallocate(16);
    fill(buffer, 16);
    buffer.consume(10);
    buffer.compact();
    EXPECT_EQ(buffer.free_space().size(), 10u);
    buffer.reallocate(100);
    ASSERT_EQ(buffer.unread().size(), 6u);
    EXPECT_EQ(buffer.unread()[0], 10);
}

}  // namespace
}  // namespace tideline::server
