#include "log/recovery.h"

#include <gtest/gtest.h>

#include "log/checkpoint_file.h"
#include "log/producer_snapshot.h"
#include "log/test_support.h"

namespace tideline::log {
namespace {

class Recovering : public LogTest {
protected:
    static constexpr std::string_view kFirstLog = "00000000000000000000.log";

    // Three batches of two records in one segment, nothing synced since.
    void fill(int batches = 3) {
        open();
        for (int i = 0; i < batches; ++i) {
            put({.records = 2, .tag = fmt::format("b{}", i)});
        }
        one_ = make_batch({.records = 2, .tag = "b0"}).size();
    }
    void overwrite(std::string_view name, std::uint64_t position, std::string_view bytes) {
        auto file = disk_.files().open(path(name), runtime::OpenMode::read_write);
        ASSERT_TRUE(file);
        ASSERT_TRUE((*file)->write_at(position, base::as_bytes(bytes)));
    }
    void cut(std::string_view name, std::uint64_t size) {
        auto file = disk_.files().open(path(name), runtime::OpenMode::read_write);
        ASSERT_TRUE(file);
        ASSERT_TRUE((*file)->truncate(size));
    }
    std::uint64_t size_of(std::string_view name) {
        auto file = disk_.files().open(path(name), runtime::OpenMode::read);
        return file ? *(*file)->size() : 0;
    }
    std::map<std::string, Bytes> contents() {
        std::map<std::string, Bytes> all;
        for (const std::string& name : names()) {
            all[name] = *runtime::read_file(disk_.files(), path(name));
        }
        return all;
    }
    // Small segments: two batches each.
    void use_small_segments() { config_.segment_bytes = static_cast<std::int32_t>(2 * make_batch({.records = 2, .tag = "b0"}).size()); }

    std::uint64_t one_ = 0;
};

TEST_F(Recovering, KeepsWhatIsWhole) {
    fill();
    reopen_unclean();
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(log_->durable_offset(), 6) << "what open() returns is synced";
}

TEST_F(Recovering, CutsABatchThatIsNotWhole) {
    for (std::uint64_t missing : {1, 20, 34, 35, 94}) {
        disk_.wipe();
        fill();
        cut(kFirstLog, 3 * one_ - missing);
        reopen_unclean();
        EXPECT_EQ(log_->next_offset(), 4) << missing;
        EXPECT_EQ(size_of(kFirstLog), 2 * one_);
        EXPECT_EQ(put({}), 4);
    }
}

TEST_F(Recovering, CutsAtTheFirstBatchThatFailsItsChecksum) {
    fill();
    overwrite(kFirstLog, one_ + 70, "?");
    reopen_unclean(2);
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1}));
    EXPECT_EQ(size_of(kFirstLog), one_);
}

TEST_F(Recovering, CutsZerosAtTheEnd) {
    fill();
    overwrite(kFirstLog, 3 * one_, std::string(5000, '\0'));
    reopen_unclean(6);
    EXPECT_EQ(log_->next_offset(), 6);
    EXPECT_EQ(size_of(kFirstLog), 3 * one_);
}

TEST_F(Recovering, DropsTheSegmentsBehindATornOne) {
    use_small_segments();
    fill(6);
    overwrite("00000000000000000004.log", one_ + 70, "?");
    reopen_unclean();
    EXPECT_EQ(log_->next_offset(), 6);
    EXPECT_EQ(log_->sizes().segment_count, 2u);
    for (const std::string& name : names()) {
        EXPECT_FALSE(name.starts_with("00000000000000000008")) << name;
    }
}

// An append found the disk full, its bytes were cut off again and the log rolled; then the machine lost power, and the cut with it.
TEST_F(Recovering, BytesThatAFailedAppendLeftAtASealedEndLoseNothingBehindThem) {
    use_small_segments();
    fill(6);
    overwrite("00000000000000000004.log", 2 * one_, "half of a batch that nobody was promised");
    reopen_unclean();
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
    EXPECT_EQ(size_of("00000000000000000004.log"), 2 * one_);
}

// Its indexes are believed at the next start.
TEST_F(Recovering, ASealedSegmentThatWasCutKeepsItsIndexes) {
    use_small_segments();
    open();
    for (std::int64_t i = 0; i < 6; ++i) {
        put({.records = 2, .timestamp = kNow + 1000 * i, .tag = "b0"});
    }
    overwrite("00000000000000000004.log", static_cast<std::uint64_t>(config_.segment_bytes), "half of a batch that nobody was promised");
    reopen_unclean();
    reopen_clean();
    auto found = log_->offset_for_timestamp(kNow + 2000);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->offset, 4);
}

