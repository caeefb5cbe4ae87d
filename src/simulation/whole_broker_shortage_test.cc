// What may go from a broker whose disk is full or whose directory failed: old records, records by request, topics.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "protocol/messages/delete_records.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/list_offsets.h"
#include "simulation/test_requests.h"
#include "simulation/test_world.h"

namespace tideline::simulation {
namespace {

using protocol::DeleteRecordsRequest;
using protocol::DeleteTopicsRequest;
using protocol::ListOffsetsRequest;
using runtime::sim::CrashPolicy;
using std::chrono::seconds;

constexpr const char* kTopic = "orders";

class BrokerShortage : public ::testing::Test {
protected:
    static NodeSettings settings() { return {.properties = {{"log.initial.task.delay.ms", "1000"}, {"log.retention.check.interval.ms", "1000"}}}; }

    struct World : BrokerAndClient {
        World(std::uint64_t seed, std::vector<std::string> directories) : BrokerAndClient(seed, 1, std::move(directories), settings()) {}
        void start() { EXPECT_TRUE(node.start(settings())) << node.why(); }
        // From here on not more than so many bytes.
        void leave(std::uint64_t bytes) {
            auto space = node.files().space("/");
            node.files().limit_capacity(space->total_bytes - space->usable_bytes + bytes);
        }
        // Of the logs, or of whatever ends so, in a partition's directory.
        std::int64_t count(std::string_view directory, std::string_view suffix) {
            auto entries = node.files().list(directory);
            return entries ? std::ranges::count_if(*entries, [&](const auto& entry) { return entry.name.ends_with(suffix); }) : 0;
        }
    };

    BrokerShortage() { base::set_log_sink([](base::LogLevel, std::string_view) {}); }
    ~BrokerShortage() override { base::set_log_sink({}); }
};

Configs expiring() {
    Configs configs = small_segments();
    configs.emplace_back("retention.ms", "2000");
    configs.emplace_back("file.delete.delay.ms", "1000");
    return configs;
}

Task<void> fill(runtime::Shard& shard, ClientLink& link, std::int32_t partitions, Configs configs) {
    co_await create_topic(link, kTopic, partitions, std::move(configs));
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
        for (int i = 0; i < 4; ++i) {
            co_await put(shard, link, kTopic, partition, 1000);
        }
    }
}

Task<std::int64_t> earliest(ClientLink& link) {
    constexpr std::int64_t kEarliest = -2;
    ListOffsetsRequest request{.replica_id = -1};
    auto& topic = request.topics.emplace_back();
    topic.name = kTopic;
    topic.partitions.push_back({.partition_index = 0, .timestamp = kEarliest});
    auto answer = co_await link.call(request, ListOffsetsRequest::kMaxVersion);
    co_return answer ? answer->response.topics.at(0).partitions.at(0).offset : -1;
}

TEST_F(BrokerShortage, OldRecordsGoFromAFullDisk) {
    for (CrashPolicy policy : runtime::sim::kCrashPolicies) {
        World each(1, {"/data"});
        each.world.run(each.shard, fill(each.shard, *each.link, 1, expiring()));
        each.leave(0);
        each.world.advance(seconds(10));
        EXPECT_FALSE(each.node.is_failing());
        EXPECT_EQ(each.count("/data/orders-0", ".log"), 1) << "the empty one";
        EXPECT_EQ(each.count("/data/orders-0", ".deleted"), 0);

        each.world.run(each.shard, each.link->close());
        each.node.lose_power(policy, 1);
        each.node.files().end_faults();
        each.start();
        EXPECT_EQ(each.world.run(each.shard, earliest(*each.link)), 4);
        each.world.run(each.shard, put(each.shard, *each.link, kTopic, 0, 1000));
        each.close();
    }
}

TEST_F(BrokerShortage, OldRecordsGoBesideADirectoryThatFailed) {
    constexpr std::int32_t kPartitions = 4;
    World each(2, {"/first", "/second"});
    each.world.run(each.shard, fill(each.shard, *each.link, kPartitions, expiring()));
    auto path = [](std::string_view directory, std::int32_t partition) { return fmt::format("{}/{}-{}", directory, kTopic, partition); };
    std::int32_t lost = 0;
    while (!each.node.files().exists(path("/second", lost))) {
        ASSERT_LT(++lost, kPartitions);
    }
    each.node.files().fail_sync(1);
    EXPECT_NE(each.world.run(each.shard, produce(each.shard, *each.link, kTopic, lost, 1000)), ErrorCode::none);
    ASSERT_TRUE(each.node.files().remove_tree("/second"));
    each.world.advance(seconds(10));
    EXPECT_FALSE(each.node.is_failing());
    for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
        if (each.node.files().exists(path("/first", partition))) {
            EXPECT_EQ(each.count(path("/first", partition), ".log"), 1);
            EXPECT_EQ(each.count(path("/first", partition), ".deleted"), 0);
        }
    }
    each.close();
}

