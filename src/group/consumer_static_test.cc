// Static members: a process goes and comes back, and its partitions wait for it.
#include <gtest/gtest.h>

#include "group/consumer_testing.h"

namespace tideline::group {
namespace {

class StaticConsumer : public testing::Test {
protected:
    StaticConsumer() { world.topics.add("t", 4); }

    static HeartbeatRequest as_instance(HeartbeatRequest request, const std::string& instance = "i1") {
        request.instance_id = instance;
        return request;
    }

    ConsumerWorld world;
};

TEST_F(StaticConsumer, TakesUpWhatItsPredecessorLeft) {
    world.beat(as_instance(joining("m1", {"t"})));
    const Assignment all = world.assigned("m1");
    EXPECT_EQ(world.beat(as_instance(beating("m1", kStaticLeaveEpoch))).member_epoch, kStaticLeaveEpoch);
    EXPECT_EQ(kinds(world.written), (std::vector<std::string>{"current"}));
    // Another one gets nothing meanwhile.
    world.beat(joining("m2", {"t"}));
    EXPECT_TRUE(world.assigned("m2").empty());
    world.beat(beating("m2", kLeaveEpoch));

    const HeartbeatResponse back = world.beat(as_instance(joining("m3", {"t"})));
    EXPECT_EQ(back.error_code, ErrorCode::none);
    EXPECT_EQ(to_assignment(back.assignment->topic_partitions), all);
    EXPECT_EQ(world.group()->member("m1"), nullptr);
    EXPECT_EQ(world.group()->member_count(), 1u);
}

TEST_F(StaticConsumer, ReplacingWritesTheOldOneOutAndTheNewOneIn) {
    world.beat(as_instance(joining("m1", {"t"})));
    world.beat(as_instance(beating("m1", kStaticLeaveEpoch)));
    world.beat(as_instance(joining("m2", {"t"})));
    EXPECT_EQ(kinds(world.written), (std::vector<std::string>{"-current", "-target", "-member", "member", "target", "current",
                                                              "current"}));
    EXPECT_EQ(world.group()->epoch(), 1) << "nothing had to be assigned anew";
}

TEST_F(StaticConsumer, AnInstanceIdInUseIsNotGivenAway) {
    world.beat(as_instance(joining("m1", {"t"})));
    EXPECT_EQ(world.beat(as_instance(joining("m2", {"t"}))).error_code, ErrorCode::unreleased_instance_id);
    EXPECT_EQ(world.beat(as_instance(beating("m2", 1))).error_code, ErrorCode::fenced_instance_id);
    EXPECT_EQ(world.beat(as_instance(beating("m2", kLeaveEpoch))).error_code, ErrorCode::fenced_instance_id);
    EXPECT_EQ(world.beat(as_instance(beating("m1", 1), "i9")).error_code, ErrorCode::unknown_member_id);
    EXPECT_EQ(world.beat(as_instance(beating("m1", kStaticLeaveEpoch), "i9")).error_code, ErrorCode::unknown_member_id);
}

TEST_F(StaticConsumer, WhoDoesNotComeBackIsTakenOutWhenTheSessionEnds) {
    world.beat(as_instance(joining("m1", {"t"})));
    world.beat(as_instance(beating("m1", kStaticLeaveEpoch)));
    world.pass(45'000);
    EXPECT_TRUE(world.group()->is_empty());
    EXPECT_EQ(world.group()->static_member("i1"), nullptr);
}

TEST_F(StaticConsumer, ALeaveBeforeVersion3NamesOneMember) {
    world.beat(joining("m1", {"t"}));
    world.client.api_version = 2;
    protocol::LeaveGroupRequest request;
    request.group_id = kGroup;
    request.member_id = "m1";
    for (auto expected : {ErrorCode::none, ErrorCode::unknown_member_id}) {
        Effects effects;
        world.protocol.classic_leave(*world.group(), 1, world.client, request, world.now, effects);
        const auto& response = std::get<protocol::LeaveGroupResponse>(effects.answers.front().reply);
        EXPECT_EQ(response.error_code, expected);
        EXPECT_TRUE(response.members.empty());
        EXPECT_TRUE(world.group()->is_empty());
    }
}

TEST_F(StaticConsumer, AnAdministratorRemovesItByItsInstance) {
    world.beat(as_instance(joining("m1", {"t"})));
    protocol::LeaveGroupRequest request;
    request.group_id = kGroup;
    request.members.resize(2);
    request.members[0].group_instance_id = "i1";
    request.members[1].member_id = "nobody";
    world.client.api_version = 5;
    Effects effects;
    world.protocol.classic_leave(*world.group(), 1, world.client, request, world.now, effects);
    const auto& response = std::get<protocol::LeaveGroupResponse>(effects.answers.front().reply);
    EXPECT_EQ(response.members[0].error_code, ErrorCode::none);
    EXPECT_EQ(response.members[1].error_code, ErrorCode::unknown_member_id);
    EXPECT_TRUE(world.group()->is_empty());
}

// A member may come with another instance id than it had; the old one is free then.
TEST_F(StaticConsumer, AMemberThatTakesAnotherInstanceIdLetsGoOfTheFirst) {
    world.beat(as_instance(joining("m1", {"t"})));
    world.beat(as_instance(joining("m1", {"t"}), "i2"));
    EXPECT_EQ(world.group()->static_member("i1"), nullptr);
    world.beat(as_instance(beating("m1", kLeaveEpoch), "i2"));
    EXPECT_EQ(world.beat(as_instance(joining("m2", {"t"}))).error_code, ErrorCode::none);
}

}  // namespace
}  // namespace tideline::group
