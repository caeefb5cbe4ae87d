#include "group/range_assignor.h"

#include <gtest/gtest.h>

#include "group/assignor_testing.h"

namespace tideline::group {
namespace {

const Uuid kA = topic_id(1);
const Uuid kB = topic_id(2);

TEST(RangeAssignor, GivesContiguousRangesAndTheFirstMembersOneMore) {
    TestGroup group;
    group.topics = {{kA, 5}};
    group.add("m1", {kA});
    group.add("m2", {kA});
    group.add("m3", {kA});
    group.assign("range");
    EXPECT_EQ(group.members["m1"].assigned, (Assignment{{kA, {0, 1}}}));
    EXPECT_EQ(group.members["m2"].assigned, (Assignment{{kA, {2, 3}}}));
    EXPECT_EQ(group.members["m3"].assigned, (Assignment{{kA, {4}}}));
}

TEST(RangeAssignor, GivesTheSameNumbersOfTopicsOfTheSameSize) {
    TestGroup group;
    group.topics = {{kA, 4}, {kB, 4}};
    group.add("m1", {kA, kB});
    group.add("m2", {kA, kB});
    group.assign("range");
    EXPECT_EQ(group.members["m1"].assigned, (Assignment{{kA, {0, 1}}, {kB, {0, 1}}}));
    EXPECT_EQ(group.members["m2"].assigned, (Assignment{{kA, {2, 3}}, {kB, {2, 3}}}));
}

TEST(RangeAssignor, SharesEachTopicAmongItsOwnSubscribers) {
    TestGroup group;
    group.topics = {{kA, 2}, {kB, 3}};
    group.add("m1", {kA});
    group.add("m2", {kA, kB});
    group.add("m3", {kB});
    group.assign("range");
    EXPECT_EQ(group.members["m1"].assigned, (Assignment{{kA, {0}}}));
    EXPECT_EQ(group.members["m2"].assigned, (Assignment{{kA, {1}}, {kB, {0, 1}}}));
    EXPECT_EQ(group.members["m3"].assigned, (Assignment{{kB, {2}}}));
}

TEST(RangeAssignor, LeavesTheLastMembersWithoutPartitionsWhenThereAreTooFew) {
    TestGroup group;
    group.topics = {{kA, 1}};
    group.add("m1", {kA});
    group.add("m2", {kA});
    group.assign("range");
    EXPECT_EQ(group.members["m1"].assigned, (Assignment{{kA, {0}}}));
    EXPECT_TRUE(group.members["m2"].assigned.empty());
}

TEST(RangeAssignor, PutsStaticMembersFirstInTheOrderOfTheirInstances) {
    TestGroup group;
    group.topics = {{kA, 3}};
    group.add("a", {kA});
    group.add("b", {kA}, "i2");
    group.add("c", {kA}, "i1");
    group.assign("range");
    EXPECT_EQ(group.members["c"].assigned, (Assignment{{kA, {0}}}));
    EXPECT_EQ(group.members["b"].assigned, (Assignment{{kA, {1}}}));
    EXPECT_EQ(group.members["a"].assigned, (Assignment{{kA, {2}}}));
}

TEST(RangeAssignor, SharesOfATopicDifferByOneAtMostInRandomGroups) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        TestGroup group = random_group(random, seed % 2 == 0);
        group.assign("range");
        if (testing::Test::HasFatalFailure()) {
            return;
        }
        for (const auto& [topic, count] : group.topics) {
            std::size_t least = SIZE_MAX;
            std::size_t most = 0;
            for (const auto& [id, member] : group.members) {
                if (std::ranges::binary_search(member.topics, topic)) {
                    const auto found = member.assigned.find(topic);
                    const std::size_t size = found == member.assigned.end() ? 0 : found->second.size();
                    least = std::min(least, size);
                    most = std::max(most, size);
                    ASSERT_TRUE(size == 0 || found->second.back() - found->second.front() + 1 == static_cast<std::int32_t>(size));
                }
            }
            ASSERT_TRUE(least == SIZE_MAX || most - least <= 1);
        }
    }
}

}  // namespace
}  // namespace tideline::group
