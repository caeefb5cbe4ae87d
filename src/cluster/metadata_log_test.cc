#include "cluster/metadata_log.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "cluster/format.h"
#include "cluster/metadata_files.h"
#include "runtime/sim/world.h"

namespace tideline::cluster {
namespace {

using runtime::sim::CrashPolicy;
using runtime::sim::SimFileSystem;
using runtime::sim::SimWorld;

constexpr const char* kMetadata = "/d/__cluster_metadata-0";

BrokerConfig config_with(std::vector<std::pair<std::string, std::string>> values = {}) {
    values.insert(values.begin(), {"log.dirs", "/d"});
    auto config = BrokerConfig::parse({"", "", values});
    EXPECT_TRUE(config) << to_string(config.error());
    return *config;
}

// Thousands of starts and failures: their lines help nobody.
const bool kQuiet = [] {
    base::set_log_sink([](base::LogLevel, std::string_view) {});
    return true;
}();

// One life of a node on a disk: from start to stop, or to the crash.
class Life {
public:
    explicit Life(SimFileSystem& files, std::uint64_t seed = 1, const BrokerConfig& config = config_with())
        : config_(config), world_(seed), shard_(world_.add_shard(files)), controller_(config_, [this] { return shard_.random(); }) {}

    // The message why it did not start, or "".
    std::string start(std::uint64_t snapshot_after_bytes = 20u << 20, bool clean_shutdown = false) {
        auto identity = open_storage(shard_.files(), config_, [this] { return shard_.random(); }, shard_.wall_ms());
        if (!identity) {
            return identity.error();
        }
        MetadataLogOptions options;
        options.directory = identity->metadata_dir.path;
        options.cluster_id = identity->cluster_id;
        options.node_id = identity->node_id;
        options.directory_id = identity->metadata_dir.id;
        options.log_directories = {identity->metadata_dir.id};
        options.endpoints = {{"PLAINTEXT", "localhost", 9092, 0}};
        options.controller_endpoints = {{"CONTROLLER", "localhost", 9093, 0}};
        options.clean_shutdown = clean_shutdown;
        options.snapshot_after_bytes = snapshot_after_bytes;
        options.on_failure = [this](const base::Error&) { ++failures; };
        auto log = world_.run(shard_, MetadataLog::start(shard_, options));
        if (!log) {
            return base::to_string(log.error());
        }
        log_ = std::move(*log);
        return "";
    }

    ErrorCode create(const std::string& topic, std::int32_t partitions = 1) {
        auto response = world_.run(shard_, submit_creation(topic, partitions));
        return response ? response->topics.front().error_code : response.error().code;
    }
    runtime::Task<Result<protocol::CreateTopicsResponse>> submit_creation(std::string topic, std::int32_t partitions) {
        protocol::CreateTopicsRequest request;
        auto& creatable = request.topics.emplace_back();
        creatable.name = std::move(topic);
        creatable.num_partitions = partitions;
        creatable.replication_factor = 1;
        co_return co_await log_->submit<protocol::CreateTopicsResponse>(
            [this, &request](const MetadataImage& image) { return controller_.create_topics(image, request); });
    }

    Result<> stop() { return world_.run(shard_, log_->stop()); }
    MetadataLog& log() { return *log_; }
    const MetadataImage& image() { return *log_->image(); }
    SimWorld& world() { return world_; }
    runtime::Shard& shard() { return shard_; }

