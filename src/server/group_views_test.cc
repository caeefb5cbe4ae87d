#include "server/group_views.h"

#include <gtest/gtest.h>

#include "cluster/metadata_replay.h"

namespace tideline::server {
namespace {

class GroupTopicsTest : public ::testing::Test {
protected:
    GroupTopicsTest() { show(next({})); }

    // The newest image with these topics besides.
    cluster::ImagePtr next(const std::vector<protocol::MetadataRecord>& records) {
        for (const protocol::MetadataRecord& record : records) {
            EXPECT_TRUE(replay_.apply(record));
        }
        return replay_.publish(++offset_, 1).after;
    }
    void show(const cluster::ImagePtr& image) {
        topics_.expect(image);
        topics_.show(image);
    }
    static protocol::MetadataRecord made(const std::string& name, const base::Uuid& id) {
        return protocol::TopicRecord{.name = name, .topic_id = id};
    }
    static protocol::MetadataRecord removed(const base::Uuid& id) { return protocol::RemoveTopicRecord{.topic_id = id}; }

    const base::Uuid old_{1, 1};
    const base::Uuid new_{1, 2};
    cluster::MetadataReplay replay_;
    std::int64_t offset_ = 0;
    GroupTopics topics_;
};

TEST_F(GroupTopicsTest, WhatIsExpectedIsFoundEarlyOnly) {
    cluster::ImagePtr image = next({made("t", new_)});
    topics_.expect(image);
    EXPECT_FALSE(topics_.find("t"));
    EXPECT_FALSE(topics_.find(new_));
    EXPECT_EQ(topics_.find_early("t")->id, new_);
    EXPECT_EQ(topics_.find_early(new_)->name, "t");
    topics_.show(image);
    EXPECT_EQ(topics_.find("t")->id, new_);
    EXPECT_TRUE(topics_.find(new_));
}

TEST_F(GroupTopicsTest, WhatIsAboutToGoIsFoundUntilItIsGone) {
    show(next({made("t", old_)}));
    cluster::ImagePtr image = next({removed(old_)});
    topics_.expect(image);
    EXPECT_TRUE(topics_.find_early(old_));
    topics_.show(image);
    EXPECT_FALSE(topics_.find_early(old_));
}

// The offsets under its name are about to be deleted with the old one, and its own would go with them.
TEST_F(GroupTopicsTest, ATopicMadeAnewIsNotFoundBeforeTheOldOneHasGone) {
    show(next({made("t", old_)}));
    cluster::ImagePtr image = next({removed(old_), made("t", new_)});
    topics_.expect(image);
    EXPECT_FALSE(topics_.find_early(new_));
    EXPECT_FALSE(topics_.find_early("t"));
    topics_.show(image);
    EXPECT_TRUE(topics_.find_early(new_));
    EXPECT_EQ(topics_.find_early("t")->id, new_);
}

}  // namespace
}  // namespace tideline::server
