// Retention, truncation and durability of a PartitionLog.
#include <gtest/gtest.h>

#include "log/checkpoint_file.h"
#include "log/test_support.h"

namespace tideline::log {
namespace {

class PartitionLogRetention : public LogTest {
protected:
    void SetUp() override {
        one_ = make_batch({}).size();
        config_.segment_bytes = static_cast<std::int32_t>(2 * one_);
    }
    void fill(int batches, std::int64_t first_timestamp = kNow) {
        for (int i = 0; i < batches; ++i) {
            put({.timestamp = first_timestamp + i});
        }
    }
    std::size_t one_ = 0;
};
class PartitionLogTruncate : public PartitionLogRetention {};
class PartitionLogFlush : public LogTest {};

// --- retention ---

TEST_F(PartitionLogRetention, BySizeKeepsAtLeastWhatIsAskedFor) {
    config_.retention_bytes = static_cast<std::int64_t>(4 * one_);
    open();
    fill(9);
    auto deleted = log_->delete_old_segments(9, kNow);
    ASSERT_TRUE(deleted);
    EXPECT_EQ(log_->log_start_offset(), 4);
    EXPECT_EQ(deleted->log_start_offset, 4);
    EXPECT_EQ(deleted->remove_at_ms, kNow + 60'000);
    EXPECT_EQ(log_->sizes().size_in_bytes, static_cast<std::int64_t>(5 * one_));
    EXPECT_EQ(offsets(), (std::vector<Offset>{4, 5, 6, 7, 8}));
}

TEST_F(PartitionLogRetention, ByTimeDeletesSegmentsWhoseNewestRecordIsTooOld) {
    config_.retention_ms = 1000;
    open();
    fill(6, 5000);
    EXPECT_EQ(log_->delete_old_segments(6, 6001)->paths.size(), 0u);
    EXPECT_NE(log_->delete_old_segments(6, 6002)->paths.size(), 0u);
    EXPECT_EQ(log_->log_start_offset(), 2);
}

TEST_F(PartitionLogRetention, RecordsWithoutTimestampsAreAsOldAsTheLastAppendToTheirSegment) {
    config_.retention_ms = 1000;
    open();
    for (std::int64_t i = 0; i < 4; ++i) {
        put({.timestamp = record::kNoTimestamp}, {.now_ms = kNow + i});
    }
    EXPECT_EQ(log_->delete_old_segments(4, kNow + 1001)->paths.size(), 0u);
    EXPECT_NE(log_->delete_old_segments(4, kNow + 1002)->paths.size(), 0u);
    EXPECT_EQ(log_->log_start_offset(), 2);
}

TEST_F(PartitionLogRetention, NeverReachesTheHighWatermark) {
    config_.retention_bytes = 0;
    open();
    fill(6);
    ASSERT_TRUE(log_->delete_old_segments(3, kNow));
    EXPECT_EQ(log_->log_start_offset(), 2);
}

TEST_F(PartitionLogRetention, DeletingEverythingLeavesAnEmptySegment) {
    config_.retention_ms = 1000;
    open();
    fill(3);
    ASSERT_TRUE(log_->delete_old_segments(3, kNow + 100'000));
    EXPECT_EQ(log_->log_start_offset(), 3);
    EXPECT_EQ(log_->next_offset(), 3);
    EXPECT_EQ(log_->sizes().segment_count, 1u);
    EXPECT_TRUE(log_->delete_old_segments(3, kNow + 200'000)->paths.empty());
    EXPECT_EQ(put({}), 3);
}

TEST_F(PartitionLogRetention, WithoutCleanupOnlyDeleteRecordsFreesSpace) {
    config_.retention_bytes = 0;
    config_.cleanup_delete = false;
    open();
    fill(6);
    EXPECT_TRUE(log_->delete_old_segments(6, kNow)->paths.empty());
    ASSERT_TRUE(log_->delete_records_before(3));
    ASSERT_TRUE(log_->delete_old_segments(6, kNow));
    EXPECT_EQ(log_->sizes().segment_count, 2u);
    EXPECT_EQ(log_->log_start_offset(), 3);
}

TEST_F(PartitionLogRetention, FilesAreMarkedFirstAndRemovedLater) {
    config_.retention_bytes = 0;
    open();
    fill(4);
    auto deleted = log_->delete_old_segments(2, kNow);
    ASSERT_TRUE(deleted);
    ASSERT_TRUE(PartitionLog::mark_deleted(disk_.files(), *deleted));
    EXPECT_TRUE(disk_.files().exists(path("00000000000000000000.log.deleted")));
    EXPECT_FALSE(disk_.files().exists(path("00000000000000000000.log")));
    ASSERT_TRUE(PartitionLog::mark_deleted(disk_.files(), *deleted)) << "twice does no harm";
    ASSERT_TRUE(PartitionLog::remove_files(disk_.files(), *deleted));
    ASSERT_TRUE(PartitionLog::remove_files(disk_.files(), *deleted));
    EXPECT_FALSE(disk_.files().exists(path("00000000000000000000.log.deleted")));
}

// Where the log start cannot be written down, whatever a crash leaves must be the end of the log.
TEST_F(PartitionLogRetention, FilesGoOneSegmentAfterTheOtherWithoutACheckpoint) {
    config_.retention_ms = 1000;
    for (std::uint64_t cut = 1;; ++cut) {
        disk_.wipe();
        open();
        fill(4);
        flush();
        auto deleted = log_->delete_old_segments(4, kNow + 100'000);
        ASSERT_TRUE(deleted);
        disk_.files().crash_after(cut);
        bool is_done = PartitionLog::remove_in_order(disk_.files(), *deleted).has_value();
        log_.reset();
        disk_.files().crash(runtime::sim::CrashPolicy::keep_subset, cut);
        open({.recovery_point = 4});
        EXPECT_EQ(log_->next_offset(), 4) << cut;
        std::vector<Offset> left = offsets();
        for (std::size_t i = 0; i < left.size(); ++i) {
            EXPECT_EQ(left[i], static_cast<Offset>(4 - left.size() + i)) << cut;
        }
        if (is_done) {
            EXPECT_TRUE(left.empty());
            break;
        }
    }
}

TEST_F(PartitionLogRetention, DeleteRecordsMovesOnlyForward) {
    open();
    fill(4);
    ASSERT_TRUE(log_->delete_records_before(3));
    ASSERT_TRUE(log_->delete_records_before(1));
    EXPECT_EQ(log_->log_start_offset(), 3);
    EXPECT_EQ(log_->delete_records_before(5).error().code, ErrorCode::offset_out_of_range);
}

TEST_F(PartitionLogRetention, EpochsBeforeTheLogStartAreForgotten) {
    open();
    put({}, {.leader_epoch = 1, .now_ms = kNow});
    put({}, {.leader_epoch = 2, .now_ms = kNow});
    put({}, {.leader_epoch = 2, .now_ms = kNow});
    ASSERT_TRUE(log_->delete_records_before(2));
    EXPECT_EQ(log_->leader_epochs().entries(), (std::vector<EpochStart>{{2, 2}}));
    EXPECT_EQ(log_->earliest(), (TimestampedOffset{-1, 2, 2}));
}

// --- truncation ---

TEST_F(PartitionLogTruncate, DropsEverythingFromTheOffsetOn) {
    open();
    fill(7);
    EXPECT_EQ(log_->truncate_to(7), false);
    EXPECT_EQ(log_->truncate_to(3), true);
    EXPECT_EQ(log_->next_offset(), 3);
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1, 2}));
    EXPECT_EQ(log_->sizes().segment_count, 2u);
    EXPECT_EQ(put({}), 3);
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1, 2, 3}));
}

TEST_F(PartitionLogTruncate, AReaderThatGoesOnFindsWhatWasWrittenInstead) {
    config_.segment_bytes = 1 << 20;
    open();
    for (int i = 0; i < 4; ++i) {
        put({});
    }
    std::size_t one = make_batch({}).size();
    ASSERT_EQ(log_->read(0, 2 * one, 4, false)->next_offset, 2);
    ASSERT_EQ(log_->read(2, one, 4, false)->position, 2 * one);
    ASSERT_EQ(log_->truncate_to(1), true);
    put({.value_bytes = 300});
    put({.value_bytes = 300});
    auto slice = log_->read(2, 1 << 20, 3, false);
    EXPECT_EQ(slice->first_offset, 2);
    EXPECT_EQ(slice->position, one + make_batch({.value_bytes = 300}).size());
}

TEST_F(PartitionLogTruncate, InsideABatchTheWholeBatchGoes) {
    open();
    put({});
    put({.records = 5});
    EXPECT_EQ(log_->truncate_to(3), true);
    EXPECT_EQ(log_->next_offset(), 1);
}

TEST_F(PartitionLogTruncate, ForgetsTheEpochsAndProducersOfWhatIsGone) {
    open();
    put({.producer_id = 4, .sequence = 0}, {.leader_epoch = 1, .now_ms = kNow});
    put({.producer_id = 4, .sequence = 1}, {.leader_epoch = 2, .now_ms = kNow});
    put({.producer_id = 5, .transactional = true}, {.leader_epoch = 2, .now_ms = kNow});
    ASSERT_TRUE(log_->truncate_to(1));
    EXPECT_EQ(log_->leader_epochs().entries(), (std::vector<EpochStart>{{1, 0}}));
    EXPECT_EQ(log_->producers().size(), 1u);
    EXPECT_EQ(log_->last_stable_offset(1), 1);
    EXPECT_EQ(put({.producer_id = 4, .sequence = 1}), 1);
}

TEST_F(PartitionLogTruncate, BeforeTheFirstSegmentStartsOver) {
    open({.log_start_offset = 10, .recovery_point = 10});
    fill(3);
    ASSERT_TRUE(log_->truncate_to(5));
    EXPECT_EQ(log_->log_start_offset(), 5);
    EXPECT_EQ(log_->next_offset(), 5);
}

TEST_F(PartitionLogTruncate, FullyStartsAtTheGivenOffset) {
    open();
    fill(7);
    ASSERT_TRUE(log_->truncate_fully_and_start_at(100));
    EXPECT_EQ(log_->log_start_offset(), 100);
    EXPECT_EQ(log_->sizes().segment_count, 1u);
    EXPECT_EQ(put({}), 100);
    reopen_unclean(100);
    EXPECT_EQ(offsets(), std::vector<Offset>{100});
}

TEST_F(PartitionLogTruncate, AFlushFromBeforeItDoesNotCount) {
    open();
    fill(5);
    auto plan = log_->begin_flush();
    ASSERT_TRUE(log_->truncate_to(2));
    fill(3);
    log_->finish_flush(*plan, run_flush(disk_.files(), *plan));
    EXPECT_LE(log_->durable_offset(), 2);
    flush();
    EXPECT_EQ(log_->durable_offset(), 5);
}

TEST_F(PartitionLogTruncate, WhatComesInThePlaceOfSyncedRecordsIsNotSynced) {
    config_.segment_bytes = 1 << 20;
    open();
    put({});
    put({});
    flush();
    ASSERT_TRUE(log_->truncate_to(1));
    ASSERT_TRUE(log_->assign_epoch(7, 1));
    auto plan = log_->begin_flush();  // of the epoch alone
    put({});
    log_->finish_flush(*plan, run_flush(disk_.files(), *plan));
    EXPECT_EQ(log_->durable_offset(), 1);
    disk_.record();
    flush();
    EXPECT_NE(disk_.transcript().find("sync orders-3/0.log\n"), std::string::npos);
}

TEST_F(PartitionLogTruncate, FindsTheLargestTimestampOfWhatIsLeft) {
    config_.segment_bytes = 1 << 20;
    config_.index_interval_bytes = 0;
    open();
    put({.timestamp = 1000});
    put({.timestamp = 3000});
    put({.timestamp = 2000});
    put({.timestamp = 9000});
    ASSERT_TRUE(log_->truncate_to(3));
    EXPECT_EQ(log_->offset_of_max_timestamp()->value().timestamp, 3000);
}

// --- durability ---

TEST_F(PartitionLogFlush, DurableOffsetMovesWhenTheFlushIsFinished) {
    open();
    put({.records = 3});
    EXPECT_EQ(log_->unflushed_records(), 3);
    auto plan = log_->begin_flush();
    ASSERT_TRUE(plan);
    put({.records = 2});
    EXPECT_EQ(log_->durable_offset(), 0);
    log_->finish_flush(*plan, run_flush(disk_.files(), *plan));
    EXPECT_EQ(log_->durable_offset(), 3);
    flush();
    EXPECT_EQ(log_->durable_offset(), 5);
    EXPECT_TRUE(log_->begin_flush()->is_empty());
}

TEST_F(PartitionLogFlush, AShortageThatLetsNothingBeSyncedPutsTheFlushOff) {
    for (std::uint64_t operation : {1u, 2u, 3u, 4u}) {  // two small files are made and written
        SCOPED_TRACE(operation);
        disk_.wipe();
        open({.topic_id = base::Uuid{1, 2}});
        put({});
        disk_.files().fail_operation(operation, ENOSPC);
        flush();
        EXPECT_FALSE(log_->is_failed());
        EXPECT_EQ(log_->durable_offset(), 0);
        flush();
        EXPECT_EQ(log_->durable_offset(), 1);
        log_.reset();
        disk_.files().crash(runtime::sim::CrashPolicy::drop_unsynced, 1);
        EXPECT_TRUE(disk_.files().exists(path("partition.metadata")) && disk_.files().exists(path("leader-epoch-checkpoint")));
        open();
        EXPECT_EQ(log_->next_offset(), 1);
    }
}

TEST_F(PartitionLogFlush, AShortageThatASyncTellsOfPoisonsTheLog) {
    open();
    put({});
    auto plan = log_->begin_flush();
    ASSERT_TRUE(plan);
    plan->has_begun = true;
    log_->finish_flush(*plan, base::fail(ErrorCode::kafka_storage_error, "no space", ENOSPC));
    EXPECT_TRUE(log_->is_failed());
}

TEST_F(PartitionLogFlush, AFailedFlushPoisonsTheLog) {
    open();
    put({});
    disk_.files().fail_sync(1);
    flush();
    EXPECT_TRUE(log_->is_failed());
    EXPECT_EQ(log_->durable_offset(), 0);
    EXPECT_EQ(append({}).error().code, ErrorCode::kafka_storage_error);
    EXPECT_EQ(log_->read(0, 100, 1, true).error().code, ErrorCode::kafka_storage_error);
    EXPECT_EQ(log_->begin_flush().error().code, ErrorCode::kafka_storage_error);
    EXPECT_EQ(log_->truncate_to(0).error().code, ErrorCode::kafka_storage_error);
    EXPECT_EQ(log_->close().error().code, ErrorCode::kafka_storage_error);
}

TEST_F(PartitionLogFlush, OnAFullDiskNothingIsAppendedAndLaterAppendsSucceed) {
    open();
    put({.tag = "a"});
    std::int64_t before = log_->sizes().size_in_bytes;
    disk_.files().short_write(1, 30, ENOSPC);
    auto refused = append({.value_bytes = 100, .tag = "b"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kafka_storage_error);
    EXPECT_EQ(refused.error().detail, ENOSPC);
    EXPECT_FALSE(log_->is_failed());
    EXPECT_EQ(log_->next_offset(), 1);
    EXPECT_EQ(log_->sizes().size_in_bytes, before);
    EXPECT_EQ(put({.tag = "c"}), 1);
    reopen_unclean();
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1}));
}

