#include "log/partition_log.h"

#include <gtest/gtest.h>

#include "log/test_support.h"

namespace tideline::log {
namespace {

class PartitionLogAppend : public LogTest {};
class PartitionLogRead : public LogTest {};
class PartitionLogRoll : public LogTest {};
class PartitionLogTime : public LogTest {};

// --- append ---

TEST_F(PartitionLogAppend, AssignsTheNextOffsetsAndTheLeaderEpoch) {
    open();
    EXPECT_EQ(put({.records = 3}, {.leader_epoch = 5, .now_ms = kNow}), 0);
    auto info = append({.records = 2}, {.leader_epoch = 5, .now_ms = kNow});
    ASSERT_TRUE(info);
    EXPECT_EQ(info->base_offset, 3);
    EXPECT_EQ(info->last_offset, 4);
    EXPECT_EQ(info->log_append_time_ms, -1);
    EXPECT_EQ(log_->next_offset(), 5);
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1, 2, 3, 4}));
    EXPECT_EQ(log_->latest(), (TimestampedOffset{-1, 5, 5}));
    EXPECT_EQ(log_->earliest(), (TimestampedOffset{-1, 0, 5}));
}

TEST_F(PartitionLogAppend, LeavesTheCallersBytesAlone) {
    open();
    put({});
    Bytes batch = make_batch({.records = 2});
    Bytes before = batch;
    ASSERT_TRUE(log_->append(batch, {.leader_epoch = 1, .now_ms = kNow}));
    EXPECT_EQ(batch, before);
}

TEST_F(PartitionLogAppend, StampsLogAppendTimeAndANewChecksum) {
    config_.message_timestamp_type = record::TimestampType::log_append_time;
    open();
    auto info = append({.records = 2}, {.now_ms = kNow + 77});
    ASSERT_TRUE(info);
    EXPECT_EQ(info->log_append_time_ms, kNow + 77);
    EXPECT_EQ(records().size(), 2u);  // which checks the CRC
    EXPECT_EQ(log_->offset_for_timestamp(kNow + 77)->value(), (TimestampedOffset{kNow + 77, 0, 0}));
    EXPECT_EQ(log_->offset_for_timestamp(kNow + 78)->has_value(), false);
}

TEST_F(PartitionLogAppend, AnswersARepeatedBatchWithItsFirstOffsets) {
    open();
    put({});
    ASSERT_EQ(put({.records = 3, .producer_id = 9, .sequence = 0}), 1);
    put({});
    auto again = append({.records = 3, .producer_id = 9, .sequence = 0});
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->is_duplicate);
    EXPECT_EQ(again->base_offset, 1);
    EXPECT_EQ(again->last_offset, 3);
    EXPECT_EQ(again->log_append_time_ms, kNow + 2) << "Kafka answers the remembered timestamp";
    EXPECT_EQ(log_->next_offset(), 5);
}

