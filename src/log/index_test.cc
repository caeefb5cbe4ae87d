#include "log/index.h"

#include <gtest/gtest.h>

#include "log/test_disk.h"

namespace tideline::log {
namespace {

class IndexTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(disk_.files().make_directories("/data"));
        ASSERT_TRUE(offsets_.create());
        ASSERT_TRUE(times_.create());
    }

    TestDisk disk_;
    FileCache cache_{disk_.files()};
    OffsetIndex offsets_{cache_, "/data/i", 1000};
    TimeIndex times_{cache_, "/data/t", 1000};
};

TEST_F(IndexTest, AnEmptyIndexPointsToTheBeginning) {
    EXPECT_EQ(*offsets_.lookup(5000), (OffsetPosition{1000, 0}));
    EXPECT_EQ(*offsets_.lookup_position(5000), (OffsetPosition{1000, 0}));
    EXPECT_EQ(*times_.lookup(5000), (TimestampOffset{-1, 1000}));
}

TEST_F(IndexTest, LookupGivesTheLastEntryAtOrBelow) {
    // More than one block, so that entries stand in the file and in memory.
    for (std::uint32_t i = 1; i <= 1000; ++i) {
        offsets_.append(1000 + i * 10, i * 100);
        times_.append(i * 1000, 1000 + i * 10);
    }
    EXPECT_EQ(*offsets_.lookup(1009), (OffsetPosition{1000, 0}));
    for (std::uint32_t i = 1; i <= 1000; ++i) {
        OffsetPosition expected{1000 + i * 10, i * 100};
        ASSERT_EQ(*offsets_.lookup(1000 + i * 10), expected);
        ASSERT_EQ(*offsets_.lookup(1000 + i * 10 + 9), expected);
        ASSERT_EQ(*offsets_.lookup_position(i * 100), expected);
        ASSERT_EQ(*offsets_.lookup_position(i * 100 + 99), expected);
        ASSERT_EQ(*times_.lookup(i * 1000), (TimestampOffset{i * 1000, 1000 + i * 10}));
        ASSERT_EQ(*times_.lookup(i * 1000 + 999), (TimestampOffset{i * 1000, 1000 + i * 10}));
    }
}

TEST_F(IndexTest, ALookupFindsTheSameWhereverTheOneBeforeItEnded) {
    for (std::uint32_t i = 1; i <= 2000; ++i) {
        offsets_.append(1000 + i * 10, i * 100);
    }
    for (std::uint32_t before = 1; before <= 2000; before += 111) {
        for (std::uint32_t i = 1; i <= 2000; i += 37) {
            ASSERT_EQ(offsets_.lookup(1000 + before * 10)->position, before * 100);
            ASSERT_EQ(offsets_.lookup(1000 + i * 10 + 3)->position, i * 100) << "after " << before;
        }
    }
    ASSERT_TRUE(offsets_.truncate_to(1000 + 1000 * 10));
    EXPECT_EQ(offsets_.lookup(1000 + 998 * 10)->position, 998 * 100);
    EXPECT_EQ(offsets_.lookup(1000 + 2000 * 10)->position, 999 * 100);
}

TEST_F(IndexTest, TruncationDropsEntriesAtOrAboveTheOffset) {
    for (std::uint32_t i = 1; i <= 300; ++i) {
        offsets_.append(1000 + i * 10, i * 100);
        times_.append(i * 1000, 1000 + i * 10);
    }
    for (Offset cut : {3990, 2281, 2280, 2279, 1011, 1010, 0}) {
        ASSERT_TRUE(offsets_.truncate_to(cut));
        ASSERT_TRUE(times_.truncate_to(cut));
        auto left = static_cast<std::size_t>(std::max<Offset>(0, (cut - 1001) / 10));
        EXPECT_EQ(offsets_.count(), left) << cut;
        EXPECT_EQ(times_.count(), left) << cut;
        EXPECT_EQ(offsets_.last().offset, left == 0 ? 1000 : 1000 + static_cast<Offset>(left) * 10);
    }
    offsets_.append(1001, 7);
    EXPECT_EQ(*offsets_.lookup(1001), (OffsetPosition{1001, 7}));
}

TEST_F(IndexTest, ALoadedIndexIsTheOneThatWasWritten) {
    for (std::uint32_t i = 1; i <= 300; ++i) {
        offsets_.append(1000 + i * 10, i * 100);
        times_.append(i * 1000, 1000 + i * 10);
    }
    ASSERT_TRUE(offsets_.entries().write_pending());
    ASSERT_TRUE(times_.entries().write_pending());
    OffsetIndex offsets(cache_, "/data/i", 1000);
    TimeIndex times(cache_, "/data/t", 1000);
    ASSERT_TRUE(offsets.load(30'001));
    ASSERT_TRUE(times.load());
    EXPECT_EQ(offsets.count(), 300u);
    EXPECT_EQ(offsets.last(), (OffsetPosition{4000, 30'000}));
    EXPECT_EQ(times.last(), (TimestampOffset{300'000, 4000}));
    EXPECT_EQ(*offsets.lookup(2005), (OffsetPosition{2000, 10'000}));
}

TEST_F(IndexTest, AFileThatCannotBeThisIndexIsRefused) {
    offsets_.append(1010, 100);
    ASSERT_TRUE(offsets_.entries().write_pending());
    OffsetIndex other(cache_, "/data/i", 1000);
    EXPECT_EQ(other.load(100).error().detail, EILSEQ) << "its last entry lies behind the end of the log";
    EXPECT_TRUE(other.load(101));
    auto file = cache_.open("/data/i");
    ASSERT_TRUE((*file)->write_at(8, base::as_bytes("abc")));
    EXPECT_EQ(other.load(101).error().detail, EILSEQ) << "half an entry";
    OffsetIndex missing(cache_, "/data/missing", 1000);
    EXPECT_EQ(missing.load(101).error().detail, ENOENT);
}

TEST_F(IndexTest, TheTimeIndexKeepsItsLastSlotForTheEndOfTheSegment) {
    times_.append(1, 1001);
    EXPECT_FALSE(times_.is_full(36));
    times_.append(2, 1002);
    EXPECT_TRUE(times_.is_full(36));
}

TEST_F(IndexTest, EntriesFromTheSecondSinceTheLastOneAreIgnoredWhenTimeGoesBack) {
    times_.append(5, 1001);
    times_.append(4, 1002);
    times_.append(5, 1003);
    EXPECT_EQ(times_.count(), 1u);
}

}  // namespace
}  // namespace tideline::log