TEST_F(PartitionLogFlush, AProducersRefusedBatchMayBeSentAgain) {
    open();
    put({.producer_id = 4, .sequence = 0});
    disk_.files().short_write(1, 0, ENOSPC);
    ASSERT_FALSE(append({.producer_id = 4, .sequence = 1}));
    auto again = append({.producer_id = 4, .sequence = 1});
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->is_duplicate);
    EXPECT_EQ(again->base_offset, 1);
}

// Its first batches are under way together; the second must not take the place of the first.
TEST_F(PartitionLogFlush, BehindAFirstBatchThatWasNotWrittenItsProducerMayNotGoOn) {
    open();
    disk_.files().short_write(1, 0, ENOSPC);
    ASSERT_FALSE(append({.records = 3, .producer_id = 4, .sequence = 0}));
    auto next = append({.producer_id = 4, .sequence = 3});
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().code, ErrorCode::out_of_order_sequence_number);
    put({.records = 3, .producer_id = 4, .sequence = 0});
    put({.producer_id = 4, .sequence = 3});
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1, 2, 3}));
}

TEST_F(PartitionLogFlush, AProducerThatGaveAFirstBatchUpBeginsAnewWithItsNextEpoch) {
    open();
    disk_.files().short_write(1, 0, ENOSPC);
    ASSERT_FALSE(append({.producer_id = 4, .sequence = 0}));
    put({.producer_id = 4, .producer_epoch = 1, .sequence = 0});
    put({.producer_id = 5, .sequence = 7});
}