TEST_F(PartitionLogAppend, ARefusedSequenceWritesNothing) {
    open();
    put({.producer_id = 9, .sequence = 0});
    EXPECT_EQ(append({.producer_id = 9, .sequence = 2}).error().code, ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(log_->next_offset(), 1);
    EXPECT_EQ(log_->sizes().size_in_bytes, static_cast<std::int64_t>(make_batch({.producer_id = 9}).size()));
}

TEST_F(PartitionLogAppend, RefusesBatchesThatAreTooLarge) {
    config_.max_message_bytes = 500;
    config_.segment_bytes = 1000;
    open();
    EXPECT_EQ(append({.value_bytes = 600}).error().code, ErrorCode::message_too_large);
    AppendOptions follower{.origin = AppendOrigin::replication, .now_ms = kNow};
    EXPECT_TRUE(append({.value_bytes = 600}, follower)) << "the leader has taken it";
    AppendOptions coordinator{.origin = AppendOrigin::coordinator, .now_ms = kNow};
    EXPECT_TRUE(append({.value_bytes = 600}, coordinator)) << "or a transaction could not be ended";
    EXPECT_EQ(append({.value_bytes = 1200, .base_offset = 1}, follower).error().code, ErrorCode::record_list_too_large);
}

TEST_F(PartitionLogAppend, RefusesBytesThatAreNotExactlyOneBatch) {
    open();
    Bytes batch = make_batch({});
    EXPECT_EQ(log_->append(ByteView(batch).first(batch.size() - 1), {}).error().code, ErrorCode::corrupt_message);
    Bytes two = batch;
    two.insert(two.end(), batch.begin(), batch.end());
    EXPECT_EQ(log_->append(two, {}).error().code, ErrorCode::corrupt_message);
    EXPECT_EQ(log_->next_offset(), 0);
}

TEST_F(PartitionLogAppend, AFollowerKeepsOffsetsAndEpochsAndMaySkipSome) {
    open();
    AppendOptions follower{.origin = AppendOrigin::replication, .leader_epoch = 99, .now_ms = kNow};
    put({.records = 2, .base_offset = 10, .leader_epoch = 3}, follower);
    put({.records = 2, .base_offset = 15, .leader_epoch = 4}, follower);
    EXPECT_EQ(offsets(), (std::vector<Offset>{10, 11, 15, 16}));
    EXPECT_EQ(append({.base_offset = 16}, follower).error().code, ErrorCode::offset_out_of_range);
    EXPECT_EQ(log_->leader_epochs().entries(), (std::vector<EpochStart>{{3, 10}, {4, 15}}));
}

TEST_F(PartitionLogAppend, AnAbortMarkerIsFoundByReadersOfItsTransaction) {
    open();
    put({.records = 2, .producer_id = 9, .transactional = true});
    EXPECT_EQ(log_->last_stable_offset(2), 0);
    Bytes marker = record::build_marker_batch(
        {.timestamp = kNow, .producer_id = 9, .producer_epoch = 0, .marker = {record::ControlType::abort, 1}});
    ASSERT_TRUE(log_->append(marker, {.origin = AppendOrigin::coordinator, .now_ms = kNow, .transaction_version = 0}));
    put({});
    std::vector<AbortedTransaction> expected{{9, 0, 2, 3}};
    EXPECT_EQ(*log_->aborted_transactions(0, 4), expected);
    EXPECT_EQ(*log_->aborted_transactions(2, 4), expected);
    EXPECT_TRUE(log_->aborted_transactions(3, 4)->empty());
    EXPECT_EQ(log_->last_stable_offset(2), 0) << "the marker is not replicated yet";
    EXPECT_EQ(log_->last_stable_offset(3), 3);
    reopen_unclean();
    EXPECT_EQ(*log_->aborted_transactions(0, 4), expected);
}

// --- read ---

TEST_F(PartitionLogRead, StartsWithTheBatchThatHoldsTheOffset) {
    open();
    put({.records = 5});
    put({.records = 5});
    auto slice = log_->read(7, 1 << 20, 10, false);
    ASSERT_TRUE(slice);
    EXPECT_EQ(slice->first_offset, 5);
    EXPECT_EQ(slice->next_offset, 10);
    EXPECT_EQ(slice->position, make_batch({.records = 5}).size());
}

TEST_F(PartitionLogRead, GivesWholeBatchesOnly) {
    open();
    for (int i = 0; i < 4; ++i) {
        put({});
    }
    std::size_t one = make_batch({}).size();
    auto slice = log_->read(0, 3 * one - 1, 4, false);
    EXPECT_EQ(slice->size, 2 * one);
    EXPECT_EQ(slice->next_offset, 2);
    EXPECT_TRUE(log_->read(0, one - 1, 4, false)->is_empty());
    EXPECT_EQ(log_->read(0, one - 1, 4, true)->size, one);
    EXPECT_EQ(log_->read(0, 0, 4, true)->next_offset, 1);
}

TEST_F(PartitionLogRead, TellsHowMuchThereIsBesidesWhatItGives) {
    std::size_t one = make_batch({}).size();
    config_.segment_bytes = static_cast<std::int32_t>(3 * one);
    open();
    for (int i = 0; i < 5; ++i) {
        put({});
    }
    auto told = [&](Offset from, std::size_t max_bytes, Offset limit) {
        auto slice = log_->read(from, max_bytes, limit, false);
        EXPECT_TRUE(slice);
        return std::pair(slice->readable_bytes, slice->goes_on_in_later_segments);
    };
    EXPECT_EQ(told(1, 1 << 20, 5), std::pair(2 * one, true));
    EXPECT_EQ(told(1, one, 5), std::pair(2 * one, true));
    EXPECT_EQ(told(1, 0, 2), std::pair(one, false));
    EXPECT_EQ(told(1, 1 << 20, 3), std::pair(2 * one, false)) << "nothing may be read of the later segment";
    EXPECT_EQ(told(3, one, 5), std::pair(2 * one, false));
    EXPECT_EQ(told(5, one, 5), std::pair(std::size_t{0}, false));
}

TEST_F(PartitionLogRead, NeverPassesTheLimit) {
    open();
    for (int i = 0; i < 4; ++i) {
        put({.records = 2});
    }
    EXPECT_EQ(log_->read(0, 1 << 20, 4, true)->next_offset, 4);
    EXPECT_EQ(log_->read(0, 1 << 20, 5, true)->next_offset, 4) << "a batch that ends behind the limit stays out";
    EXPECT_TRUE(log_->read(4, 1 << 20, 4, true)->is_empty());
    EXPECT_TRUE(log_->read(6, 1 << 20, 4, true)->is_empty());
    EXPECT_TRUE(log_->read(0, 1 << 20, 1, true)->is_empty());
}

TEST_F(PartitionLogRead, RefusesOffsetsThatAreNotThere) {
    open();
    put({.records = 4});
    put({.records = 4});
    ASSERT_TRUE(log_->delete_records_before(2));
    EXPECT_EQ(log_->read(1, 100, 8, true).error().code, ErrorCode::offset_out_of_range);
    EXPECT_EQ(log_->read(9, 100, 8, true).error().code, ErrorCode::offset_out_of_range);
    EXPECT_TRUE(log_->read(8, 100, 8, true)->is_empty());
    EXPECT_EQ(log_->read(2, 1 << 20, 8, true)->first_offset, 0);
}

TEST_F(PartitionLogRead, FindsEveryOffsetThroughTheIndex) {
    config_.index_interval_bytes = 200;
    open();
    for (int i = 0; i < 1000; ++i) {
        put({.records = 1 + i % 3, .tag = std::to_string(i)});
    }
    for (bool closed : {false, true}) {
        for (Offset from = 0; from < log_->next_offset(); from += 7) {
            auto slice = log_->read(from, 300, log_->next_offset(), true);
            ASSERT_TRUE(slice);
            EXPECT_LE(slice->first_offset, from);
            EXPECT_GT(slice->next_offset, from);
            EXPECT_LE(slice->size, 300u);
        }
        if (!closed) {
            reopen_clean();
        }
    }
}

TEST_F(PartitionLogRead, AnOldSliceOutlivesItsSegment) {
    config_.segment_bytes = 300;
    config_.retention_bytes = 0;
    open();
    for (int i = 0; i < 10; ++i) {
        put({.tag = std::to_string(i)});
    }
    auto slice = log_->read(0, 1 << 20, 10, true);
    auto deleted = log_->delete_old_segments(10, kNow);
    ASSERT_TRUE(PartitionLog::remove_files(disk_.files(), *deleted));
    Bytes bytes(slice->size);
    EXPECT_EQ(*slice->file->read_at(slice->position, bytes), slice->size);
    EXPECT_TRUE(record::split_batches(bytes));
}

// --- roll ---

TEST_F(PartitionLogRoll, StartsANewSegmentWhenABatchWouldNotFit) {
    std::size_t one = make_batch({}).size();
    config_.segment_bytes = static_cast<std::int32_t>(2 * one);
    open();
    for (int i = 0; i < 5; ++i) {
        put({});
    }
    EXPECT_EQ(log_->sizes().segment_count, 3u);
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1, 2, 3, 4}));
    EXPECT_EQ(names(), (std::vector<std::string>{
                           "00000000000000000000.index", "00000000000000000000.log", "00000000000000000000.timeindex",
                           "00000000000000000002.index", "00000000000000000002.log", "00000000000000000002.snapshot",
                           "00000000000000000002.timeindex", "00000000000000000004.index", "00000000000000000004.log",
                           "00000000000000000004.snapshot", "00000000000000000004.timeindex"}));
}

