// Group commit of a partition when the disk or the process is short of something.
#include "cluster/partition.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "record/build.h"
#include "runtime/sim/world.h"

namespace tideline::cluster {
namespace {

using runtime::Task;
using runtime::sim::SimShard;
using std::chrono::seconds;

constexpr const char* kIndex = "/d/orders-0/00000000000000000000.timeindex";
constexpr const char* kAway = "/d/orders-0/away";

// Two batches in two segments; the time index of the first one, which the flush has to sync, cannot be opened for a second.
Task<base::Result<>> write_while_an_index_is_away(SimShard& shard, Partition& partition) {
    record::BatchBuilder builder({});
    builder.add(shard.wall_ms(), std::nullopt, base::as_bytes("value"));
    base::Bytes batch = builder.finish();
    EXPECT_TRUE(partition.append(batch, shard.wall_ms()));
    EXPECT_TRUE(partition.append(batch, shard.wall_ms()));
    runtime::FileSystem& files = shard.files();
    EXPECT_TRUE(files.rename(kIndex, kAway));
    shard.add_timer(shard.now() + seconds(1), [&files] { EXPECT_TRUE(files.rename(kAway, kIndex)); });
    co_return co_await partition.wait_acknowledged(2, shard.now() + seconds(60));
}

TEST(PartitionFlush, ThatCouldNotBeginBeginsLater) {
    base::set_log_sink([](base::LogLevel, std::string_view) {});
    runtime::sim::SimWorld world(1);
    SimShard& shard = world.add_shard();
    ASSERT_TRUE(shard.files().make_directories("/d"));
    LogDir directory(shard.files(), "/d");
    FirstFlushes first_flushes(shard);
    log::FileCache cache(shard.files(), 1);
    log::LogConfig config;
    config.segment_index_bytes = 12;
    config.index_interval_bytes = 0;
    auto log = log::PartitionLog::open(cache, "/d/orders-0", "orders-0", config, {}, {}, shard.wall_ms());
    ASSERT_TRUE(log);
    {
        Partition partition(shard, {"orders", 0}, base::Uuid{1, 1}, directory, first_flushes, std::move(*log), Durability::fsync, 0, 1);
        EXPECT_TRUE(world.run(shard, write_while_an_index_is_away(shard, partition)));
        world.run(shard, partition.quiesce());
        EXPECT_TRUE(world.run(shard, Partition::close(shard, {&partition})).front());
    }
    EXPECT_FALSE(directory.is_failed());
    base::set_log_sink({});
}

}  // namespace
}  // namespace tideline::cluster
