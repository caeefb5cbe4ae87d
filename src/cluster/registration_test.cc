#include "cluster/registration.h"

#include <gtest/gtest.h>

#include "cluster/metadata_replay.h"

namespace tideline::cluster {
namespace {

constexpr Uuid kTopic{1, 1};

ImagePtr image_with(const PartitionState& state) {
    MetadataReplay replay;
    protocol::TopicRecord topic;
    topic.name = "t";
    topic.topic_id = kTopic;
    EXPECT_TRUE(replay.apply(topic));
    EXPECT_TRUE(replay.apply(partition_record_of(kTopic, 0, state)));
    return replay.publish(1, 1).after;
}

PartitionState led_by_1() {
    PartitionState state;
    state.replicas = {1};
    state.isr = {1};
    state.leader = 1;
    state.directories = {Uuid{5, 5}};
    return state;
}

PartitionState after(const PartitionState& state, bool clean) {
    ImagePtr image = image_with(state);
    MetadataReplay replay(image);
    for (const MetadataRecord& record : leader_changes(*image, 1, clean)) {
        EXPECT_TRUE(replay.apply(record));
    }
    return *replay.publish(2, 2).after->partition("t", 0);
}

TEST(LeaderChanges, ACleanStopKeepsLeadersAndEpochs) {
    EXPECT_TRUE(leader_changes(*image_with(led_by_1()), 1, true).empty());
}

TEST(LeaderChanges, AnUncleanStopMovesTheLeaderEpoch) {
    PartitionState state = after(led_by_1(), false);
    EXPECT_EQ(state.leader, 1);
    EXPECT_EQ(state.leader_epoch, led_by_1().leader_epoch + 1);
}

// What Apache Kafka leaves behind when its only broker shuts down.
TEST(LeaderChanges, AnEligibleReplicaLeadsAgain) {
    PartitionState state = led_by_1();
    state.leader = kNoLeader;
    state.isr = {};
    state.eligible_leader_replicas = {1};
    state.last_known_elr = {1};
    PartitionState now = after(state, true);
    EXPECT_EQ(now.leader, 1);
    EXPECT_EQ(now.isr, std::vector<std::int32_t>{1});
    EXPECT_TRUE(now.eligible_leader_replicas.empty());
    EXPECT_TRUE(now.last_known_elr.empty());
}

TEST(LeaderChanges, AnUncleanElectionCountsAsRecovered) {
    PartitionState state = led_by_1();
    state.leader_recovery_state = 1;
    EXPECT_EQ(after(state, true).leader_recovery_state, 0);
}

TEST(LeaderChanges, WhoWasNotInSyncDoesNotLead) {
    PartitionState state = led_by_1();
    state.replicas = {2, 1};
    state.directories = {Uuid{5, 5}, Uuid{6, 6}};
    state.isr = {2};
    state.leader = 2;
    EXPECT_TRUE(leader_changes(*image_with(state), 1, false).empty());
    state.replicas = {2};
    state.directories = {Uuid{5, 5}};
    EXPECT_TRUE(leader_changes(*image_with(state), 1, false).empty());
}

TEST(Registration, TheBrokersEpochIsTheOffsetOfItsRecord) {
    NodeDescription node{.node_id = 1, .incarnation_id = {3, 3}, .endpoints = {{"PLAINTEXT", "h", 1, 0}}};
    Registration modern = registration_of(node, 29, 100);
    EXPECT_EQ(modern.broker_epoch, 101);
    EXPECT_EQ(std::get<protocol::RegisterBrokerRecord>(modern.records[1]).broker_epoch, 101);
    // Before 3.7 controllers did not register.
    Registration old = registration_of(node, 14, 100);
    EXPECT_EQ(old.broker_epoch, 100);
    EXPECT_EQ(old.records.size(), 2u);
}

TEST(Registration, EligibleLeadersNeedACommonMinInsyncReplicas) {
    protocol::FeatureLevelRecord elr;
    elr.name = "eligible.leader.replicas.version";
    elr.feature_level = 1;
    auto records = bootstrap_records({elr}, 2);
    ASSERT_EQ(records.size(), 4u);
    EXPECT_TRUE(std::holds_alternative<protocol::BeginTransactionRecord>(records.front()));
    EXPECT_EQ(std::get<protocol::ConfigRecord>(records[2]).value, "2");
    EXPECT_TRUE(std::holds_alternative<protocol::EndTransactionRecord>(records.back()));
    elr.feature_level = 0;
    EXPECT_EQ(bootstrap_records({elr}, 2).size(), 3u);
}

}  // namespace
}  // namespace tideline::cluster