TEST_F(PartitionLogFlush, AnAppendThatCannotBeUndonePoisonsTheLog) {
    open();
    put({});
    disk_.files().short_write(1, 30, EIO);
    disk_.files().fail_operation(2, EIO);  // the truncation that would undo it
    EXPECT_FALSE(append({}));
    EXPECT_TRUE(log_->is_failed());
}

TEST_F(PartitionLogFlush, AFullDiskAtARollKeepsTheOldSegment) {
    config_.segment_bytes = static_cast<std::int32_t>(make_batch({}).size());
    open();
    put({});
    disk_.files().fail_operation(2, ENOSPC);  // one of the files of the new segment
    EXPECT_FALSE(append({}));
    EXPECT_FALSE(log_->is_failed());
    EXPECT_EQ(put({}), 1);
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1}));
}

// Disk transcripts: what reaches the disk, and in which order.

TEST_F(PartitionLogFlush, TheFirstFlushSyncsDataThenSmallFilesThenNames) {
    disk_.record();
    open({.topic_id = base::Uuid{1, 2}});
    put({});
    flush();
    EXPECT_EQ(disk_.transcript(), R"(mkdir orders-3
create orders-3/0.log
create orders-3/0.index
create orders-3/0.timeindex
write orders-3/0.log 0 78
create orders-3/leader-epoch-checkpoint.tmp
write orders-3/leader-epoch-checkpoint.tmp 0 8
create orders-3/partition.metadata.tmp
write orders-3/partition.metadata.tmp 0 43
sync orders-3/0.log
sync orders-3/leader-epoch-checkpoint.tmp
sync orders-3/partition.metadata.tmp
rename orders-3/leader-epoch-checkpoint.tmp orders-3/leader-epoch-checkpoint
rename orders-3/partition.metadata.tmp orders-3/partition.metadata
sync_dir orders-3
sync_dir /data
)");
}

