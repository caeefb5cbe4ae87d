// Consumer groups among groups of the other kind, through the whole coordinator.
#include <gtest/gtest.h>

#include "group/group_testing.h"

namespace tideline::group {
namespace {

class ConsumerGroupInCoordinator : public ::testing::Test {
protected:
    ConsumerGroupInCoordinator() { bench.topics().put("t", 2); }

    template <class Response, class Request>
    Response ask(void (Coordinator::*method)(Ticket, const ClientInfo&, const Request&, const Now&, Effects&),
                 const Request& request, std::int16_t version) {
        Effects effects;
        bench.ask(method, {.id = "client", .host = "/127.0.0.1", .api_version = version}, request, effects);
        if (effects.answers.size() != 1) {
            ADD_FAILURE() << "not answered at once";
            return {};
        }
        return std::get<Response>(effects.answers.front().reply);
    }

    protocol::ConsumerGroupHeartbeatResponse beat(const std::string& group, const std::string& member, std::int32_t epoch) {
        protocol::ConsumerGroupHeartbeatRequest request;
        request.group_id = group;
        request.member_id = member;
        request.member_epoch = epoch;
        if (epoch == 0) {
            request.rebalance_timeout_ms = 60'000;
            request.subscribed_topic_names = std::vector<std::string>{"t"};
            request.topic_partitions.emplace();
        }
        return ask<protocol::ConsumerGroupHeartbeatResponse>(&Coordinator::consumer_heartbeat, request, 1);
    }

    protocol::JoinGroupResponse classic_join(const std::string& group) {
        protocol::JoinGroupRequest request;
        request.group_id = group;
        request.session_timeout_ms = 30'000;
        request.rebalance_timeout_ms = 30'000;
        request.protocol_type = "consumer";
        request.protocols.resize(1);
        request.protocols[0].name = "range";
        return ask<protocol::JoinGroupResponse>(&Coordinator::join, request, 4);
    }

    ErrorCode commit(const std::string& group, const std::string& member, std::int32_t epoch) {
        protocol::OffsetCommitRequest request;
        request.group_id = group;
        request.member_id = member;
        request.generation_id_or_member_epoch = epoch;
        request.topics.resize(1);
        request.topics[0].name = "t";
        request.topics[0].partitions.resize(1);
        request.topics[0].partitions[0].committed_offset = 5;
        const auto response = ask<protocol::OffsetCommitResponse>(&Coordinator::commit, request, 9);
        return response.topics.at(0).partitions.at(0).error_code;
    }

    ErrorCode commit_in_transaction(const std::string& member, std::int32_t epoch) {
        protocol::TxnOffsetCommitRequest request;
        request.group_id = "g";
        request.member_id = member;
        request.generation_id = epoch;
        request.producer_id = 7;
        request.producer_epoch = 0;
        request.topics.resize(1);
        request.topics[0].name = "t";
        request.topics[0].partitions.resize(1);
        request.topics[0].partitions[0].committed_offset = 5;
        const Effects effects = bench.step([&](Coordinator& coordinator, const Now& now, Effects& out) {
            coordinator.commit_in_transaction(1, {.id = "client", .host = "/127.0.0.1", .api_version = 5}, request, 0, now, out);
        });
        return std::get<protocol::TxnOffsetCommitResponse>(effects.answers.at(0).reply).topics.at(0).partitions.at(0).error_code;
    }

    std::string listed() {
        std::string text;
        for (const auto& group : ask<protocol::ListGroupsResponse>(&Coordinator::list, protocol::ListGroupsRequest{}, 5).groups) {
            text += group.group_id + " " + group.group_type + " " + group.protocol_type + " " + group.group_state + "\n";
        }
        return text;
    }