// The kernel calls pages clean that it could not write; they are there for the next process, and gone once power is.
TEST_F(Recovering, WhatAFailedSyncLostIsNotTakenForDurableByTheNextProcess) {
    open();
    put({.tag = "kept"});
    flush();
    put({.tag = "lost"});
    disk_.files().fail_sync(1);
    flush();
    ASSERT_TRUE(log_->is_failed());
    log_.reset();
    open({.recovery_point = 1});
    EXPECT_EQ(offsets(), (std::vector<Offset>{0}));
    EXPECT_EQ(put({.tag = "next"}), 1);
    flush();
    log_.reset();
    disk_.files().crash(runtime::sim::CrashPolicy::drop_unsynced, 1);
    open({.recovery_point = 1});
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1}));
}

// Names that a process made and never synced are there for the next one, and the machine may lose them all the same.
class UnsyncedNames : public Recovering {
protected:
    // A record is flushed; then power is lost.
    void expect_kept(Offset recovery_point, const std::vector<Offset>& kept) {
        put({});
        flush();
        log_.reset();
        disk_.files().crash(runtime::sim::CrashPolicy::drop_unsynced, 1);
        open({.recovery_point = recovery_point});
        EXPECT_EQ(offsets(), kept);
    }
};

TEST_F(UnsyncedNames, OfALogThatWasGivenUpHalfMadeAreSyncedByTheFirstFlush) {
    for (std::uint64_t step : {2, 3, 4}) {  // the log, the index, the time index; the directory is there
        disk_.wipe();
        cache_ = std::make_unique<FileCache>(disk_.files(), 16);
        disk_.files().fail_operation(step, ENOSPC);
        ASSERT_FALSE(PartitionLog::open(*cache_, directory(), "orders-3", config_, {}, producers_, kNow));
        open({.clean_shutdown = true});
        expect_kept(0, {0});
    }
}

TEST_F(UnsyncedNames, OfALogWithoutRecordsAreSyncedAfterAKill) {
    open();
    reopen_unclean();
    expect_kept(0, {0});
}

TEST_F(UnsyncedNames, OfASegmentWithoutRecordsAreSyncedAfterAKill) {
    open();
    put({});
    flush();
    ASSERT_TRUE(log_->roll(kNow));
    reopen_unclean(1);
    expect_kept(1, {0, 1});
}

TEST_F(Recovering, DropsTheSegmentsBehindALostEndThatLeftNoTrace) {
    use_small_segments();
    fill(6);
    cut("00000000000000000004.log", one_);
    reopen_unclean();
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(log_->sizes().segment_count, 2u);
}

TEST_F(Recovering, DamageBeforeTheRecoveryPointIsFencedOffNotCut) {
    fill(4);
    overwrite(kFirstLog, one_ + 70, "?");
    reopen_unclean(8);
    EXPECT_EQ(log_->next_offset(), 8);
    EXPECT_EQ(log_->read(0, 1 << 20, 8, true)->next_offset, 2) << "reads stop before the damage";
    EXPECT_EQ(log_->read(2, 1 << 20, 8, true).error().code, ErrorCode::corrupt_message);
    EXPECT_EQ(log_->read(3, 1 << 20, 8, true).error().code, ErrorCode::corrupt_message);
    EXPECT_EQ(read_records(*log_, 4, 8)->size(), 4u);
    EXPECT_EQ(put({.tag = "after"}), 8);
    EXPECT_EQ(read_records(*log_, 8, 9)->front().value.substr(0, 5), "after");
}

TEST_F(Recovering, ADamagedLengthDoesNotHideTheBatchesBehindIt) {
    fill(4);
    overwrite(kFirstLog, one_ + 8, "\x7f\xff\xff\xff");
    reopen_unclean(8);
    EXPECT_EQ(log_->next_offset(), 8);
    EXPECT_EQ(log_->read(2, 1 << 20, 8, true).error().code, ErrorCode::corrupt_message);
    EXPECT_EQ(read_records(*log_, 4, 8)->size(), 4u);
}

