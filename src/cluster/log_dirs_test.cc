// Whose offsets the checkpoints of a log directory hold, when a name is used again.
#include "cluster/log_dirs.h"

#include <gtest/gtest.h>

#include "runtime/sim/files.h"

namespace tideline::cluster {
namespace {

class Checkpoints : public testing::Test {
protected:
    Checkpoints() {
        EXPECT_TRUE(files_.make_directories("/d"));
        restart();
    }
    // As after a crash: what a LogDir knows is gone, its files are there.
    void restart() {
        directory_ = std::make_unique<LogDir>(files_, "/d");
        EXPECT_TRUE(directory_->load());
    }
    PartitionCheckpoint begin(const base::Uuid& topic, bool has_directory) {
        auto found = directory_->begin_partition(kId, topic, has_directory);
        EXPECT_TRUE(found);
        return *found;
    }
    static PartitionCheckpoint row_of(const base::Uuid& topic) {
        return {.id = kId, .recovery_point = 10, .log_start_offset = 3, .high_watermark = 9, .topic_id = topic};
    }
    static void expect_nothing(const PartitionCheckpoint& found) {
        EXPECT_EQ(found.recovery_point, 0);
        EXPECT_EQ(found.log_start_offset, 0);
        EXPECT_EQ(found.high_watermark, 0);
    }

    static inline const TopicPartition kId{"orders", 1};
    static inline const base::Uuid kOld{1, 1};
    static inline const base::Uuid kNew{2, 2};
    runtime::sim::SimFileSystem files_;
    std::unique_ptr<LogDir> directory_;
};

TEST_F(Checkpoints, OutliveACrash) {
    begin(kOld, false);
    ASSERT_TRUE(directory_->update({row_of(kOld)}));
    restart();
    PartitionCheckpoint found = begin(kOld, true);
    EXPECT_EQ(found.recovery_point, 10);
    EXPECT_EQ(found.log_start_offset, 3);
    EXPECT_EQ(found.high_watermark, 9);
}

// Several shards write checkpoints, and files are renamed as soon as one of them says where the log begins.
TEST_F(Checkpoints, CollectedBeforeTheLogStartMovedDoNotMoveItBack) {
    begin(kOld, false);
    PartitionCheckpoint later = row_of(kOld);
    later.log_start_offset = 7;
    ASSERT_TRUE(directory_->update({later}));
    ASSERT_TRUE(directory_->update({row_of(kOld)}));
    restart();
    EXPECT_EQ(begin(kOld, true).log_start_offset, 7);
}

TEST_F(Checkpoints, CollectedBeforeTheirTopicWasForgottenAreNotThoseOfTheNextOfItsName) {
    begin(kOld, false);
    std::vector<PartitionCheckpoint> collected{row_of(kOld)};
    ASSERT_TRUE(directory_->forget({kId}));
    ASSERT_TRUE(directory_->update(collected));
    expect_nothing(begin(kNew, true));
    ASSERT_TRUE(directory_->update(collected));
    restart();
    expect_nothing(begin(kNew, true));
}

TEST_F(Checkpoints, ThatACrashKeptFromBeingForgottenAreNotThoseOfTheNextOfItsName) {
    begin(kOld, false);
    ASSERT_TRUE(directory_->update({row_of(kOld)}));
    restart();
    expect_nothing(begin(kNew, false));
    restart();
    expect_nothing(begin(kNew, true));
}

}  // namespace
}  // namespace tideline::cluster