TEST_F(PartitionLogRoll, CountsTimeBetweenTheRecordsNotOnTheClock) {
    config_.segment_ms = 1000;
    open();
    put({.timestamp = 5000}, {.now_ms = 1});
    put({.timestamp = 6000}, {.now_ms = 100'000'000});
    EXPECT_EQ(log_->sizes().segment_count, 1u);
    put({.timestamp = 6001}, {.now_ms = 100'000'001});
    EXPECT_EQ(log_->sizes().segment_count, 2u);
}

TEST_F(PartitionLogRoll, CountsFromTheFirstBatchAlsoAfterARestart) {
    config_.segment_ms = 1000;
    open();
    put({.timestamp = 5000});
    put({.timestamp = 5900});
    reopen_clean();
    put({.timestamp = 6001});
    EXPECT_EQ(log_->sizes().segment_count, 2u);
}

TEST_F(PartitionLogRoll, StartsANewSegmentWhenTheIndexIsFull) {
    config_.index_interval_bytes = 0;
    config_.segment_index_bytes = 36;  // four offset entries; two time entries and the spare one
    open();
    for (int i = 0; i < 8; ++i) {
        put({.timestamp = kNow + i});
    }
    EXPECT_GT(log_->sizes().segment_count, 1u);
    EXPECT_EQ(offsets().size(), 8u);
}