TEST_F(Recovering, DamageAtTheEndKeepsTheOffsetsThatWerePromised) {
    fill(4);
    overwrite(kFirstLog, 3 * one_, std::string(one_, '\0'));
    reopen_unclean(8);
    EXPECT_EQ(log_->next_offset(), 8);
    EXPECT_EQ(log_->read(6, 1 << 20, 8, true).error().code, ErrorCode::corrupt_message);
    EXPECT_EQ(put({.tag = "after"}), 8);
    EXPECT_EQ(read_records(*log_, 8, 9)->size(), 1u);
    EXPECT_EQ(read_records(*log_, 0, 6)->size(), 6u);
}

TEST_F(Recovering, DamageInASealedSegmentStopsAtItsEnd) {
    use_small_segments();
    fill(6);
    overwrite("00000000000000000004.log", one_, std::string(one_, '\0'));
    reopen_unclean(7);
    EXPECT_EQ(log_->sizes().segment_count, 3u);
    EXPECT_EQ(log_->read(6, 1 << 20, 12, true).error().code, ErrorCode::corrupt_message);
    EXPECT_EQ(read_records(*log_, 4, 6)->size(), 2u);
    EXPECT_EQ(read_records(*log_, 8, 12)->size(), 4u);
}

TEST_F(Recovering, DamageThatWasNotScannedIsFoundByItsReader) {
    use_small_segments();
    fill(6);
    overwrite("00000000000000000004.log", one_, std::string(one_, '\0'));
    reopen_unclean(12);
    EXPECT_EQ(log_->read(6, 1 << 20, 12, true).error().code, ErrorCode::corrupt_message);
    EXPECT_EQ(read_records(*log_, 8, 12)->size(), 4u);
}

TEST_F(Recovering, RebuildsIndexesOfASealedSegmentAtFirstUse) {
    use_small_segments();
    config_.index_interval_bytes = 0;
    fill(6);
    flush();
    ASSERT_TRUE(disk_.files().remove_file(path("00000000000000000000.index")));
    overwrite("00000000000000000004.timeindex", 0, "xyz");
    reopen_unclean(12);
    EXPECT_EQ(offsets().size(), 12u);
    EXPECT_EQ(log_->offset_for_timestamp(kNow)->value().offset, 0);
    EXPECT_TRUE(disk_.files().exists(path("00000000000000000000.index")));
}

TEST_F(Recovering, AnIndexThatMisleadsALookupIsRebuilt) {
    config_.index_interval_bytes = 0;
    fill(50);
    ASSERT_TRUE(log_->close());
    for (std::size_t entry = 0; entry < 49; ++entry) {
        SCOPED_TRACE(entry);
        log_.reset();
        overwrite("00000000000000000000.index", entry * 8 + 4, std::string("\0\0\1\7", 4));  // no batch starts there
        open({.recovery_point = 100, .clean_shutdown = true});
        ASSERT_EQ(log_->next_offset(), 100);
        ASSERT_EQ(offsets().size(), 100u);
        auto found = read_records(*log_, static_cast<Offset>(2 * entry + 3), 100);
        ASSERT_TRUE(found) << base::to_string(found.error());
        ASSERT_TRUE(log_->close());
    }
}

TEST_F(Recovering, AnIndexThatPassesOverRecordsIsRebuilt) {
    config_.index_interval_bytes = 0;
    fill(50);
    ASSERT_TRUE(log_->close());
    log_.reset();
    std::string far_away(4, '\0');
    base::store_be(reinterpret_cast<std::uint8_t*>(far_away.data()), static_cast<std::int32_t>(40 * one_));
    for (std::size_t entry = 0; entry < 30; ++entry) {
        overwrite("00000000000000000000.index", entry * 8 + 4, far_away);  // a batch starts there, but another one
    }
    open({.recovery_point = 100, .clean_shutdown = true});
    for (Offset offset = 0; offset < 100; ++offset) {
        auto slice = log_->read(offset, 1 << 20, 100, true);
        ASSERT_TRUE(slice) << base::to_string(slice.error());
        EXPECT_EQ(slice->first_offset, offset / 2 * 2);
    }
}

TEST_F(Recovering, ATimeIndexOfZerosDoesNotMakeRecordsOld) {
    use_small_segments();
    config_.index_interval_bytes = 0;
    fill(6);
    ASSERT_TRUE(log_->close());
    log_.reset();
    for (std::string_view name : {"00000000000000000000.timeindex", "00000000000000000004.timeindex"}) {
        overwrite(name, 0, std::string(size_of(name), '\0'));
    }
    open({.recovery_point = 12, .clean_shutdown = true});
    ASSERT_TRUE(log_->offset_of_max_timestamp());
    EXPECT_EQ(log_->offset_for_timestamp(kNow)->value().offset, 0);
    EXPECT_GE(log_->offset_of_max_timestamp()->value().timestamp, kNow);
}

