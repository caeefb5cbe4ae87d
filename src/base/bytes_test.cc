#include "base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace tideline::base {
namespace {

template <class T, class Write, class Read>
void expect_round_trip(std::initializer_list<T> values, Write write, Read read) {
    for (T value : values) {
        ByteWriter writer;
        (writer.*write)(value);
        ByteReader reader(writer.view());
        auto back = (reader.*read)();
        ASSERT_TRUE(back);
        EXPECT_EQ(*back, value);
        EXPECT_TRUE(reader.at_end());
    }
}

TEST(Bytes, FixedFieldsAreBigEndian) {
    ByteWriter writer;
    writer.write_int32(0x01020304);
    EXPECT_EQ(Bytes(writer.view().begin(), writer.view().end()), (Bytes{1, 2, 3, 4}));
}

TEST(Bytes, EveryVarintComesBackAtItsExtremes) {
    using L = std::numeric_limits<std::int64_t>;
    using I = std::numeric_limits<std::int32_t>;
    expect_round_trip<std::int32_t>({0, -1, 1, 63, 64, -64, -65, I::min(), I::max()}, &ByteWriter::write_varint,
                                    &ByteReader::read_varint);
    expect_round_trip<std::int64_t>({0, -1, 1, L::min(), L::max()}, &ByteWriter::write_varlong,
                                    &ByteReader::read_varlong);
    expect_round_trip<std::uint32_t>({0u, 127u, 128u, 16384u, 0xffffffffu}, &ByteWriter::write_unsigned_varint,
                                     &ByteReader::read_unsigned_varint);
}

TEST(Bytes, AVarintWithBitsBeyondItsTypeIsRefused) {
    Bytes six_bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    EXPECT_FALSE(ByteReader(six_bytes).read_unsigned_varint());
    Bytes too_big{0xff, 0xff, 0xff, 0xff, 0x1f};
    EXPECT_FALSE(ByteReader(too_big).read_unsigned_varint());
}

TEST(Bytes, AReadPastTheEndIsRefusedAndMovesNothing) {
    Bytes three{1, 2, 3};
    ByteReader reader(three);
    EXPECT_FALSE(reader.read_int32());
    EXPECT_FALSE(reader.read_bytes(4));
    EXPECT_EQ(reader.remaining(), 3u);
}

TEST(Bytes, SizesAgreeWithWhatIsWritten) {
    for (std::int64_t value : {0l, -1l, 300l, -70000l, std::numeric_limits<std::int64_t>::min()}) {
        ByteWriter writer;
        writer.write_varlong(value);
        EXPECT_EQ(writer.size(), size_of_varlong(value));
    }
}

}  // namespace
}  // namespace tideline::base