TEST_F(PartitionLogFlush, EpochsAloneHaveTheirDirectorySynced) {
    open();
    put({});
    flush();
    disk_.record();
    ASSERT_TRUE(log_->assign_epoch(7, 1));
    flush();
    EXPECT_EQ(disk_.transcript(), R"(create orders-3/leader-epoch-checkpoint.tmp
write orders-3/leader-epoch-checkpoint.tmp 0 12
sync orders-3/leader-epoch-checkpoint.tmp
rename orders-3/leader-epoch-checkpoint.tmp orders-3/leader-epoch-checkpoint
sync_dir orders-3
)");
}

TEST_F(PartitionLogFlush, AnIdleLogIsRecoveredWithoutASync) {
    open();
    put({});
    flush();
    disk_.record();
    reopen_unclean(1);
    EXPECT_EQ(disk_.transcript(), "truncate orders-3/0.index 0\ntruncate orders-3/0.timeindex 0\n");
    EXPECT_EQ(log_->durable_offset(), 1);
}

TEST_F(PartitionLogFlush, WhatIsFoundBehindTheRecoveryPointIsSynced) {
    open();
    put({});
    put({});
    flush();
    disk_.record();
    reopen_unclean(1);
    EXPECT_EQ(disk_.transcript(), R"(sync orders-3/0.log
truncate orders-3/0.index 0
truncate orders-3/0.timeindex 0
sync orders-3/0.log
sync_dir orders-3
sync_dir /data
)");
}