TEST_F(Recovering, OffsetsThatGoBackAreNoReasonToStop) {
    config_.index_interval_bytes = 0;
    fill(6);
    ASSERT_TRUE(log_->close());
    log_.reset();
    ASSERT_TRUE(disk_.files().remove_file(path("00000000000000000000.index")));
    overwrite(kFirstLog, 5 * one_, std::string(8, '\0'));  // the last batch claims to be the first; its checksum does not mind
    open({.recovery_point = 12, .clean_shutdown = true});
    EXPECT_EQ(log_->next_offset(), 10);
    put({.tag = "new"});
    EXPECT_EQ(log_->next_offset(), 11);
    EXPECT_EQ(log_->read(10, 1 << 20, 11, true)->first_offset, 10);
}

TEST_F(Recovering, TheLastEntriesOfTheIndexesMustFitTheLog) {
    config_.index_interval_bytes = 0;
    for (std::string_view name : {"00000000000000000000.index", "00000000000000000000.timeindex"}) {
        disk_.wipe();
        fill(50);
        ASSERT_TRUE(log_->close());
        log_.reset();
        bool is_time = name.ends_with("timeindex");
        std::uint64_t last_offset = size_of(name) - (is_time ? 4 : 8);
        overwrite(name, last_offset, std::string("\x20\0\0\0", 4));
        open({.recovery_point = 100, .clean_shutdown = true});
        for (int i = 0; i < 3; ++i) {
            put({.timestamp = kNow + 1000 + i});
        }
        EXPECT_EQ(offsets().size(), 103u);
        EXPECT_EQ(log_->offset_for_timestamp(kNow + 1001)->value().offset, 101);
    }
}

TEST_F(Recovering, IndexesFromTheRecoveryPointOnAreNotBelieved) {
    config_.index_interval_bytes = 0;
    fill(50);
    ASSERT_TRUE(log_->close());
    std::map<std::string, Bytes> right = contents();
    overwrite("00000000000000000000.index", 0, std::string(16, '\1'));
    overwrite("00000000000000000000.timeindex", 0, std::string(36, '\1'));
    log_.reset();
    open({.recovery_point = 100});
    EXPECT_EQ(offsets().size(), 100u);
    ASSERT_TRUE(log_->close());
    EXPECT_EQ(contents(), right);
}

TEST_F(Recovering, RunningItTwiceGivesTheSameFiles) {
    use_small_segments();
    fill(6);
    put({.producer_id = 4, .transactional = true});
    cut("00000000000000000012.log", size_of("00000000000000000012.log") - 3);
    reopen_unclean();
    std::map<std::string, Bytes> once = contents();
    reopen_unclean();
    EXPECT_EQ(contents(), once);
}

TEST_F(Recovering, ACleanStopIsBelieved) {
    fill();
    put({.producer_id = 4, .sequence = 5});
    reopen_clean();
    EXPECT_EQ(log_->next_offset(), 7);
    EXPECT_EQ(log_->durable_offset(), 7);
    EXPECT_TRUE(append({.producer_id = 4, .sequence = 5})->is_duplicate);
    EXPECT_EQ(append({.producer_id = 4, .sequence = 7}).error().code, ErrorCode::out_of_order_sequence_number);
}

TEST_F(Recovering, ACleanStopThatTheFilesContradictIsNot) {
    fill();
    ASSERT_TRUE(log_->close());
    overwrite(kFirstLog, 3 * one_, "half a batch");
    log_.reset();
    open({.recovery_point = 6, .clean_shutdown = true});
    EXPECT_EQ(log_->next_offset(), 6);
    EXPECT_EQ(size_of(kFirstLog), 3 * one_);
}

TEST_F(Recovering, ProducersComeFromSnapshotAndReplay) {
    use_small_segments();
    open();
    for (std::int32_t i = 0; i < 7; ++i) {
        put({.records = 2, .producer_id = 4, .sequence = 2 * i});
    }
    std::vector<ProducerEntry> before = log_->producers().entries();
    reopen_unclean(12);
    EXPECT_EQ(log_->producers().entries()[0].last_sequence(), before[0].last_sequence());
    EXPECT_TRUE(append({.records = 2, .producer_id = 4, .sequence = 12})->is_duplicate);
    EXPECT_TRUE(append({.records = 2, .producer_id = 4, .sequence = 14}));
}