    testing::Bench bench;
};

TEST_F(ConsumerGroupInCoordinator, IsListedWithItsTypeAndState) {
    beat("g", "m1", 0);
    EXPECT_EQ(listed(), "g consumer consumer Stable\n");
    beat("g", "m1", -1);
    EXPECT_EQ(listed(), "g consumer consumer Empty\n");
}

TEST_F(ConsumerGroupInCoordinator, IsDescribedByItsOwnApiAndDeadToTheClassicOne) {
    beat("g", "m1", 0);
    const std::vector<std::string> ids{"g", "missing"};
    const auto own = ask<protocol::ConsumerGroupDescribeResponse>(&Coordinator::consumer_describe, ids, 1);
    ASSERT_EQ(own.groups.size(), 2u);
    EXPECT_EQ(own.groups[0].assignor_name, "uniform");
    EXPECT_EQ(own.groups[0].group_state, "Stable");
    ASSERT_EQ(own.groups[0].members.size(), 1u);
    EXPECT_EQ(own.groups[0].members[0].member_type, 1);
    EXPECT_EQ(own.groups[0].members[0].assignment.topic_partitions.at(0).topic_name, "t");
    EXPECT_EQ(own.groups[0].members[0].target_assignment, own.groups[0].members[0].assignment);
    EXPECT_EQ(own.groups[1].error_code, ErrorCode::group_id_not_found);
    const auto classic = ask<protocol::DescribeGroupsResponse>(&Coordinator::describe, ids, 6);
    EXPECT_EQ(classic.groups[0].group_state, "Dead");
    EXPECT_EQ(classic.groups[0].error_code, ErrorCode::group_id_not_found);
}

TEST_F(ConsumerGroupInCoordinator, TakesNoClassicMemberWhenMigrationIsDisabled) {
    bench.config().consumer_migration_policy = MigrationPolicy::disabled;
    bench.coordinator().set_config(bench.config());
    beat("g", "m1", 0);
    EXPECT_EQ(classic_join("g").error_code, ErrorCode::inconsistent_group_protocol);
    protocol::HeartbeatRequest heartbeat;
    heartbeat.group_id = "g";
    heartbeat.member_id = "m1";
    EXPECT_EQ(ask<protocol::HeartbeatResponse>(&Coordinator::heartbeat, heartbeat, 4).error_code, ErrorCode::unknown_member_id);
    protocol::SyncGroupRequest sync;
    sync.group_id = "g";
    sync.member_id = "m1";
    EXPECT_EQ(ask<protocol::SyncGroupResponse>(&Coordinator::sync, sync, 5).error_code, ErrorCode::unknown_member_id);
}

TEST_F(ConsumerGroupInCoordinator, GivesWayToAClassicGroupOnceItIsEmpty) {
    beat("g", "m1", 0);
    beat("g", "m1", -1);
    EXPECT_EQ(classic_join("g").error_code, ErrorCode::member_id_required);
    EXPECT_EQ(listed().substr(0, 9), "g classic");
}

TEST_F(ConsumerGroupInCoordinator, TakesThePlaceOfAGroupThatOnlyCommitted) {
    EXPECT_EQ(commit("g", "", -1), ErrorCode::none);
    EXPECT_EQ(listed().substr(0, 9), "g classic");
    EXPECT_EQ(beat("g", "m1", 0).error_code, ErrorCode::none);
    EXPECT_EQ(commit("g", "m1", 1), ErrorCode::none);
    EXPECT_EQ(commit("g", "m1", 2), ErrorCode::stale_member_epoch);
    EXPECT_EQ(listed(), "g consumer consumer Stable\n");
}

// Producers know generations only.
TEST_F(ConsumerGroupInCoordinator, HoldsOffsetsOfATransactionToTheEpochOfTheirMember) {
    beat("g", "m1", 0);
    EXPECT_EQ(commit_in_transaction("m1", 1), ErrorCode::none);
    EXPECT_EQ(commit_in_transaction("m1", 0), ErrorCode::illegal_generation);
    EXPECT_EQ(commit_in_transaction("m1", 2), ErrorCode::illegal_generation);
    EXPECT_EQ(commit_in_transaction("m2", 1), ErrorCode::unknown_member_id);
    EXPECT_EQ(commit_in_transaction("", -1), ErrorCode::none) << "old versions of the request name nobody";
    beat("g", "m1", -1);
    EXPECT_EQ(commit_in_transaction("m1", 1), ErrorCode::unknown_member_id);
}

TEST_F(ConsumerGroupInCoordinator, IsDeletedWhenItIsEmpty) {
    beat("g", "m1", 0);
    const std::vector<std::string> ids{"g"};
    const auto refused = ask<protocol::DeleteGroupsResponse>(&Coordinator::delete_groups, ids, 2);
    EXPECT_EQ(refused.results[0].error_code, ErrorCode::non_empty_group);
    beat("g", "m1", -1);
    const auto deleted = ask<protocol::DeleteGroupsResponse>(&Coordinator::delete_groups, ids, 2);
    EXPECT_EQ(deleted.results[0].error_code, ErrorCode::none);
    EXPECT_EQ(listed(), "");
}

TEST_F(ConsumerGroupInCoordinator, MembersHaveAWholeSessionAfterARestart) {
    beat("g", "m1", 0);
    beat("g", "m2", 0);
    bench.restart();
    EXPECT_EQ(beat("g", "m1", 1).error_code, ErrorCode::none);
    std::int64_t moved_ms = 0;
    for (std::int64_t left_ms = 44'999; left_ms > 0; left_ms -= moved_ms) {
        bench.advance(left_ms, moved_ms);
    }
    EXPECT_EQ(beat("g", "m1", 1).error_code, ErrorCode::none);
    bench.advance(1, moved_ms);
    EXPECT_EQ(beat("g", "m2", 2).error_code, ErrorCode::unknown_member_id);
    EXPECT_EQ(beat("g", "m1", 1).error_code, ErrorCode::none);
}

}  // namespace
}  // namespace tideline::group