TEST_F(PartitionLogFlush, WhatIsFoundIsLeftToTheNextFlushWhereAcknowledgementsDoNotWaitForTheDisk) {
    open();
    put({});
    flush();
    put({});
    disk_.record();
    log_.reset();
    open({.recovery_point = 1, .sync_found = false});
    EXPECT_EQ(log_->next_offset(), 2);
    EXPECT_EQ(log_->durable_offset(), 1) << "the recovery point that will be written";
    EXPECT_EQ(disk_.transcript(), "truncate orders-3/0.index 0\ntruncate orders-3/0.timeindex 0\n");
    disk_.record();
    flush();
    EXPECT_EQ(disk_.transcript(), "sync orders-3/0.log\nsync_dir orders-3\nsync_dir /data\n");
    EXPECT_EQ(log_->durable_offset(), 2);
}

TEST_F(PartitionLogFlush, ALaterFlushIsOneSync) {
    open();
    put({});
    flush();
    disk_.record();
    put({});
    flush();
    EXPECT_EQ(disk_.transcript(), "write orders-3/0.log 78 78\nsync orders-3/0.log\n");
}

TEST_F(PartitionLogFlush, ARollIsMadeDurableByTheNextFlush) {
    config_.segment_bytes = static_cast<std::int32_t>(make_batch({}).size());
    open();
    put({});
    flush();
    disk_.record();
    put({.producer_id = 4});
    flush();
    EXPECT_EQ(disk_.transcript(), R"(write orders-3/0.timeindex 0 12
create orders-3/1.log
create orders-3/1.index
create orders-3/1.timeindex
create orders-3/1.snapshot
write orders-3/1.snapshot 0 10
write orders-3/1.log 0 78
sync orders-3/0.timeindex
sync orders-3/1.log
sync orders-3/1.snapshot
sync_dir orders-3
)");
}

