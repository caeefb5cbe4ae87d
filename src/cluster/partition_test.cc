// What a partition does when the disk has taken what was appended, and when it is asked to.
#include "cluster/partition.h"

#include <gtest/gtest.h>

#include "record/build.h"
#include "record/control.h"
#include "runtime/sim/world.h"

namespace tideline::cluster {
namespace {

using namespace std::chrono_literals;

// One partition on a disk of its own.
class PartitionTest : public testing::Test {
protected:
    void open() {
        auto opened = log::PartitionLog::open(cache_, "/d/offsets-0", "offsets-0", {}, {}, {}, shard_.wall_ms());
        ASSERT_TRUE(opened) << base::to_string(opened.error());
        log::Offset checkpointed = (*opened)->next_offset();
        partition_ = std::make_unique<Partition>(shard_, TopicPartition{"offsets", 0}, base::Uuid{1, 1}, directory_, first_flushes_,
                                                 std::move(*opened), Durability::fsync, checkpointed, 0);
    }
    void close() {
        world_.run(shard_, partition_->quiesce());
        auto closed = world_.run(shard_, Partition::close(shard_, {partition_.get()}));
        ASSERT_TRUE(closed.front());
        partition_.reset();
    }
    // Returns the end of the log behind it.
    log::Offset append(FlushBegins flush) {
        record::BatchBuilder builder({});
        builder.add(shard_.wall_ms(), base::as_bytes("key"), base::as_bytes("value"));
        auto appended = partition_->append_as(builder.finish(), {.origin = log::AppendOrigin::coordinator, .now_ms = shard_.wall_ms()}, flush);
        EXPECT_TRUE(appended) << base::to_string(appended.error());
        return partition_->log().next_offset();
    }

    // As after kill -9: nothing is written any more.
    void open_after_a_kill() {
        world_.run(shard_, partition_->abandon());
        partition_.reset();
        open();
    }
    // Data and marker, both on the disk.
    void write_transaction(bool commit) {
        constexpr std::int64_t kProducer = 7;
        record::BatchBuilder builder({.producer_id = kProducer, .producer_epoch = 0, .transactional = true});
        builder.add(shard_.wall_ms(), base::as_bytes("key"), base::as_bytes("value"));
        EXPECT_TRUE(partition_->append_as(builder.finish(), {.origin = log::AppendOrigin::coordinator, .guard = log::kUnguarded}));
        auto type = commit ? record::ControlType::commit : record::ControlType::abort;
        base::Bytes marker = record::build_marker_batch({.timestamp = shard_.wall_ms(),
                                                         .producer_id = kProducer,
                                                         .producer_epoch = 0,
                                                         .marker = {.type = type, .coordinator_epoch = 0}});
        EXPECT_TRUE(partition_->append_as(marker, {.origin = log::AppendOrigin::coordinator, .transaction_version = 0}));
        world_.run_until_idle();
        ASSERT_EQ(partition_->high_watermark(), partition_->log().next_offset());
    }
    // Whether the log remembers a transaction that has ended. A copy is asked, since asking is what makes it forget.
    bool remembers_an_ended_transaction() {
        log::ProducerState copy = partition_->log().producers();
        return copy.first_unstable_offset(0).has_value();
    }

    runtime::sim::SimWorld world_{1};
    runtime::sim::SimShard& shard_ = world_.add_shard();
    log::FileCache cache_{world_.files()};
    LogDir directory_{world_.files(), "/d"};
    FirstFlushes first_flushes_{shard_};
    std::unique_ptr<Partition> partition_;
};

TEST_F(PartitionTest, WhatIsToBeFlushedAtOnceIsThoughNobodyWaits) {
    open();
    log::Offset end = append(FlushBegins::at_once);
    world_.run_until_idle();
    EXPECT_EQ(partition_->high_watermark(), end);
    close();
}

TEST_F(PartitionTest, WhatNobodyMayBeWaitingForIsFlushedOnceSomebodyDoes) {
    open();
    log::Offset end = append(FlushBegins::when_awaited);
    world_.run_until_idle();
    EXPECT_EQ(partition_->high_watermark(), 0);
    EXPECT_TRUE(world_.run(shard_, partition_->wait_acknowledged(end, shard_.now() + 10s)));
    EXPECT_EQ(partition_->high_watermark(), end);
    close();
}

TEST_F(PartitionTest, WhatNobodyMayBeWaitingForSharesTheNextFlush) {
    open();
    append(FlushBegins::when_awaited);
    log::Offset end = append(FlushBegins::at_once);
    world_.run_until_idle();
    EXPECT_EQ(partition_->high_watermark(), end);
    close();
}

TEST_F(PartitionTest, WhatNobodyWaitsForIsFlushedAfterASecond) {
    open();
    runtime::Instant appended_at = shard_.now();
    log::Offset end = append(FlushBegins::when_awaited);
    partition_->flush_if_due(appended_at + 999ms);
    world_.run_until_idle();
    EXPECT_EQ(partition_->high_watermark(), 0);
    partition_->flush_if_due(appended_at + 1s);
    world_.run_until_idle();
    EXPECT_EQ(partition_->high_watermark(), end);
    close();
}

TEST_F(PartitionTest, TransactionsThatHaveEndedAreForgottenThoughNobodyReads) {
    open();
    write_transaction(true);
    EXPECT_FALSE(remembers_an_ended_transaction());
    write_transaction(false);
    EXPECT_FALSE(remembers_an_ended_transaction());
    close();
}

TEST_F(PartitionTest, TransactionsThatRecoverySawEndAreForgotten) {
    open();
    write_transaction(true);
    write_transaction(false);
    open_after_a_kill();
    EXPECT_FALSE(remembers_an_ended_transaction());
    close();
}

}  // namespace
}  // namespace tideline::cluster
