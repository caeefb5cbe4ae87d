#include "protocol/reader.h"

#include <gtest/gtest.h>

#include "protocol/messages/metadata.h"
#include "protocol/test_bytes.h"
#include "protocol/writer.h"

namespace tideline::protocol {
namespace {

TEST(Reader, KeepsTheFirstErrorAndReadsZeroAfterIt) {
    const base::Bytes bytes = from_hex("0001 0002");
    Reader in(bytes);
    EXPECT_EQ(in.read_int16(), 1);
    EXPECT_EQ(in.read_int32(), 0);
    EXPECT_EQ(in.read_int16(), 0);  // two bytes were left, but nothing after an error is believed
    EXPECT_EQ(in.read_string(false), "");
    EXPECT_EQ(in.error().code, ErrorCode::corrupt_message);
    EXPECT_EQ(in.error().detail, 2);
}

TEST(Reader, RefusesGiantCountsBeforeSpendingMemory) {
    for (const char* hex : {"7fffffff 0000", "00000003 0000"}) {
        const base::Bytes bytes = from_hex(hex);
        Reader in(bytes);
        EXPECT_EQ(in.read_count(false, 1, 64), 0u);
        EXPECT_FALSE(in.ok());
        EXPECT_EQ(in.budget_left(), kDefaultDecodeBudget);
    }
    for (const char* hex : {"ffffffff0f 00", "ffffffff07 00", "04 0000"}) {
        const base::Bytes bytes = from_hex(hex);
        Reader in(bytes);
        EXPECT_EQ(in.read_count(true, 1, 64), 0u);
        EXPECT_FALSE(in.ok());
        EXPECT_EQ(in.budget_left(), kDefaultDecodeBudget);
    }
}

TEST(Reader, HoldsACountAgainstTheSmallestSizeOfItsElements) {
    const base::Bytes bytes = from_hex("00000002 000000000000000000000000");  // room for two of six bytes
    EXPECT_EQ(Reader(bytes).read_count(false, 6, 1), 2u);
    EXPECT_EQ(Reader(bytes).read_count(false, 7, 1), 0u);
}

TEST(Reader, RefusesLengthsBeyondTheEndAndNegativeOnes) {
    const base::Bytes long_string = from_hex("7fff 61");
    EXPECT_EQ(Reader(long_string).read_nullable_string(false), std::nullopt);
    const base::Bytes null_string = from_hex("ffff");
    Reader nullable(null_string);
    EXPECT_EQ(nullable.read_nullable_string(false), std::nullopt);
    EXPECT_TRUE(nullable.ok());
    Reader strict(null_string);
    strict.read_string(false);
    EXPECT_FALSE(strict.ok());
    const base::Bytes negative_records = from_hex("80000000");
    EXPECT_TRUE(Reader(negative_records).read_records(false, true).is_null);
}

TEST(Reader, RefusesCompactStringsLongerThanKafkaAllows) {
    Writer out;
    out.write_unsigned_varint(0x8000 + 1);
    const base::Bytes fill(0x8000, 'x');
    out.write_bytes(fill, true);
    Reader in(out.view());
    in.read_string(true);
    EXPECT_FALSE(in.ok());
}

TEST(Reader, RefusesTagsThatLieAboutTheirSizeOrCount) {
    for (const char* hex : {"ff7f", "01 05 02 00", "02 05 00", "01 05 ffffffff0f"}) {
        const base::Bytes bytes = from_hex(hex);
        Reader in(bytes);
        in.skip_tags();
        EXPECT_FALSE(in.ok()) << hex;
    }
}

TEST(Reader, RefusesAKnownTagWhoseValueIsNotAsLongAsItSays) {
    const base::Bytes bytes = from_hex("05 03 0000 00");
    Reader in(bytes);
    const Reader::Tag tag = in.read_tag();
    in.read_int16();
    in.end_tag(tag);
    EXPECT_FALSE(in.ok());
}

TEST(Reader, SpendsItsBudgetOnElementsAndStrings) {
    // A frame of empty topics: three bytes each on the wire, tens in memory.
    constexpr std::size_t kTopics = 10000;
    Writer out;
    out.write_count(kTopics, false);
    for (std::size_t i = 0; i < kTopics; ++i) {
        out.write_string("", false);
    }
    Reader poor(out.view(), kTopics * sizeof(MetadataRequest::MetadataRequestTopic) - 1);
    auto refused = MetadataRequest::decode(poor, 0);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_request);

    Reader rich(out.view(), kTopics * sizeof(MetadataRequest::MetadataRequestTopic));
    EXPECT_TRUE(MetadataRequest::decode(rich, 0));
    EXPECT_EQ(rich.budget_left(), 0u);
}

TEST(Reader, LeavesBytesAfterTheMessageUnread) {
    const base::Bytes bytes = from_hex("00000000 abcd");
    Reader in(bytes);
    ASSERT_TRUE(MetadataRequest::decode(in, 0));
    EXPECT_EQ(in.remaining(), 2u);
}

}  // namespace
}  // namespace tideline::protocol
