#include "record/batch.h"

#include <gtest/gtest.h>

namespace tideline::record {
namespace {

// A header over `records`, with length and CRC right.
Bytes make_batch(BatchHeader header, ByteView records = {}) {
    Bytes bytes(kBatchHeaderBytes);
    header.length = static_cast<std::int32_t>(kBatchHeaderBytes - kLogOverheadBytes + records.size());
    write_batch_header(bytes, header);
    bytes.insert(bytes.end(), records.begin(), records.end());
    update_crc(bytes);
    return bytes;
}

BatchHeader some_header() {
    return BatchHeader{.base_offset = 42,
                       .leader_epoch = 7,
                       .attributes = kTransactionalBit | 4,
                       .last_offset_delta = 9,
                       .base_timestamp = 1'000,
                       .max_timestamp = 2'000,
                       .producer_id = 11,
                       .producer_epoch = 3,
                       .base_sequence = 100,
                       .record_count = 10};
}

TEST(BatchHeader, EveryFieldSurvivesWritingAndReading) {
    Bytes bytes = make_batch(some_header());
    auto read = read_batch_header(bytes);
    ASSERT_TRUE(read);
    BatchHeader expected = some_header();
    expected.length = 49;
    expected.crc = read->crc;
    EXPECT_EQ(*read, expected);
    EXPECT_EQ(read->last_offset(), 51);
    EXPECT_EQ(read->next_offset(), 52);
    EXPECT_EQ(read->last_sequence(), 109);
    EXPECT_EQ(read->compression(), CompressionType::zstd);
    EXPECT_TRUE(read->is_transactional());
    EXPECT_FALSE(read->is_control());
    EXPECT_FALSE(read->delete_horizon_ms());
    EXPECT_EQ(read->timestamp_type(), TimestampType::create_time);
}

TEST(BatchHeader, EveryPrefixIsRefused) {
    Bytes bytes = make_batch(some_header(), base::as_bytes("payload"));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(read_batch(ByteView(bytes).first(size))) << size;
    }
    EXPECT_TRUE(read_batch(bytes));
}

TEST(BatchHeader, OldMagicIsToldApartFromGarbage) {
    Bytes bytes = make_batch(some_header());
    bytes[position::magic] = 1;
    EXPECT_EQ(read_batch_header(bytes).error().code, ErrorCode::unsupported_for_message_format);
    bytes[position::magic] = 3;
    EXPECT_EQ(read_batch_header(bytes).error().code, ErrorCode::corrupt_message);
    bytes[position::magic] = 0xff;
    EXPECT_EQ(read_batch_header(bytes).error().code, ErrorCode::corrupt_message);
}

TEST(BatchHeader, RefusesLengthsThatHoldNoHeader) {
    for (std::int32_t length : {-1, 0, 13, 48, std::numeric_limits<std::int32_t>::min()}) {
        Bytes bytes = make_batch(some_header());
        base::store_be(bytes.data() + position::length, length);
        EXPECT_EQ(read_batch_header(bytes).error().code, ErrorCode::corrupt_message) << length;
    }
}

TEST(BatchHeader, OffsetsChosenByAClientDoNotOverflow) {
    BatchHeader header = some_header();
    header.base_offset = std::numeric_limits<std::int64_t>::max();
    header.last_offset_delta = std::numeric_limits<std::int32_t>::max();
    EXPECT_LT(header.last_offset(), 0);
    header.last_offset_delta = std::numeric_limits<std::int32_t>::min();
    EXPECT_GE(header.last_sequence(), 0);
}

TEST(BatchHeader, StoredBatchesNeedOffsetsAndCountThatFit) {
    EXPECT_TRUE(check_stored_batch(some_header()));
    auto refused = [](auto change) {
        BatchHeader header = some_header();
        change(header);
        auto checked = check_stored_batch(header);
        return !checked && checked.error().code == ErrorCode::corrupt_message;
    };
    EXPECT_TRUE(refused([](BatchHeader& h) { h.base_offset = -1; }));
    EXPECT_TRUE(refused([](BatchHeader& h) { h.last_offset_delta = -1; }));
    EXPECT_TRUE(refused([](BatchHeader& h) { h.record_count = 11; }));
    EXPECT_TRUE(refused([](BatchHeader& h) { h.record_count = -1; }));
    EXPECT_TRUE(refused([](BatchHeader& h) { h.base_offset = std::numeric_limits<std::int64_t>::max() - 3; }));
    // Compaction leaves holes, and empty batches that only keep a producer's state.
    BatchHeader compacted = some_header();
    compacted.record_count = 0;
    EXPECT_TRUE(check_stored_batch(compacted));
}

TEST(Sequence, WrapsFromTheLargestInt32ToZero) {
    constexpr std::int32_t max = std::numeric_limits<std::int32_t>::max();
    EXPECT_EQ(increment_sequence(0, 0), 0);
    EXPECT_EQ(increment_sequence(5, 10), 15);
    EXPECT_EQ(increment_sequence(max, 1), 0);
    EXPECT_EQ(increment_sequence(max - 3, 5), 1);
    EXPECT_EQ(increment_sequence(max, max), max - 1);
    EXPECT_EQ(decrement_sequence(0, 1), max);
    EXPECT_EQ(decrement_sequence(15, 10), 5);
    EXPECT_EQ(decrement_sequence(3, 5), max - 1);
}

TEST(BatchView, AnyFlippedBitBehindTheCrcIsSeen) {
    Bytes bytes = make_batch(some_header(), base::as_bytes("some records"));
    ASSERT_TRUE(read_batch(bytes)->crc_is_valid());
    for (std::size_t bit = position::crc * 8; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
        EXPECT_FALSE(read_batch(bytes)->crc_is_valid()) << bit;
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    }
}

TEST(BatchPatch, OffsetAndLeaderEpochLeaveTheCrcValid) {
    Bytes bytes = make_batch(some_header(), base::as_bytes("records"));
    set_base_offset(bytes, 1'000'000);
    set_leader_epoch(bytes, 9);
    auto batch = read_batch(bytes);
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->header.base_offset, 1'000'000);
    EXPECT_EQ(batch->header.leader_epoch, 9);
    EXPECT_TRUE(batch->crc_is_valid());
}

