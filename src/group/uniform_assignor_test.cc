#include "group/uniform_assignor.h"

#include <gtest/gtest.h>

#include "group/assignor_testing.h"

namespace tideline::group {
namespace {

const Uuid kA = topic_id(1);
const Uuid kB = topic_id(2);

// The largest difference between two members that subscribe to the same topic, of which the larger one has a partition to give.
std::size_t imbalance(const TestGroup& group) {
    std::size_t worst = 0;
    for (const auto& [id, member] : group.members) {
        for (const auto& [topic, partitions] : member.assigned) {
            for (const auto& [other, view] : group.members) {
                if (std::ranges::binary_search(view.topics, topic) && group.load(id) > group.load(other)) {
                    worst = std::max(worst, group.load(id) - group.load(other));
                }
            }
        }
    }
    return worst;
}

TEST(UniformAssignor, SplitsAllPartitionsEvenlyAcrossTopics) {
    TestGroup group;
    group.topics = {{kA, 3}, {kB, 3}};
    group.add("m1", {kA, kB});
    group.add("m2", {kA, kB});
    group.assign("uniform");
    EXPECT_EQ(group.load("m1"), 3u);
    EXPECT_EQ(group.load("m2"), 3u);
}

TEST(UniformAssignor, TakesOnlyWhatANewMemberNeeds) {
    TestGroup group;
    group.topics = {{kA, 6}};
    group.add("m1", {kA});
    group.add("m2", {kA});
    group.assign("uniform");
    group.add("m3", {kA});
    EXPECT_EQ(group.assign("uniform"), 2u);
    EXPECT_EQ(group.load("m3"), 2u);
}

TEST(UniformAssignor, KeepsTheLargerShareWhereItIs) {
    TestGroup group;
    group.topics = {{kA, 4}};
    group.add("m1", {kA});
    group.add("m2", {kA});
    group.add("m3", {kA});
    group.members["m1"].assigned = {{kA, {0}}};
    group.members["m2"].assigned = {{kA, {1}}};
    group.members["m3"].assigned = {{kA, {2, 3}}};
    EXPECT_EQ(group.assign("uniform"), 0u);
}

TEST(UniformAssignor, GivesThePartitionsOfALeavingMemberToTheOthers) {
    TestGroup group;
    group.topics = {{kA, 6}};
    group.add("m1", {kA});
    group.add("m2", {kA});
    group.add("m3", {kA});
    group.assign("uniform");
    group.members.erase("m2");
    EXPECT_EQ(group.assign("uniform"), 0u);
    EXPECT_EQ(group.load("m1"), 3u);
}

TEST(UniformAssignor, FollowsATopicThatGrows) {
    TestGroup group;
    group.topics = {{kA, 2}};
    group.add("m1", {kA});
    group.add("m2", {kA});
    group.assign("uniform");
    group.topics[kA] = 4;
    EXPECT_EQ(group.assign("uniform"), 0u);
    EXPECT_EQ(group.load("m1"), 2u);
}

TEST(UniformAssignor, GivesATopicToItsLeastLoadedSubscribers) {
    TestGroup group;
    group.topics = {{kA, 4}, {kB, 2}};
    group.add("m1", {kA});
    group.add("m2", {kA, kB});
    group.add("m3", {kB});
    group.assign("uniform");
    EXPECT_EQ(group.load("m1"), 2u);
    EXPECT_EQ(group.load("m2"), 2u);
    EXPECT_EQ(group.load("m3"), 2u);
}

TEST(UniformAssignor, TakesBackWhatAMemberNoLongerSubscribesTo) {
    TestGroup group;
    group.topics = {{kA, 2}, {kB, 2}};
    group.add("m1", {kA, kB});
    group.add("m2", {kA, kB});
    group.assign("uniform");
    group.add("m1", {kB});
    group.assign("uniform");
    EXPECT_EQ(group.members["m1"].assigned, (Assignment{{kB, {0, 1}}}));
    EXPECT_EQ(group.members["m2"].assigned, (Assignment{{kA, {0, 1}}}));
}

// A log written by something else may hold anything: partitions that do not exist, two owners of one.
TEST(UniformAssignor, IgnoresAssignmentsThatCannotBe) {
    for (const bool homogeneous : {true, false}) {
        TestGroup group;
        group.topics = {{kA, 4}, {kB, 1}};
        group.add("m1", {kA});
        group.add("m2", homogeneous ? std::vector{kA} : std::vector{kA, kB});
        group.members["m1"].assigned = {{kA, {0, 1, 9}}};
        group.members["m2"].assigned = {{kA, {0, 1}}};
        group.assign("uniform");
        EXPECT_EQ(group.load("m1"), 2u);
    }
}

TEST(UniformAssignor, AssignsNothingToAGroupThatSubscribesToNothing) {
    TestGroup group;
    group.add("m1", {});
    group.assign("uniform");
    EXPECT_TRUE(group.members["m1"].assigned.empty());
    EXPECT_TRUE(assign_uniform(AssignorInput{}).empty());
}

// One random change of the group: a member comes or goes, a topic grows, a member changes what it subscribes to.
void change(TestGroup& group, std::mt19937_64& random, bool homogeneous) {
    const std::vector<Uuid> common = group.members.begin()->second.topics;
    switch (random() % 4) {
        case 0:
            group.add("new-" + std::to_string(random() % 1000), common);
            break;
        case 1:
            if (group.members.size() > 1) {
                group.members.erase(std::next(group.members.begin(), static_cast<std::ptrdiff_t>(random() % group.members.size())));
            }
            break;
        case 2:
            std::next(group.topics.begin(), static_cast<std::ptrdiff_t>(random() % group.topics.size()))->second += 3;
            break;
        default:
            if (!homogeneous) {
                group.members.begin()->second.topics = {group.topics.begin()->first};
            }
    }
}

TEST(UniformAssignor, IsBalancedAndMovesNothingWithoutCauseInRandomGroups) {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        const bool homogeneous = seed % 2 == 0;
        TestGroup group = random_group(random, homogeneous);
        for (int step = 0; step < 6; ++step) {
            SCOPED_TRACE(step);
            group.assign("uniform");
            ASSERT_FALSE(testing::Test::HasFatalFailure());
            ASSERT_LE(imbalance(group), group.homogeneous() ? 1u : 2u);
            ASSERT_EQ(group.assign("uniform"), 0u) << "nothing changed, but a partition moved";
            change(group, random, homogeneous);
        }
    }
}

// What must move is what balance demands: the excess over the larger share of those who have too much.
TEST(UniformAssignor, MovesNoMoreThanBalanceDemandsWhenAMemberJoins) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        TestGroup group = random_group(random, true);
        group.assign("uniform");
        group.add("zz-joins", group.members.begin()->second.topics);
        std::map<std::string, std::size_t> before;
        for (const auto& [id, member] : group.members) {
            before[id] = group.load(id);
        }
        const std::size_t moved = group.assign("uniform");
        ASSERT_EQ(moved, group.load("zz-joins"));
    }
}

}  // namespace
}  // namespace tideline::group