Task<ErrorCode> delete_topic(ClientLink& link, std::string name) {
    constexpr std::int16_t kByName = 5;
    DeleteTopicsRequest request{.topic_names = {std::move(name)}, .timeout_ms = 5000};
    auto answer = co_await link.call(request, kByName);
    co_return answer ? answer->response.responses.at(0).error_code : answer.error().code;
}

TEST_F(BrokerShortage, ATopicMayBeDeletedFromAFullDisk) {
    constexpr std::int32_t kManyRows = 60;
    constexpr std::uint64_t kRoomForTheDecision = 200;
    World each(3, {"/data"});
    each.world.run(each.shard, create_topic(*each.link, "kept", kManyRows));
    each.world.run(each.shard, create_topic(*each.link, kTopic, 1));
    each.world.advance(seconds(10));  // the checkpoints know of them
    each.leave(kRoomForTheDecision);
    EXPECT_EQ(each.world.run(each.shard, delete_topic(*each.link, kTopic)), ErrorCode::none);
    each.world.advance(seconds(1));
    EXPECT_FALSE(each.node.is_failing());
    each.node.files().end_faults();
    each.world.run(each.shard, put(each.shard, *each.link, "kept", 0, 1000));
    each.world.run(each.shard, fill(each.shard, *each.link, 1, {}));
    EXPECT_EQ(each.world.run(each.shard, earliest(*each.link)), 0);
    each.close();
}

Task<bool> try_to_create(ClientLink& link) {
    protocol::CreateTopicsRequest request;
    request.topics.push_back({.name = kTopic, .num_partitions = 1, .replication_factor = 1});
    auto created = co_await link.call(request, protocol::CreateTopicsRequest::kMaxVersion);
    co_return created && created->response.topics.at(0).error_code == ErrorCode::none;
}

TEST_F(BrokerShortage, APartitionForWhichThereWasNoRoomIsMadeWhenThereIs) {
    constexpr std::uint64_t kOperationsOfACreation = 20;
    int offline = 0;
    for (std::uint64_t failing = 1; failing <= kOperationsOfACreation; ++failing) {
        bool is_offline = false;
        base::set_log_sink([&](base::LogLevel, std::string_view line) { is_offline |= line.find("partition_offline") != std::string_view::npos; });
        World each(failing, {"/data"});
        each.node.files().fail_operation(failing, ENOSPC);
        bool is_created = each.world.run(each.shard, try_to_create(*each.link));
        if (is_created && is_offline) {
            ++offline;
            each.world.advance(seconds(20));
            each.world.run(each.shard, put(each.shard, *each.link, kTopic, 0, 100));
        }
        each.close();
    }
    EXPECT_GT(offline, 0);
}

Task<ErrorCode> delete_records(ClientLink& link, std::int64_t before) {
    DeleteRecordsRequest request{.timeout_ms = 5000};
    auto& topic = request.topics.emplace_back();
    topic.name = kTopic;
    topic.partitions.push_back({.partition_index = 0, .offset = before});
    auto answer = co_await link.call(request, DeleteRecordsRequest::kMaxVersion);
    co_return answer ? answer->response.topics.at(0).partitions.at(0).error_code : answer.error().code;
}

TEST_F(BrokerShortage, RecordsMayBeDeletedByRequestUnlessTheTopicIsOnlyCompacted) {
    for (const auto& [policy, expected] : {std::pair("", ErrorCode::none), std::pair("delete", ErrorCode::none),
                                           std::pair("compact,delete", ErrorCode::none), std::pair("compact", ErrorCode::policy_violation)}) {
        World each(4, {"/data"});
        each.world.run(each.shard, create_topic(*each.link, kTopic, 1, {{"cleanup.policy", policy}}));
        EXPECT_EQ(each.world.run(each.shard, delete_records(*each.link, 0)), expected) << policy;
        each.close();
    }
}

}  // namespace
}  // namespace tideline::simulation