TEST_F(Recovering, AllFiveRememberedBatchesMayBeRetriedAfterACleanStopWhereverSegmentsBegin) {
    std::size_t one = make_batch({.records = 2, .producer_id = 4}).size();
    for (std::size_t batches_of_a_segment : {100, 6, 2, 1}) {
        SCOPED_TRACE(batches_of_a_segment);
        disk_.wipe();
        config_.segment_bytes = static_cast<std::int32_t>(batches_of_a_segment * one);
        open();
        for (std::int32_t i = 0; i < 7; ++i) {
            put({.records = 2, .producer_id = 4, .sequence = 2 * i});
        }
        std::vector<ProducerEntry> before = log_->producers().entries();
        reopen_clean();
        EXPECT_EQ(log_->producers().entries(), before);
        for (std::int32_t i = 2; i < 7; ++i) {
            auto again = append({.records = 2, .producer_id = 4, .sequence = 2 * i});
            ASSERT_TRUE(again);
            EXPECT_TRUE(again->is_duplicate);
            EXPECT_EQ(again->base_offset, 2 * i);
        }
        EXPECT_EQ(append({.records = 2, .producer_id = 4, .sequence = 2}).error().code, ErrorCode::out_of_order_sequence_number);
    }
}

TEST_F(Recovering, DamageInTheTailDoesNotKeepACleanLogClosed) {
    fill(4);
    put({.producer_id = 4});
    ASSERT_TRUE(log_->close());
    overwrite(kFirstLog, one_, std::string(61, '\0'));
    // An index entry behind the damage lets the start find the end without meeting it.
    auto index = disk_.files().open(path("00000000000000000000.index"), runtime::OpenMode::read_write);
    Bytes entry(8);
    base::store_be<std::int32_t>(entry.data(), 7);
    base::store_be<std::int32_t>(entry.data() + 4, static_cast<std::int32_t>(3 * one_));
    ASSERT_TRUE((*index)->write_at(0, entry));
    log_.reset();
    open({.recovery_point = 9, .clean_shutdown = true});
    EXPECT_EQ(log_->next_offset(), 9);
    EXPECT_EQ(log_->producers().size(), 1u);
}

TEST_F(Recovering, ABrokenSnapshotIsPassedOver) {
    use_small_segments();
    open();
    for (std::int32_t i = 0; i < 7; ++i) {
        put({.records = 2, .producer_id = 4, .sequence = 2 * i});
    }
    ASSERT_TRUE(log_->close());
    overwrite("00000000000000000014.snapshot", 20, "?");
    log_.reset();
    open({.recovery_point = 14, .clean_shutdown = true});
    EXPECT_TRUE(append({.records = 2, .producer_id = 4, .sequence = 12})->is_duplicate);
    EXPECT_FALSE(disk_.files().exists(path("00000000000000000014.snapshot")));
}

TEST_F(Recovering, SnapshotsBehindTheEndAreRemoved) {
    fill();
    ASSERT_TRUE(log_->close());
    cut(kFirstLog, one_);
    log_.reset();
    open({.recovery_point = 0});
    EXPECT_EQ(log_->next_offset(), 2);
    EXPECT_FALSE(disk_.files().exists(path("00000000000000000006.snapshot")));
}

TEST_F(Recovering, ExpiredProducersAreNotLoaded) {
    producers_.producer_id_expiration_ms = 1000;
    open();
    put({.timestamp = kNow - 1000, .producer_id = 4});
    put({.timestamp = kNow - 10, .producer_id = 5});
    reopen_clean();
    ASSERT_EQ(log_->producers().size(), 1u);
    EXPECT_EQ(log_->producers().entries()[0].producer_id, 5);
}

TEST_F(Recovering, EpochsAreTakenFromTheBatchesWhenTheFileIsMissing) {
    open();
    put({.records = 2}, {.leader_epoch = 3, .now_ms = kNow});
    put({.records = 2}, {.leader_epoch = 5, .now_ms = kNow});
    flush();
    std::vector<EpochStart> before = log_->leader_epochs().entries();
    ASSERT_TRUE(disk_.files().remove_file(path(kLeaderEpochCheckpoint)));
    reopen_unclean(4);
    EXPECT_EQ(log_->leader_epochs().entries(), before);
    EXPECT_TRUE(disk_.files().exists(path(kLeaderEpochCheckpoint)));
}