TEST_F(PartitionLogRoll, StartsANewSegmentWhenAnOffsetIsTooFarFromTheBase) {
    open();
    AppendOptions follower{.origin = AppendOrigin::replication, .now_ms = kNow};
    put({.base_offset = 5}, follower);
    Offset far = Offset{5} + INT32_MAX;
    put({.base_offset = far}, follower);
    EXPECT_EQ(log_->sizes().segment_count, 2u);
    EXPECT_EQ(offsets(), (std::vector<Offset>{5, far}));
}

TEST_F(PartitionLogRoll, AnEmptySegmentGivesWayToOneWithAFartherBase) {
    open();
    Offset far = Offset{1} << 40;
    put({.base_offset = far}, {.origin = AppendOrigin::replication, .now_ms = kNow});
    EXPECT_EQ(log_->sizes().segment_count, 1u);
    reopen_unclean();
    EXPECT_EQ(offsets(), std::vector<Offset>{far});
}

TEST_F(PartitionLogRoll, JitterStartsSegmentsEarlyButNeverLate) {
    config_.segment_ms = 1000;
    config_.segment_jitter_ms = 500;
    open();
    put({.timestamp = 5000});
    put({.timestamp = 5499});
    EXPECT_EQ(log_->sizes().segment_count, 1u);
    put({.timestamp = 6001});
    EXPECT_EQ(log_->sizes().segment_count, 2u);
}

// --- time ---

TEST_F(PartitionLogTime, FindsTheFirstRecordAtOrAfterATimestamp) {
    config_.segment_bytes = 400;
    config_.index_interval_bytes = 0;
    open();
    for (int i = 0; i < 20; ++i) {
        put({.records = 2, .timestamp = 1000 + i * 100, .compression = i % 2 == 0 ? record::CompressionType::none : record::CompressionType::lz4},
            {.leader_epoch = 4, .now_ms = kNow});
    }
    for (bool closed : {false, true}) {
        EXPECT_EQ(log_->offset_for_timestamp(0)->value(), (TimestampedOffset{1000, 0, 4}));
        EXPECT_EQ(log_->offset_for_timestamp(1001)->value(), (TimestampedOffset{1001, 1, 4}));
        EXPECT_EQ(log_->offset_for_timestamp(1002)->value(), (TimestampedOffset{1100, 2, 4}));
        EXPECT_EQ(log_->offset_for_timestamp(2901)->value(), (TimestampedOffset{2901, 39, 4}));
        EXPECT_FALSE(log_->offset_for_timestamp(2902)->has_value());
        if (!closed) {
            reopen_clean();
        }
    }
}

TEST_F(PartitionLogTime, DoesNotFindRecordsBeforeTheLogStart) {
    open();
    put({.records = 5, .timestamp = 1000});
    put({.records = 5, .timestamp = 2000});
    ASSERT_TRUE(log_->delete_records_before(3));
    EXPECT_EQ(log_->offset_for_timestamp(0)->value(), (TimestampedOffset{1003, 3, 0}));
    ASSERT_TRUE(log_->delete_records_before(5));
    EXPECT_EQ(log_->offset_for_timestamp(0)->value(), (TimestampedOffset{2000, 5, 0}));
}

TEST_F(PartitionLogTime, FindsTheRecordWithTheLargestTimestamp) {
    config_.segment_bytes = 400;
    open();
    EXPECT_FALSE(log_->offset_of_max_timestamp()->has_value());
    put({.records = 3, .timestamp = 1000});
    put({.records = 3, .timestamp = 9000});
    put({.records = 3, .timestamp = 2000});
    for (bool closed : {false, true}) {
        EXPECT_EQ(log_->offset_of_max_timestamp()->value(), (TimestampedOffset{9002, 5, 0}));
        if (!closed) {
            reopen_clean();
        }
    }
}

}  // namespace
}  // namespace tideline::log
