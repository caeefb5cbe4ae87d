// One member at a time: joining, staying, leaving, and what is refused.
#include <gtest/gtest.h>

#include "group/consumer_testing.h"

namespace tideline::group {
namespace {

using Strings = std::vector<std::string>;

class ConsumerHeartbeat : public testing::Test {
protected:
    ConsumerHeartbeat() { world.topics.add("t", 4); }

    Uuid t() { return world.topics.id("t"); }
    ErrorCode error(const HeartbeatRequest& request) { return world.beat(request).error_code; }
    // The member joins, and gives up and gets whatever it must until it is where the group is.
    void settle(const std::string& id) {
        for (int round = 0; round < 4; ++round) {
            const ConsumerMember& member = world.member(id);
            world.beat(owning(beating(id, member.current.epoch), member.current.assigned));
        }
    }

    ConsumerWorld world;
};

TEST_F(ConsumerHeartbeat, TheFirstMemberGetsEverythingAtOnce) {
    const HeartbeatResponse response = world.beat(joining("m1", {"t"}));
    EXPECT_EQ(response.error_code, ErrorCode::none);
    EXPECT_EQ(response.member_epoch, 1);
    EXPECT_EQ(response.heartbeat_interval_ms, 5'000);
    ASSERT_TRUE(response.assignment);
    EXPECT_EQ(to_assignment(response.assignment->topic_partitions), (Assignment{{t(), {0, 1, 2, 3}}}));
    EXPECT_EQ(kinds(world.written), (Strings{"member", "epoch", "target", "target_epoch", "current"}));
    EXPECT_EQ(world.state(), "Stable");
}

TEST_F(ConsumerHeartbeat, ANewProcessOfVersion0IsGivenAMemberId) {
    world.client.api_version = 0;
    const HeartbeatResponse response = world.beat(joining("", {"t"}));
    EXPECT_EQ(response.error_code, ErrorCode::none);
    EXPECT_EQ(response.member_id->size(), 22u);
}

TEST_F(ConsumerHeartbeat, TheAssignmentIsSentOnlyWhenItChangedOrTheRequestWasFull) {
    world.beat(joining("m1", {"t"}));
    EXPECT_FALSE(world.beat(beating("m1", 1)).assignment);
    EXPECT_TRUE(world.written.empty());
    HeartbeatRequest full = joining("m1", {"t"});
    full.member_epoch = 1;
    EXPECT_TRUE(world.beat(full).assignment);
}

TEST_F(ConsumerHeartbeat, APartitionChangesHandsOnlyAfterItsOwnerGaveItUp) {
    world.beat(joining("m1", {"t"}));
    // The second one waits: what it should get still belongs to the first.
    HeartbeatResponse second = world.beat(joining("m2", {"t"}));
    EXPECT_EQ(second.member_epoch, 2);
    EXPECT_TRUE(second.assignment->topic_partitions.empty());
    EXPECT_EQ(world.member("m2").current.state, MemberState::unreleased_partitions);
    // The first one is told to give up two, and keeps its epoch until it did.
    HeartbeatResponse first = world.beat(owning(beating("m1", 1), world.assigned("m1")));
    EXPECT_EQ(first.member_epoch, 1);
    EXPECT_EQ(to_assignment(first.assignment->topic_partitions), (Assignment{{t(), {0, 1}}}));
    EXPECT_EQ(world.member("m1").current.state, MemberState::unrevoked_partitions);
    EXPECT_EQ(world.state(), "Reconciling");
    world.beat(beating("m2", 2));
    EXPECT_TRUE(world.assigned("m2").empty());
    // It did.
    first = world.beat(owning(beating("m1", 1), {{t(), {0, 1}}}));
    EXPECT_EQ(first.member_epoch, 2);
    second = world.beat(beating("m2", 2));
    EXPECT_EQ(to_assignment(second.assignment->topic_partitions), (Assignment{{t(), {2, 3}}}));
    EXPECT_EQ(world.state(), "Stable");
}

TEST_F(ConsumerHeartbeat, LeavingTakesTheMemberOutAndMovesTheEpoch) {
    world.beat(joining("m1", {"t"}));
    const HeartbeatResponse left = world.beat(beating("m1", kLeaveEpoch));
    EXPECT_EQ(left.error_code, ErrorCode::none);
    EXPECT_EQ(left.member_epoch, kLeaveEpoch);
    EXPECT_EQ(kinds(world.written), (Strings{"-current", "-target", "-member", "epoch"}));
    EXPECT_EQ(world.state(), "Empty");
    EXPECT_EQ(world.group()->epoch(), 2);
}

TEST_F(ConsumerHeartbeat, WhoIsNotThereIsTold) {
    EXPECT_EQ(error(beating("m1", 1)), ErrorCode::group_id_not_found);
    EXPECT_EQ(error(beating("m1", kLeaveEpoch)), ErrorCode::group_id_not_found);
    world.beat(joining("m1", {"t"}));
    EXPECT_EQ(error(beating("m2", 1)), ErrorCode::unknown_member_id);
    EXPECT_EQ(error(beating("m2", kLeaveEpoch)), ErrorCode::unknown_member_id);
}

TEST_F(ConsumerHeartbeat, AnEpochThatIsNotTheMembersIsFenced) {
    world.beat(joining("m1", {"t"}));
    EXPECT_EQ(error(beating("m1", 2)), ErrorCode::fenced_member_epoch);
    world.beat(joining("m2", {"t"}));
    settle("m1");
    settle("m1");
    ASSERT_EQ(world.member("m1").current.epoch, 2);
    EXPECT_EQ(error(beating("m1", 1)), ErrorCode::fenced_member_epoch) << "does not say what it owns";
    EXPECT_EQ(error(owning(beating("m1", 1), {{t(), {3}}})), ErrorCode::fenced_member_epoch) << "owns what it should not";
}

TEST_F(ConsumerHeartbeat, ThePreviousEpochIsGoodWhileTheAnswerMayHaveBeenLost) {
    world.beat(joining("m1", {"t"}));
    world.beat(joining("m2", {"t"}));
    world.beat(owning(beating("m1", 1), world.assigned("m1")));
    world.beat(owning(beating("m1", 1), world.assigned("m1")));
    ASSERT_EQ(world.member("m1").current.epoch, 2);
    EXPECT_EQ(world.beat(owning(beating("m1", 1), world.assigned("m1"))).member_epoch, 2);
}

TEST_F(ConsumerHeartbeat, AMemberMayJoinAgainUnderItsId) {
    world.beat(joining("m1", {"t"}));
    const HeartbeatResponse again = world.beat(joining("m1", {"t"}));
    EXPECT_EQ(again.member_epoch, 1);
    EXPECT_EQ(to_assignment(again.assignment->topic_partitions), (Assignment{{t(), {0, 1, 2, 3}}}));
}

TEST_F(ConsumerHeartbeat, InvalidRequestsAreRefused) {
    const auto refused = [this](auto change) {
        HeartbeatRequest request = joining("m1", {"t"});
        change(request);
        return error(request);
    };
    using R = HeartbeatRequest;
    EXPECT_EQ(refused([](R& r) { r.member_id = ""; }), ErrorCode::invalid_request);
    EXPECT_EQ(refused([](R& r) { r.group_id = ""; }), ErrorCode::invalid_request);
    EXPECT_EQ(refused([](R& r) { r.instance_id = ""; }), ErrorCode::invalid_request);
    EXPECT_EQ(refused([](R& r) { r.rack_id = ""; }), ErrorCode::invalid_request);
    EXPECT_EQ(refused([](R& r) { r.rebalance_timeout_ms = -1; }), ErrorCode::invalid_request);
    EXPECT_EQ(refused([](R& r) { r.topic_partitions.reset(); }), ErrorCode::invalid_request);
    EXPECT_EQ(refused([](R& r) { r.topic_partitions->emplace_back(); }), ErrorCode::invalid_request);
    EXPECT_EQ(refused([](R& r) { r.subscribed_topic_names.reset(); }), ErrorCode::invalid_request);
    EXPECT_EQ(refused([](R& r) { r.member_epoch = -3; }), ErrorCode::invalid_request);
    EXPECT_EQ(refused([](R& r) { r.member_epoch = kStaticLeaveEpoch; }), ErrorCode::invalid_request);
    EXPECT_EQ(refused([](R& r) { r.server_assignor = "sticky"; }), ErrorCode::unsupported_assignor);
    EXPECT_EQ(world.group(), nullptr);
}

TEST_F(ConsumerHeartbeat, AFullGroupTakesNobodyElse) {
    world.environment.config.consumer_max_size = 1;
    world.beat(joining("m1", {"t"}));
    EXPECT_EQ(error(joining("m2", {"t"})), ErrorCode::group_max_size_reached);
    EXPECT_EQ(error(joining("m1", {"t"})), ErrorCode::none);
}

TEST_F(ConsumerHeartbeat, TheAssignorMostMembersAskForIsTaken) {
    HeartbeatRequest request = joining("m1", {"t"});
    request.server_assignor = "range";
    world.beat(request);
    EXPECT_EQ(world.group()->preferred_assignor(), "range");
    for (const char* id : {"m2", "m3"}) {
        request = joining(id, {"t"});
        request.server_assignor = "uniform";
        world.beat(request);
    }
    EXPECT_EQ(world.group()->preferred_assignor(), "uniform");
}

TEST_F(ConsumerHeartbeat, WhatDoesNotFitIntoARecordIsRefused) {
    world.environment.config.record_bytes_max = 1'000;
    EXPECT_EQ(error(joining("m1", {std::string(2'000, 'x')})), ErrorCode::unknown_server_error);
    EXPECT_EQ(world.group(), nullptr);
}

TEST_F(ConsumerHeartbeat, AMemberWhoseAssignmentDoesNotFitIntoARecordIsRefused) {
    world.environment.config.record_bytes_max = 1'000;
    world.topics.add("large", 400);
    world.change_topics();
    EXPECT_EQ(error(joining("m1", {"large"})), ErrorCode::unknown_server_error);
    EXPECT_EQ(world.group(), nullptr);
    EXPECT_EQ(error(joining("m1", {"t"})), ErrorCode::none);
    const std::string before = world.durable();
    EXPECT_EQ(error(joining("m2", {"large"})), ErrorCode::unknown_server_error);
    EXPECT_TRUE(world.written.empty());
    EXPECT_EQ(world.durable(), before);
    EXPECT_EQ(error(beating("m1", world.member("m1").current.epoch)), ErrorCode::none);
}

TEST_F(ConsumerHeartbeat, WhatIsTooMuchForOneMemberFitsForTwo) {
    world.environment.config.record_bytes_max = 1'000;
    world.topics.add("large", 200);
    world.change_topics();
    EXPECT_EQ(error(joining("m1", {"large"})), ErrorCode::none);
    EXPECT_EQ(error(joining("m2", {"large"})), ErrorCode::none);
    settle("m1");
    settle("m2");
    settle("m1");
    world.topics.add("large", 400);
    world.change_topics();
    settle("m1");
    settle("m2");
    EXPECT_EQ(world.assigned("m1").begin()->second.size(), 200u);
    EXPECT_EQ(error(beating("m2", kLeaveEpoch)), ErrorCode::none);
    // Too much for the one that is left: it keeps what it has, and is told.
    EXPECT_EQ(error(beating("m1", world.member("m1").current.epoch)), ErrorCode::unknown_server_error);
    EXPECT_EQ(world.assigned("m1").begin()->second.size(), 200u);
    EXPECT_EQ(error(joining("m3", {"large"})), ErrorCode::none);
    EXPECT_EQ(error(beating("m1", world.member("m1").current.epoch)), ErrorCode::none);
}

TEST_F(ConsumerHeartbeat, AMemberThatIsNotHeardOfIsTakenOut) {
    world.beat(joining("m1", {"t"}));
    world.pass(44'000);
    EXPECT_EQ(error(beating("m1", 1)), ErrorCode::none);
    world.pass(44'000);
    ASSERT_NE(world.group()->member("m1"), nullptr);
    world.pass(1'000);
    EXPECT_EQ(world.group()->member("m1"), nullptr);
    EXPECT_EQ(error(beating("m1", 1)), ErrorCode::unknown_member_id);
}

TEST_F(ConsumerHeartbeat, AMemberThatDoesNotGiveUpItsPartitionsIsTakenOut) {
    world.beat(joining("m1", {"t"}));
    world.beat(joining("m2", {"t"}));
    world.beat(owning(beating("m1", 1), world.assigned("m1")));
    for (int half = 0; half < 2; ++half) {
        world.pass(30'000);
        world.beat(beating("m1", 1));
        world.beat(beating("m2", 2));
    }
    EXPECT_EQ(world.group()->member("m1"), nullptr) << "60 seconds are over, and it owns what m2 waits for";
    EXPECT_EQ(world.assigned("m2"), (Assignment{{t(), {0, 1, 2, 3}}}));
}

TEST_F(ConsumerHeartbeat, ATopicThatGrowsOrGoesIsSeenWithTheNextHeartbeat) {
    world.beat(joining("m1", {"t", "u"}));
    world.topics.add("u", 1);
    world.change_topics();
    HeartbeatResponse response = world.beat(owning(beating("m1", 1), world.assigned("m1")));
    EXPECT_EQ(response.member_epoch, 2);
    EXPECT_EQ(to_assignment(response.assignment->topic_partitions).size(), 2u);
    world.topics.remove("u");
    world.change_topics();
    world.beat(owning(beating("m1", 2), world.assigned("m1")));
    EXPECT_EQ(world.assigned("m1"), (Assignment{{t(), {0, 1, 2, 3}}}));
    const std::int32_t epoch = world.group()->epoch();
    world.topics.add("other", 1);
    world.change_topics();
    world.beat(beating("m1", world.member("m1").current.epoch));
    EXPECT_EQ(world.group()->epoch(), epoch) << "a topic nobody subscribes to is nobody's concern";
}

TEST_F(ConsumerHeartbeat, AMemberThatWantsLessGivesUpTheRestAtOnce) {
    world.topics.add("u", 2);
    world.beat(joining("m1", {"t", "u"}));
    HeartbeatRequest request = owning(beating("m1", 1), world.assigned("m1"));
    request.subscribed_topic_names = Strings{"t"};
    const HeartbeatResponse response = world.beat(request);
    EXPECT_EQ(to_assignment(response.assignment->topic_partitions), (Assignment{{t(), {0, 1, 2, 3}}}));
    EXPECT_EQ(world.member("m1").current.pending_revocation, (Assignment{{world.topics.id("u"), {0, 1}}}));
}

TEST_F(ConsumerHeartbeat, CommitsAndFetchesAreOfTheMembersEpoch) {
    const std::optional<std::string> no_instance;
    const auto commit = [&](std::string_view id, std::int32_t epoch, std::int16_t version, bool transactional = false) {
        const auto checked = world.group()->check_commit({.member_id = id,
                                                          .instance_id = no_instance,
                                                          .generation_or_epoch = epoch,
                                                          .is_transactional = transactional,
                                                          .api_version = version});
        return checked ? ErrorCode::none : checked.error().code;
    };
    world.beat(joining("m1", {"t"}));
    EXPECT_EQ(commit("m1", 1, 9), ErrorCode::none);
    EXPECT_EQ(commit("m1", 1, 8), ErrorCode::unsupported_version);
    EXPECT_EQ(commit("m1", 0, 9), ErrorCode::stale_member_epoch);
    EXPECT_EQ(commit("m2", 1, 9), ErrorCode::unknown_member_id);
    EXPECT_EQ(commit("", -1, 9), ErrorCode::unknown_member_id);
    EXPECT_EQ(commit("", -1, 3, true), ErrorCode::none);
    EXPECT_TRUE(world.group()->check_fetch(std::nullopt, -1));
    EXPECT_TRUE(world.group()->check_fetch("m1", 1));
    EXPECT_EQ(world.group()->check_fetch("m1", 2).error().code, ErrorCode::stale_member_epoch);
    EXPECT_EQ(world.group()->check_delete().error().code, ErrorCode::non_empty_group);
    world.beat(beating("m1", kLeaveEpoch));
    EXPECT_EQ(commit("", -1, 9), ErrorCode::none);
    EXPECT_TRUE(world.group()->check_delete());
}

}  // namespace
}  // namespace tideline::group