TEST_F(Recovering, EpochsBehindTheEndAreForgotten) {
    open();
    put({.records = 2}, {.leader_epoch = 3, .now_ms = kNow});
    std::uint64_t size = size_of(kFirstLog);
    put({.records = 2}, {.leader_epoch = 5, .now_ms = kNow});
    flush();
    cut(kFirstLog, size);
    reopen_unclean();
    EXPECT_EQ(log_->leader_epochs().entries(), (std::vector<EpochStart>{{3, 0}}));
}

TEST_F(Recovering, FinishesWhatWasInterrupted) {
    fill();
    ASSERT_TRUE(log_->close());
    for (std::string_view name : {"00000000000000000000.log.deleted", "00000000000000000000.index.deleted", "00000000000000000009.log.cleaned",
                                  "00000000000000000009.log.swap", "00000000000000000077.index", "00000000000000000077.txnindex"}) {
        ASSERT_TRUE(disk_.files().open(path(name), runtime::OpenMode::create));
    }
    ASSERT_TRUE(disk_.files().open(path("00000000000000000005-0000000001.checkpoint.deleted"), runtime::OpenMode::create));
    std::vector<std::string> expected{"00000000000000000000.index",     "00000000000000000000.log",
                                      "00000000000000000000.timeindex", "00000000000000000005-0000000001.checkpoint.deleted",
                                      "00000000000000000006.snapshot",  std::string(kLeaderEpochCheckpoint)};
    log_.reset();
    open({.recovery_point = 6});
    EXPECT_EQ(names(), expected);
    EXPECT_EQ(offsets().size(), 6u);
}

TEST_F(Recovering, ASwapFileReplacesTheSegmentsItCovers) {
    use_small_segments();
    fill(6);
    ASSERT_TRUE(log_->close());
    // As compaction leaves it when it dies after its result was complete: segments 0 and 4 become one without offsets 0 to 3.
    Bytes kept = *runtime::read_file(disk_.files(), path("00000000000000000004.log"));
    auto swap = disk_.files().open(path("00000000000000000000.log.swap"), runtime::OpenMode::create);
    ASSERT_TRUE((*swap)->write_at(0, kept));
    log_.reset();
    open({.recovery_point = 12});
    EXPECT_EQ(log_->sizes().segment_count, 2u);
    EXPECT_EQ(offsets(), (std::vector<Offset>{4, 5, 6, 7, 8, 9, 10, 11}));
    EXPECT_EQ(log_->read(0, 1 << 20, 12, true)->first_offset, 4);
}

TEST_F(Recovering, GapsOfCompactionAreNotTakenForLostEnds) {
    config_.cleanup_compact = true;
    use_small_segments();
    fill(6);
    ASSERT_TRUE(log_->close());
    cut("00000000000000000004.log", one_);
    log_.reset();
    open({.recovery_point = 0});
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1, 2, 3, 4, 5, 8, 9, 10, 11}));
}

TEST_F(Recovering, GapsOfCompactionStayNormalWhenThePolicyChanges) {
    use_small_segments();
    fill(6);
    ASSERT_TRUE(log_->close());
    cut("00000000000000000004.log", one_);
    log_.reset();
    open({.recovery_point = 0, .was_compacted = true});
    EXPECT_EQ(offsets(), (std::vector<Offset>{0, 1, 2, 3, 4, 5, 8, 9, 10, 11}));
}

TEST_F(Recovering, AnEmptyDirectoryBecomesALogAtTheCheckpointedStart) {
    open({.log_start_offset = 42, .recovery_point = 42});
    EXPECT_EQ(log_->next_offset(), 42);
    EXPECT_EQ(put({}), 42);
}

TEST_F(Recovering, ALogThatEndsBeforeItsStartBeginsAnew) {
    fill();
    log_.reset();
    open({.log_start_offset = 100, .recovery_point = 100});
    EXPECT_EQ(log_->log_start_offset(), 100);
    EXPECT_EQ(log_->next_offset(), 100);
    EXPECT_EQ(put({}), 100);
}

TEST_F(Recovering, TheTopicIdIsWrittenOnceAndHeldAgainstTheCallers) {
    Uuid id{1, 2};
    open({.topic_id = id});
    EXPECT_EQ(log_->topic_id(), id);
    flush();
    log_.reset();
    open({});
    EXPECT_EQ(log_->topic_id(), id);
    log_.reset();
    auto other = PartitionLog::open(*cache_, directory(), "orders-3", config_, {.topic_id = Uuid{3, 4}}, producers_, kNow);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, ErrorCode::inconsistent_topic_id);
}

}  // namespace
}  // namespace tideline::log
