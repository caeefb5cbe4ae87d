#include "cluster/format.h"

#include <gtest/gtest.h>

#include "cluster/metadata_files.h"
#include "cluster/metadata_version.h"
#include "runtime/sim/files.h"

namespace tideline::cluster {
namespace {

using runtime::sim::CrashPolicy;
using runtime::sim::SimFileSystem;

BrokerConfig config_of(const std::string& text) {
    auto config = BrokerConfig::parse({"f", text, {}});
    EXPECT_TRUE(config) << to_string(config.error());
    return *config;
}

auto open(SimFileSystem& files, const std::string& text, std::uint64_t seed = 1) {
    return open_storage(files, config_of(text), [&seed] { return seed++ * 0x9e3779b97f4a7c15ull; }, 1'000);
}

std::string why_refused(SimFileSystem& files, const std::string& text) {
    auto opened = open(files, text);
    return opened ? "" : opened.error();
}

void put(SimFileSystem& files, const std::string& path, const std::string& content) {
    ASSERT_TRUE(files.make_directories(runtime::parent_of(path)));
    ASSERT_TRUE(runtime::replace_file(files, path, base::as_bytes(content)));
}

std::string meta(const std::string& cluster, int node, const std::string& directory) {
    return "#\n#Sat Nov 21 01:54:16 UTC 2026\nnode.id=" + std::to_string(node) + "\ndirectory.id=" + directory +
           "\nversion=1\ncluster.id=" + cluster + "\n";
}

TEST(Format, AnEmptyDirectoryGetsWhatKafkaStorageWrites) {
    SimFileSystem files;
    auto identity = open(files, "log.dirs=/d");
    ASSERT_TRUE(identity) << identity.error();
    EXPECT_TRUE(identity->formatted_now);
    EXPECT_TRUE(base::parse_uuid(identity->cluster_id));
    EXPECT_EQ(identity->metadata_dir.path, "/d");
    EXPECT_EQ(identity->log_dirs.front().id, identity->metadata_dir.id);

    auto bootstrap = decode_snapshot(*runtime::read_file(files, "/d/bootstrap.checkpoint"));
    ASSERT_TRUE(bootstrap);
    std::vector<std::pair<std::string, int>> levels;
    for (const MetadataRecord& record : bootstrap->records) {
        const auto& feature = std::get<protocol::FeatureLevelRecord>(record);
        levels.emplace_back(feature.name, feature.feature_level);
    }
    EXPECT_EQ(levels, (std::vector<std::pair<std::string, int>>{{"metadata.version", 29},
                                                                {"eligible.leader.replicas.version", 1},
                                                                {"group.version", 1},
                                                                {"share.version", 1},
                                                                {"streams.version", 1},
                                                                {"transaction.version", 2}}));

    auto first = decode_snapshot(*runtime::read_file(files, "/d/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint"));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->quorum.kraft_version, 1);
    ASSERT_EQ(first->quorum.voters->voters.size(), 1u);
    const auto& voter = first->quorum.voters->voters.front();
    EXPECT_EQ(voter.voter_id, 1);
    EXPECT_EQ(voter.voter_directory_id, identity->metadata_dir.id);
    EXPECT_EQ(voter.endpoints.front().name, "CONTROLLER");
}

TEST(Format, OpeningAgainGivesTheSameIdentity) {
    SimFileSystem files;
    auto first = open(files, "log.dirs=/d");
    auto second = open(files, "log.dirs=/d", 77);
    ASSERT_TRUE(second);
    EXPECT_FALSE(second->formatted_now);
    EXPECT_EQ(second->cluster_id, first->cluster_id);
    EXPECT_EQ(second->metadata_dir.id, first->metadata_dir.id);
}

TEST(Format, AFileOfApacheKafkaIsRead) {
    SimFileSystem files;
    put(files, "/d/meta.properties", meta("MkU3OEVBNTcwNTJENDM2Qk", 1, "Iffpv6hES5WL3b3c7HNCfQ"));
    auto identity = open(files, "log.dirs=/d");
    ASSERT_TRUE(identity) << identity.error();
    EXPECT_EQ(identity->cluster_id, "MkU3OEVBNTcwNTJENDM2Qk");
    EXPECT_EQ(base::to_string(identity->metadata_dir.id), "Iffpv6hES5WL3b3c7HNCfQ");
}

TEST(Format, ADirectoryFromBeforeDirectoryIdsGetsOne) {
    SimFileSystem files;
    put(files, "/d/meta.properties", "version=1\ncluster.id=c\nnode.id=1\n");
    auto first = open(files, "log.dirs=/d");
    auto second = open(files, "log.dirs=/d", 55);
    ASSERT_TRUE(second);
    EXPECT_FALSE(first->metadata_dir.id.is_zero());
    EXPECT_EQ(first->metadata_dir.id, second->metadata_dir.id);
}

TEST(Format, AStaticQuorumHasNoFirstSnapshot) {
    SimFileSystem files;
    ASSERT_TRUE(open(files, "log.dirs=/d\ncontroller.quorum.voters=1@localhost:9093"));
    EXPECT_FALSE(files.exists("/d/__cluster_metadata-0"));
    EXPECT_TRUE(files.exists("/d/bootstrap.checkpoint"));
}

TEST(Format, EveryDirectoryOfOneClusterGetsItsOwnId) {
    SimFileSystem files;
    auto identity = open(files, "log.dirs=/a,/b,/c\nmetadata.log.dir=/b");
    ASSERT_TRUE(identity) << identity.error();
    EXPECT_EQ(identity->log_dirs[0].path, "/a");
    EXPECT_EQ(identity->log_dirs[1].id, identity->metadata_dir.id);
    EXPECT_NE(identity->log_dirs[0].id, identity->log_dirs[2].id);
    EXPECT_TRUE(files.exists("/b/__cluster_metadata-0"));
    EXPECT_FALSE(files.exists("/a/__cluster_metadata-0"));
}

TEST(Format, AMetadataDirectoryMayLieApart) {
    SimFileSystem files;
    auto identity = open(files, "log.dirs=/a\nmetadata.log.dir=/m");
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->log_dirs.size(), 1u);
    EXPECT_EQ(identity->metadata_dir.path, "/m");
    EXPECT_NE(identity->metadata_dir.id, identity->log_dirs.front().id);
}

TEST(Format, ANewDirectoryJoinsTheCluster) {
    SimFileSystem files;
    auto before = open(files, "log.dirs=/a");
    auto after = open(files, "log.dirs=/a,/b", 9);
    ASSERT_TRUE(after) << after.error();
    EXPECT_EQ(after->cluster_id, before->cluster_id);
    EXPECT_FALSE(after->formatted_now);
}

TEST(Format, AnotherNodesDirectoryIsRefusedWithTheWayOut) {
    SimFileSystem files;
    put(files, "/d/meta.properties", meta("c", 5, "Iffpv6hES5WL3b3c7HNCfQ"));
    EXPECT_EQ(why_refused(files, "log.dirs=/d"), "/d belongs to node 5, but this node is 1; set node.id=5 to open it");
}

TEST(Format, DirectoriesOfTwoClustersAreRefused) {
    SimFileSystem files;
    put(files, "/a/meta.properties", meta("one", 1, "Iffpv6hES5WL3b3c7HNCfQ"));
    put(files, "/b/meta.properties", meta("two", 1, "un0bw8T3SzeZF0JAeaa5Wg"));
    EXPECT_EQ(why_refused(files, "log.dirs=/a,/b"), "/b belongs to cluster two, but /a belongs to cluster one");
}

TEST(Format, ACopyOfADirectoryIsRefused) {
    SimFileSystem files;
    put(files, "/a/meta.properties", meta("c", 1, "Iffpv6hES5WL3b3c7HNCfQ"));
    put(files, "/b/meta.properties", meta("c", 1, "Iffpv6hES5WL3b3c7HNCfQ"));
    EXPECT_NE(why_refused(files, "log.dirs=/a,/b").find("copy"), std::string::npos);
}

TEST(Format, ALostMetadataDirectoryIsRefused) {
    SimFileSystem files;
    put(files, "/b/meta.properties", meta("c", 1, "Iffpv6hES5WL3b3c7HNCfQ"));
    EXPECT_NE(why_refused(files, "log.dirs=/a,/b").find("not mounted"), std::string::npos);
}

TEST(Format, DataWithoutAnIdentityIsNeverFormattedOver) {
    for (const char* trace : {"/d/orders-0/x", "/d/__cluster_metadata-0/00000000000000000000.log", "/d/recovery-point-offset-checkpoint"}) {
        SimFileSystem files;
        put(files, trace, "x");
        EXPECT_NE(why_refused(files, "log.dirs=/d").find("no meta.properties"), std::string::npos) << trace;
        EXPECT_FALSE(files.exists("/d/meta.properties"));
    }
}

TEST(Format, ADamagedIdentityIsRefused) {
    for (const char* content : {"", "version=0\nbroker.id=1\n", "version=1\nnode.id=1\n", "version=1\ncluster.id=c\nnode.id=x\n",
                                "version=1\ncluster.id=c\nnode.id=1\ndirectory.id=?\n"}) {
        SimFileSystem files;
        put(files, "/d/meta.properties", content);
        EXPECT_NE(why_refused(files, "log.dirs=/d"), "") << content;
    }
}

TEST(Format, AMetadataLogOutsideItsDirectoryIsRefused) {
    SimFileSystem files;
    ASSERT_TRUE(open(files, "log.dirs=/a,/b\nmetadata.log.dir=/a"));
    EXPECT_NE(why_refused(files, "log.dirs=/a,/b\nmetadata.log.dir=/b").find("metadata.log.dir"), std::string::npos);
}

TEST(Format, ACrashAtWhateverOperationLeavesItFormattedOrEmpty) {
    std::uint64_t total = 0;
    const std::string config = "log.dirs=/a,/b,/c\nmetadata.log.dir=/b";
    {
        SimFileSystem files;
        ASSERT_TRUE(open(files, config));
        total = files.operations();
    }
    for (CrashPolicy policy : runtime::sim::kCrashPolicies) {
        for (std::uint64_t at = 1; at <= total; ++at) {
            SimFileSystem files;
            files.crash_after(at);
            EXPECT_FALSE(open(files, config));
            files.crash(policy, at);
            auto identity = open(files, config, 5);
            ASSERT_TRUE(identity) << identity.error() << " after operation " << at;
            EXPECT_TRUE(decode_snapshot(*runtime::read_file(files, "/b/bootstrap.checkpoint"))) << at;
            EXPECT_TRUE(decode_snapshot(*runtime::read_file(files, "/b/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint"))) << at;
        }
    }
}

// Also when a start before that one was given up half-way, and its names are in memory only.
TEST(Format, WhatIsFormattedIsThereAfterAPowerCut) {
    const std::string text = "log.dirs=/made/with/it";
    bool is_unhindered = false;
    for (std::uint64_t failing = 1; !is_unhindered; ++failing) {
        SimFileSystem files;
        files.fail_operation(failing, EIO);
        is_unhindered = open(files, text).has_value();
        files.end_faults();
        auto formatted = open(files, text);
        ASSERT_TRUE(formatted) << failing << ": " << formatted.error();
        files.crash(CrashPolicy::drop_unsynced, failing);
        auto found = open(files, text, 99);
        ASSERT_TRUE(found) << failing << ": " << found.error();
        EXPECT_EQ(found->cluster_id, formatted->cluster_id) << failing;
    }
}

TEST(MetadataFiles, ASnapshotIsWholeOrRefused) {
    SimFileSystem files;
    ASSERT_TRUE(open(files, "log.dirs=/d"));
    base::Bytes whole = *runtime::read_file(files, "/d/bootstrap.checkpoint");
    ASSERT_TRUE(decode_snapshot(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(decode_snapshot(base::ByteView(whole).first(size))) << size;
    }
    for (std::size_t at = 21; at < whole.size(); at += 7) {
        base::Bytes bad = whole;
        bad[at] ^= 0x40;
        (void)decode_snapshot(bad);  // must not crash; most are refused
    }
}

TEST(MetadataFiles, SnapshotNamesAreReadAsWritten) {
    EXPECT_EQ(snapshot_file_name({42, 3}), "00000000000000000042-0000000003.checkpoint");
    EXPECT_EQ(parse_snapshot_file_name("00000000000000000042-0000000003.checkpoint"), (SnapshotId{42, 3}));
    for (const char* name : {"", "x", "00000000000000000042-0000000003.checkpoint.part", "00000000000000000042-0000000003.checkpoint.deleted",
                             "0000000000000000004x-0000000003.checkpoint", "00000000000000000042.snapshot"}) {
        EXPECT_EQ(parse_snapshot_file_name(name), std::nullopt) << name;
    }
}

TEST(MetadataFiles, QuorumStateOfBothVersionsIsRead) {
    for (const char* text :
         {R"({"leaderId":1,"leaderEpoch":4,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})",
          R"({"clusterId":"","leaderId":1,"leaderEpoch":4,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0})"}) {
        auto state = decode_quorum_state(base::as_bytes(text));
        ASSERT_TRUE(state);
        EXPECT_EQ(state->leader_epoch, 4);
        EXPECT_EQ(state->leader_id, 1);
    }
    for (const char* text : {"", "{}", R"({"leaderEpoch":4,"data_version":2})", R"({"leaderEpoch":-4,"data_version":1})"}) {
        EXPECT_FALSE(decode_quorum_state(base::as_bytes(text))) << text;
    }
}

TEST(MetadataFiles, RecordVersionsFollowTheMetadataVersion) {
    EXPECT_EQ(record_version(protocol::PartitionRecord{}, 29), 2);
    EXPECT_EQ(record_version(protocol::PartitionRecord{}, 17), 1);
    EXPECT_EQ(record_version(protocol::PartitionRecord{}, 16), 0);
    EXPECT_EQ(record_version(protocol::RegisterBrokerRecord{}, 29), 3);
    EXPECT_EQ(record_version(protocol::RegisterBrokerRecord{}, 8), 2);
    EXPECT_EQ(record_version(protocol::BrokerRegistrationChangeRecord{}, 7), 1);
    EXPECT_EQ(record_version(protocol::TopicRecord{}, 29), 0);
}

}  // namespace
}  // namespace tideline::cluster