TEST_F(PartitionLogFlush, CloseWritesIndexesAndSnapshotAndSyncsAll) {
    open();
    put({.producer_id = 4});
    flush();
    put({.producer_id = 4, .sequence = 1});
    disk_.record();
    ASSERT_TRUE(log_->close());
    EXPECT_EQ(disk_.transcript(), R"(write orders-3/0.timeindex 0 12
create orders-3/2.snapshot
write orders-3/2.snapshot 0 56
sync orders-3/0.log
sync orders-3/0.timeindex
sync orders-3/2.snapshot
sync_dir orders-3
)");
}

TEST_F(PartitionLogFlush, AnIndexThatIsBuiltAnewDuringAFlushIsSyncedByTheNextOne) {
    config_.segment_bytes = 10 * static_cast<std::int32_t>(make_batch({}).size());
    config_.index_interval_bytes = 0;
    open();
    for (int i = 0; i < 11; ++i) {
        put({});
    }
    auto plan = log_->begin_flush();
    ASSERT_TRUE(plan);
    ASSERT_TRUE(disk_.files().flip_stored_bit(path("00000000000000000000.index"), 31, 0));  // where the fifth batch starts
    ASSERT_TRUE(read_records(*log_, 4, 5));
    log_->finish_flush(*plan, run_flush(disk_.files(), *plan));
    disk_.record();
    flush();
    EXPECT_EQ(disk_.transcript(), "sync orders-3/0.index\nsync orders-3/0.timeindex\n");
}

TEST_F(PartitionLogFlush, AnUntouchedLogClosesWithoutWork) {
    open();
    put({});
    reopen_clean();
    disk_.record();
    ASSERT_TRUE(log_->close());
    EXPECT_EQ(disk_.transcript(), "");
}

TEST_F(PartitionLogFlush, ATruncationRemovesSegmentsFromTheEndOneByOne) {
    config_.segment_bytes = static_cast<std::int32_t>(make_batch({}).size());
    open();
    for (int i = 0; i < 3; ++i) {
        put({});
    }
    flush();
    disk_.record();
    ASSERT_TRUE(log_->truncate_to(0));
    EXPECT_EQ(disk_.transcript(), R"(remove orders-3/2.index
remove orders-3/2.timeindex
remove orders-3/2.log
sync_dir orders-3
remove orders-3/1.index
remove orders-3/1.timeindex
remove orders-3/1.log
sync_dir orders-3
truncate orders-3/0.log 0
sync orders-3/0.log
truncate orders-3/0.timeindex 0
create orders-3/leader-epoch-checkpoint.tmp
write orders-3/leader-epoch-checkpoint.tmp 0 4
sync orders-3/leader-epoch-checkpoint.tmp
rename orders-3/leader-epoch-checkpoint.tmp orders-3/leader-epoch-checkpoint
sync_dir orders-3
remove orders-3/2.snapshot
remove orders-3/1.snapshot
sync_dir orders-3
)");
}

}  // namespace
}  // namespace tideline::log
