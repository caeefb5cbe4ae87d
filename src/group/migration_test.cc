// Groups that move between the protocols, rule by rule.
#include "group/migration_testing.h"

namespace tideline::group {
namespace {

// A classic group with one member that owns everything; returns its id.
std::string start_classic(MixedGroup& group) {
    const std::string id = group.take<protocol::JoinGroupResponse>(group.join("")).member_id;
    const Ticket ticket = group.join(id);
    group.pass(1);
    const auto joined = group.take<protocol::JoinGroupResponse>(ticket);
    EXPECT_EQ(joined.generation_id, 1);
    group.take<protocol::SyncGroupResponse>(group.sync(id, 1, {{id, {0, 1, 2, 3, 4, 5}}}));
    EXPECT_EQ(group.kind(), "classic Stable");
    return id;
}

std::vector<int> types_of(const std::vector<Record>& records) {
    std::vector<int> types;
    for (const Record& record : records) {
        const int type = (record.key[0] << 8) | record.key[1];
        types.push_back(record.value ? type : -type);
    }
    return types;
}

TEST(Migration, AConsumerMemberUpgradesAClassicGroup) {
    MixedGroup group;
    const std::string classic = start_classic(group);
    const auto joined = group.beat("m1", 0);
    EXPECT_EQ(joined.error_code, ErrorCode::none);
    EXPECT_EQ(joined.member_epoch, 2);
    EXPECT_TRUE(flat(joined.assignment->topic_partitions).empty());
    // The classic group goes; member, epoch, target, its epoch, current; then what the heartbeat itself does.
    EXPECT_EQ(types_of(group.written), (std::vector<int>{-2, 5, 3, 7, 6, 8, 5, 3, 7, 7, 6, 8}));
    const auto described = group.described();
    EXPECT_EQ(described.group_state, "Reconciling");
    ASSERT_EQ(described.members.size(), 2u);
    for (const auto& member : described.members) {
        EXPECT_EQ(member.member_type, member.member_id == classic ? 0 : 1);
        EXPECT_EQ(member.member_epoch, member.member_id == classic ? 1 : 2);
    }
}

TEST(Migration, AClassicMemberFollowsWithJoinsThatWaitForNobody) {
    MixedGroup group;
    const std::string classic = start_classic(group);
    group.beat("m1", 0);
    EXPECT_EQ(group.heartbeat(classic, 1), ErrorCode::rebalance_in_progress);
    EXPECT_EQ(group.heartbeat(classic, 7), ErrorCode::illegal_generation);
    EXPECT_EQ(group.take<protocol::SyncGroupResponse>(group.sync(classic, 1)).error_code, ErrorCode::rebalance_in_progress);
    const auto joined = group.take<protocol::JoinGroupResponse>(group.join(classic));
    EXPECT_EQ(joined.generation_id, 2);
    EXPECT_EQ(joined.protocol_name, "range");
    EXPECT_TRUE(joined.leader.empty());
    const auto synced = group.take<protocol::SyncGroupResponse>(group.sync(classic, 2));
    EXPECT_EQ(group.partitions_of(synced).size(), 3u);
    EXPECT_EQ(flat(group.beat("m1", 2, PartitionSet{}).assignment->topic_partitions).size(), 3u);
    EXPECT_EQ(group.heartbeat(classic, 2), ErrorCode::none);
    EXPECT_EQ(group.kind(), "consumer Stable");
}

TEST(Migration, TheLastConsumerMemberLeavesAClassicGroupBehind) {
    MixedGroup group;
    const std::string classic = start_classic(group);
    group.beat("m1", 0);
    group.take<protocol::JoinGroupResponse>(group.join(classic));
    group.take<protocol::SyncGroupResponse>(group.sync(classic, 2));
    group.beat("m1", -1);
    EXPECT_EQ(group.kind(), "classic PreparingRebalance");
    EXPECT_EQ(types_of(group.written), (std::vector<int>{-8, -8, -7, -7, -6, -5, -5, -4, -3, 2}));
    EXPECT_EQ(group.heartbeat(classic, 2), ErrorCode::rebalance_in_progress);
    const auto joined = group.take<protocol::JoinGroupResponse>(group.join(classic));
    EXPECT_EQ(joined.generation_id, 3);
    EXPECT_EQ(joined.leader, classic);
}

TEST(Migration, ThePolicySaysWhatIsAllowed) {
    for (const auto policy : {MigrationPolicy::disabled, MigrationPolicy::upgrade, MigrationPolicy::downgrade}) {
        GroupConfig config = MixedGroup::quick();
        config.consumer_migration_policy = policy;
        MixedGroup group(config);
        const std::string classic = start_classic(group);
        const bool upgrades = policy == MigrationPolicy::upgrade;
        EXPECT_EQ(group.beat("m1", 0).error_code, upgrades ? ErrorCode::none : ErrorCode::group_id_not_found);
        EXPECT_EQ(group.kind(), upgrades ? "consumer Reconciling" : "classic Stable");
        if (upgrades) {
            group.beat("m1", -1);
            EXPECT_EQ(group.kind(), "consumer Assigning");
        }
    }
}

TEST(Migration, WhoNeitherJoinsNorSyncsInTimeIsFenced) {
    MixedGroup group;
    const std::string classic = start_classic(group);
    group.beat("m1", 0);
    EXPECT_EQ(group.heartbeat(classic, 1), ErrorCode::rebalance_in_progress);
    group.pass(19'000);
    EXPECT_EQ(group.heartbeat(classic, 1), ErrorCode::rebalance_in_progress);
    group.pass(1'000);
    EXPECT_EQ(group.heartbeat(classic, 1), ErrorCode::unknown_member_id);
    const std::string again = group.take<protocol::JoinGroupResponse>(group.join("")).member_id;
    const auto joined = group.take<protocol::JoinGroupResponse>(group.join(again));
    EXPECT_EQ(joined.error_code, ErrorCode::none);
    group.beat("m1", 2);
    group.pass(20'000);
    EXPECT_EQ(group.heartbeat(again, joined.generation_id), ErrorCode::unknown_member_id);
}

TEST(Migration, AClassicMemberInTheHandOfAStaticOneDowngradesAtOnce) {
    MixedGroup group;
    const auto modern = group.beat("m1", 0, {}, "i1");
    EXPECT_EQ(flat(modern.assignment->topic_partitions).size(), 6u);
    const auto joined = group.take<protocol::JoinGroupResponse>(group.join("", "i1"));
    EXPECT_EQ(joined.error_code, ErrorCode::none);
    EXPECT_EQ(joined.generation_id, 1);
    EXPECT_EQ(group.kind(), "classic Stable");
    const auto synced = group.take<protocol::SyncGroupResponse>(group.sync(joined.member_id, 1));
    EXPECT_EQ(group.partitions_of(synced).size(), 6u);
    // And back: its place is taken by a member of the consumer protocol.
    EXPECT_EQ(group.beat("m2", 0, {}, "i1").error_code, ErrorCode::none);
    EXPECT_EQ(group.kind(), "consumer Stable");
    EXPECT_EQ(group.described().members.size(), 1u);
}

TEST(Migration, ARestartKeepsMembersOfBothKinds) {
    MixedGroup group;
    const std::string classic = start_classic(group);
    group.beat("m1", 0);
    group.bench.restart();
    EXPECT_EQ(group.heartbeat(classic, 1), ErrorCode::rebalance_in_progress);
    EXPECT_EQ(group.take<protocol::JoinGroupResponse>(group.join(classic)).generation_id, 2);
}

}  // namespace
}  // namespace tideline::group