TEST(BatchPatch, LogAppendTimeChangesTypeTimestampAndCrc) {
    Bytes bytes = make_batch(some_header(), base::as_bytes("records"));
    std::uint32_t crc_before = read_batch(bytes)->header.crc;
    set_log_append_time(bytes, 5'000);
    auto batch = read_batch(bytes);
    EXPECT_EQ(batch->header.timestamp_type(), TimestampType::log_append_time);
    EXPECT_EQ(batch->header.max_timestamp, 5'000);
    EXPECT_TRUE(batch->header.is_transactional());
    EXPECT_NE(batch->header.crc, crc_before);
    EXPECT_TRUE(batch->crc_is_valid());
}

TEST(BatchPatch, AnUnchangedTimestampWritesNothing) {
    Bytes bytes = make_batch(some_header(), base::as_bytes("records"));
    Bytes before = bytes;
    set_max_timestamp(bytes, TimestampType::create_time, 2'000);
    EXPECT_EQ(bytes, before);
}

TEST(BatchCursor, WalksBatchesAndLeavesACutTail) {
    Bytes bytes = make_batch(some_header(), base::as_bytes("one"));
    Bytes second = make_batch(some_header(), base::as_bytes("two!"));
    std::size_t first_size = bytes.size();
    bytes.insert(bytes.end(), second.begin(), second.end());
    bytes.insert(bytes.end(), second.begin(), second.end() - 1);

    BatchCursor cursor(bytes);
    EXPECT_EQ((*cursor.next())->bytes.size(), first_size);
    EXPECT_EQ((*cursor.next())->bytes.size(), second.size());
    auto third = cursor.next();
    ASSERT_TRUE(third);
    EXPECT_FALSE(*third);
    EXPECT_EQ(cursor.rest().size(), second.size() - 1);
    EXPECT_FALSE(split_batches(bytes));
    EXPECT_EQ(split_batches(ByteView(bytes).first(cursor.position()))->size(), 2u);
}

TEST(BatchCursor, RefusesALengthOverTheBoundBeforeTheBytesAreThere) {
    Bytes bytes = make_batch(some_header());
    base::store_be(bytes.data() + position::length, std::int32_t{2'000'000});
    BatchCursor cursor(bytes, 1'000'000);
    EXPECT_EQ(cursor.next().error().code, ErrorCode::corrupt_message);
    // Twelve bytes are enough to know.
    BatchCursor short_cursor(ByteView(bytes).first(kLogOverheadBytes), 1'000'000);
    EXPECT_EQ(short_cursor.next().error().code, ErrorCode::corrupt_message);
}

}  // namespace
}  // namespace tideline::record