    int failures = 0;

private:
    BrokerConfig config_;
    SimWorld world_;
    runtime::Shard& shard_;
    Controller controller_;
    std::unique_ptr<MetadataLog> log_;
};

std::vector<std::string> names_in(SimFileSystem& files, std::string_view suffix) {
    std::vector<std::string> names;
    for (const auto& entry : *files.list(kMetadata)) {
        if (entry.name.ends_with(suffix)) {
            names.push_back(entry.name);
        }
    }
    return names;
}

TEST(MetadataLog, AnEmptyDirectoryBecomesAClusterOfOne) {
    SimFileSystem files;
    Life life(files);
    ASSERT_EQ(life.start(), "");
    const MetadataImage& image = life.image();
    EXPECT_EQ(image.feature("metadata.version"), 29);
    EXPECT_EQ(image.feature("eligible.leader.replicas.version"), 1);
    EXPECT_EQ(image.cluster_configs().at("min.insync.replicas"), "1");
    ASSERT_NE(image.broker(1), nullptr);
    EXPECT_TRUE(image.broker(1)->is_active());
    EXPECT_EQ(image.broker(1)->epoch, life.log().broker_epoch());
    EXPECT_EQ(image.broker(1)->endpoint("PLAINTEXT")->port, 9092);
    EXPECT_EQ(image.controllers().count(1), 1u);
    EXPECT_EQ(life.log().leader_epoch(), 1);
    EXPECT_TRUE(life.stop());
}

TEST(MetadataLog, WhatWasCommittedIsThereAfterARestart) {
    SimFileSystem files;
    {
        Life life(files);
        ASSERT_EQ(life.start(), "");
        EXPECT_EQ(life.create("a", 3), ErrorCode::none);
        EXPECT_EQ(life.create("a", 3), ErrorCode::topic_already_exists);
        EXPECT_TRUE(life.stop());
    }
    Life life(files, 2);
    ASSERT_EQ(life.start(20u << 20, true), "");
    ASSERT_NE(life.image().topic("a"), nullptr);
    EXPECT_EQ(life.image().topic("a")->partition_count(), 3);
    EXPECT_EQ(life.image().partition("a", 2)->leader, 1);
    EXPECT_EQ(life.image().partition("a", 2)->leader_epoch, 0);
    EXPECT_EQ(life.log().leader_epoch(), 2);
    EXPECT_TRUE(life.stop());
}

TEST(MetadataLog, AnUncleanStopMovesEveryLeaderEpoch) {
    SimFileSystem files;
    {
        Life life(files);
        ASSERT_EQ(life.start(), "");
        EXPECT_EQ(life.create("a", 2), ErrorCode::none);
        files.crash(CrashPolicy::drop_unsynced, 1);
    }
    Life life(files, 2);
    ASSERT_EQ(life.start(20u << 20, false), "");
    EXPECT_EQ(life.image().partition("a", 0)->leader_epoch, 1);
    EXPECT_EQ(life.image().partition("a", 1)->leader_epoch, 1);
    EXPECT_TRUE(life.stop());
}

TEST(MetadataLog, EachDecisionSeesTheOneBefore) {
    SimFileSystem files;
    Life life(files);
    ASSERT_EQ(life.start(), "");
    std::vector<ErrorCode> codes;
    runtime::TaskScope scope(life.shard());
    auto create_and_note = [](Life& self, std::vector<ErrorCode>& out) -> runtime::Task<void> {
        auto response = co_await self.submit_creation("same", 1);
        out.push_back(response->topics.front().error_code);
    };
    for (int i = 0; i < 3; ++i) {
        scope.spawn(create_and_note(life, codes));
    }
    life.world().run(life.shard(), scope.join());
    EXPECT_EQ(codes, (std::vector{ErrorCode::none, ErrorCode::topic_already_exists, ErrorCode::topic_already_exists}));
    EXPECT_TRUE(life.stop());
}

TEST(MetadataLog, SubscribersHearOfAChangeBeforeItsReply) {
    SimFileSystem files;
    Life life(files);
    ASSERT_EQ(life.start(), "");
    std::vector<std::string> heard;
    life.log().subscribe([&](const ImageChange& change) {
        for (const Uuid& id : change.topics) {
            heard.push_back(change.after->topic(id)->name);
        }
    });
    EXPECT_EQ(life.create("a"), ErrorCode::none);
    EXPECT_EQ(heard, std::vector<std::string>{"a"});
    EXPECT_TRUE(life.stop());
}

TEST(MetadataLog, AFailedSyncEndsItForGood) {
    SimFileSystem files;
    Life life(files);
    ASSERT_EQ(life.start(), "");
    files.fail_sync(1);
    EXPECT_EQ(life.create("a"), ErrorCode::kafka_storage_error);
    EXPECT_EQ(life.image().topic("a"), nullptr);
    EXPECT_EQ(life.create("b"), ErrorCode::kafka_storage_error);
    EXPECT_EQ(life.failures, 1);
    EXPECT_TRUE(life.log().is_failed());
    EXPECT_FALSE(life.stop());
}

TEST(MetadataLog, AFullDiskRefusesAChangeAndNoMore) {
    SimFileSystem files;
    Life life(files);
    ASSERT_EQ(life.start(), "");
    files.limit_capacity(100);
    EXPECT_EQ(life.create("a"), ErrorCode::kafka_storage_error);
    EXPECT_EQ(life.image().topic("a"), nullptr);
    files.limit_capacity(1 << 20);
    EXPECT_EQ(life.create("a"), ErrorCode::none);
    EXPECT_EQ(life.failures, 0);
    EXPECT_TRUE(life.stop());
    EXPECT_TRUE(life.stop());  // once more does nothing
}

TEST(MetadataLog, SnapshotsBoundWhatIsKeptAndReplayed) {
    SimFileSystem files;
    std::int64_t offset = 0;
    {
        Life life(files);
        ASSERT_EQ(life.start(4096), "");
        for (int i = 0; i < 60; ++i) {
            ASSERT_EQ(life.create(fmt::format("topic-{}", i), 4), ErrorCode::none);
            life.world().run_until_idle();
        }
        EXPECT_EQ(names_in(files, ".checkpoint").size(), 1u);
        EXPECT_LE(names_in(files, ".log").size(), 2u);
        offset = life.image().highest_offset();
        files.crash(CrashPolicy::drop_unsynced, 1);
    }
    Life life(files, 2);
    ASSERT_EQ(life.start(4096), "");
    EXPECT_EQ(life.image().topic_count(), 60u);
    EXPECT_GT(life.image().highest_offset(), offset);
    EXPECT_TRUE(life.stop());
    Life again(files, 3);
    ASSERT_EQ(again.start(4096, true), "");
    EXPECT_EQ(again.image().topic_count(), 60u);
    EXPECT_TRUE(again.stop());
}

TEST(MetadataLog, ATornEndIsCutOff) {
    SimFileSystem files;
    std::uint64_t size = 0;
    {
        Life life(files);
        ASSERT_EQ(life.start(), "");
        EXPECT_EQ(life.create("a"), ErrorCode::none);
        EXPECT_EQ(life.create("b"), ErrorCode::none);
        auto file = files.open(fmt::format("{}/00000000000000000000.log", kMetadata), runtime::OpenMode::read_write);
        size = *(*file)->size();
        ASSERT_TRUE((*file)->truncate(size - 5));
        ASSERT_TRUE((*file)->sync_data());
        files.crash(CrashPolicy::keep_all, 1);
    }
    Life life(files, 2);
    ASSERT_EQ(life.start(), "");
    EXPECT_NE(life.image().topic("a"), nullptr);
    EXPECT_EQ(life.image().topic("b"), nullptr);
    EXPECT_TRUE(life.stop());
}

TEST(MetadataLog, DamageBeforeWholeBatchesIsToldAndNothingIsCut) {
    SimFileSystem files;
    {
        Life life(files);
        ASSERT_EQ(life.start(), "");
        EXPECT_EQ(life.create("a"), ErrorCode::none);
        EXPECT_EQ(life.create("b"), ErrorCode::none);
        EXPECT_TRUE(life.stop());
    }
    std::string log = fmt::format("{}/00000000000000000000.log", kMetadata);
    std::uint64_t before = runtime::read_file(files, log)->size();
    ASSERT_TRUE(files.flip_stored_bit(log, before / 2, 3));
    Life life(files, 2);
    EXPECT_NE(life.start().find("damaged"), std::string::npos);
    EXPECT_EQ(runtime::read_file(files, log)->size(), before);
}

TEST(MetadataLog, ADirectoryOfAnotherQuorumIsRefused) {
    SimFileSystem files;
    {
        Life life(files);
        ASSERT_EQ(life.start(), "");
        EXPECT_TRUE(life.stop());
    }
    // The same files under another directory id: a copy.
    std::string meta = "version=1\ncluster.id=c\nnode.id=1\ndirectory.id=AAAAAAAAAAAAAAAAAAAB9g\n";
    ASSERT_TRUE(runtime::replace_file(files, "/d/meta.properties", base::as_bytes(meta)));
    Life life(files, 2);
    EXPECT_NE(life.start().find("copied"), std::string::npos);
}

TEST(MetadataLog, AStaticQuorumStaysOne) {
    SimFileSystem files;
    BrokerConfig config = config_with({{"controller.quorum.voters", "1@localhost:9093"}});
    {
        Life life(files, 1, config);
        ASSERT_EQ(life.start(), "");
        EXPECT_EQ(life.create("a"), ErrorCode::none);
        EXPECT_TRUE(life.stop());
    }
    EXPECT_TRUE(names_in(files, ".checkpoint").empty());
    auto state = runtime::read_file(files, fmt::format("{}/quorum-state", kMetadata));
    EXPECT_EQ(base::as_text(*state), R"({"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,)"
                                     R"("currentVoters":[{"voterId":1}],"data_version":0})");
    Life life(files, 2, config);
    ASSERT_EQ(life.start(), "");
    EXPECT_NE(life.image().topic("a"), nullptr);
    EXPECT_TRUE(life.stop());
}

TEST(MetadataLog, ABrokerIsFencedByACleanStop) {
    SimFileSystem files;
    Life life(files);
    ASSERT_EQ(life.start(), "");
    bool fenced = false;
    life.log().subscribe([&](const ImageChange& change) { fenced = change.after->broker(1)->fenced; });
    EXPECT_TRUE(life.stop());
    EXPECT_TRUE(fenced);
}

// ---- power loss at every operation ----

// What one life does; returns the topics whose creation was acknowledged. Everything may fail from some operation on.
std::vector<std::string> live(SimFileSystem& files, std::uint64_t seed, std::uint64_t snapshot_after_bytes) {
    std::vector<std::string> acknowledged;
    Life life(files, seed);
    if (!life.start(snapshot_after_bytes).empty()) {
        return acknowledged;
    }
    for (int i = 0; i < 4; ++i) {
        std::string name = fmt::format("t{}-{}", seed, i);
        if (life.create(name, 2) == ErrorCode::none) {
            acknowledged.push_back(name);
        }
        life.world().run_until_idle();
    }
    (void)life.stop();
    return acknowledged;
}

void expect_there(SimFileSystem& files, const std::vector<std::string>& acknowledged, std::string_view when) {
    Life life(files, 99);
    ASSERT_EQ(life.start(), "") << when;
    for (const std::string& name : acknowledged) {
        const TopicImage* topic = life.image().topic(name);
        ASSERT_NE(topic, nullptr) << name << ' ' << when;
        EXPECT_EQ(topic->partition_count(), 2) << when;
    }
    // A creation is one batch: what was not acknowledged is there as a whole or not at all.
    for (const auto& topic : life.image().topics()) {
        EXPECT_EQ(topic->partition_count(), 2) << when;
    }
    EXPECT_EQ(life.create("afterwards"), ErrorCode::none) << when;
    EXPECT_TRUE(life.stop()) << when;
}

class MetadataLogPowerLoss : public testing::TestWithParam<CrashPolicy> {};

TEST_P(MetadataLogPowerLoss, LosesNothingAcknowledgedAtWhateverOperation) {
    constexpr std::uint64_t kSnapshotAfterBytes = 600;  // so that snapshots are among the operations
    std::uint64_t total = 0;
    {
        SimFileSystem files;
        live(files, 1, kSnapshotAfterBytes);
        live(files, 2, kSnapshotAfterBytes);
        total = files.operations();
    }
    ASSERT_GT(total, 40u);
    for (std::uint64_t at = 1; at <= total; ++at) {
        SimFileSystem files;
        files.crash_after(at);
        std::vector<std::string> acknowledged = live(files, 1, kSnapshotAfterBytes);
        std::ranges::move(live(files, 2, kSnapshotAfterBytes), std::back_inserter(acknowledged));
        files.crash(GetParam(), at);
        expect_there(files, acknowledged, fmt::format("after operation {}", at));
        if (HasFailure()) {
            return;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Disks, MetadataLogPowerLoss, testing::ValuesIn(runtime::sim::kCrashPolicies));

}  // namespace
}  // namespace tideline::cluster
