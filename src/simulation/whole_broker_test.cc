// A broker in a simulated world does what a broker does, the same way for the same seed.
#include <gtest/gtest.h>

#include "base/log.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/produce.h"
#include "record/build.h"
#include "record/record.h"
#include "simulation/client_link.h"
#include "simulation/node.h"

namespace tideline::simulation {
namespace {

using protocol::CreateTopicsRequest;
using protocol::FetchRequest;
using protocol::ProduceRequest;

constexpr std::int16_t kProduceByName = 12;
constexpr std::int16_t kFetchByName = 12;

struct Outcome {
    ErrorCode created = ErrorCode::unknown_server_error;
    ErrorCode produced = ErrorCode::unknown_server_error;
    std::int64_t high_watermark = -1;
    std::vector<std::string> values;
};

CreateTopicsRequest one_topic(const std::string& name) {
    CreateTopicsRequest request;
    request.topics.push_back({.name = name, .num_partitions = 2, .replication_factor = 1});
    return request;
}

ProduceRequest one_batch(const std::string& topic, base::ByteView batch) {
    ProduceRequest request{.acks = -1, .timeout_ms = 5000};
    auto& data = request.topic_data.emplace_back();
    data.name = topic;
    data.partition_data.push_back({.index = 1, .records = protocol::Records::of(batch)});
    return request;
}

FetchRequest from_start(const std::string& topic) {
    FetchRequest request{.max_wait_ms = 500, .min_bytes = 1};
    auto& wanted = request.topics.emplace_back();
    wanted.topic = topic;
    wanted.partitions.push_back({.partition = 1, .fetch_offset = 0, .partition_max_bytes = 1 << 20});
    return request;
}

Task<Outcome> create_produce_fetch(runtime::Shard& shard, std::uint64_t seed) {
    Weather weather;
    ClientLink link(shard, Node::address(), "client", weather, seed);
    Outcome outcome;
    auto created = co_await link.call(one_topic("orders"), CreateTopicsRequest::kMaxVersion);
    outcome.created = created->response.topics.at(0).error_code;

    record::BatchBuilder builder({});
    builder.add(shard.wall_ms(), std::nullopt, base::as_bytes("first"));
    builder.add(shard.wall_ms(), std::nullopt, base::as_bytes("second"));
    base::Bytes batch = builder.finish();
    auto produced = co_await link.call(one_batch("orders", batch), kProduceByName);
    outcome.produced = produced->response.responses.at(0).partition_responses.at(0).error_code;

    auto fetched = co_await link.call(from_start("orders"), kFetchByName);
    const auto& row = fetched->response.responses.at(0).partitions.at(0);
    outcome.high_watermark = row.high_watermark;
    auto batches = record::split_batches(row.records.bytes);
    for (const record::BatchView& each : *batches) {
        auto records = record::read_all_records(each, 1 << 20);
        for (const record::Record& record : records->records) {
            outcome.values.emplace_back(base::as_text(*record.value));
        }
    }
    co_await link.close();
    co_return outcome;
}

// What a producer is told when the disk cannot keep its batch.
Task<ErrorCode> produce_while_a_sync_fails(runtime::Shard& shard, runtime::sim::SimFileSystem& files, std::uint64_t seed) {
    Weather weather;
    ClientLink link(shard, Node::address(), "client", weather, seed);
    auto created = co_await link.call(one_topic("orders"), CreateTopicsRequest::kMaxVersion);
    (void)created;
    files.fail_sync(1);
    record::BatchBuilder builder({});
    builder.add(shard.wall_ms(), std::nullopt, base::as_bytes("first"));
    base::Bytes batch = builder.finish();
    auto produced = co_await link.call(one_batch("orders", batch), kProduceByName);
    co_await link.close();
    co_return produced ? produced->response.responses.at(0).partition_responses.at(0).error_code : ErrorCode::network_exception;
}

struct Replay {
    Outcome outcome;
    std::uint64_t trace_hash = 0;
};

Replay run(std::uint64_t seed) {
    base::set_log_sink([](base::LogLevel, std::string_view) {});
    runtime::sim::SimWorld world(seed);
    Replay run;
    {
        Node node(world, 3, {"/data"});
        runtime::sim::SimShard& clients = world.add_shard();
        EXPECT_TRUE(node.start({.shards = 3})) << node.why();
        run.outcome = world.run(clients, create_produce_fetch(clients, seed));
        world.run_until_idle();
        EXPECT_EQ(node.request_memory_in_use(), 0u);
        node.stop();
    }
    run.trace_hash = world.trace_hash();
    base::set_log_sink({});
    return run;
}

TEST(WholeBroker, CreatesProducesAndFetchesInASimulatedWorld) {
    Replay first = run(1);
    EXPECT_EQ(first.outcome.created, ErrorCode::none);
    EXPECT_EQ(first.outcome.produced, ErrorCode::none);
    EXPECT_EQ(first.outcome.high_watermark, 2);
    EXPECT_EQ(first.outcome.values, (std::vector<std::string>{"first", "second"}));
}

// What could not be opened was not recovered either: were the stop called clean, the next start would believe its files.
TEST(WholeBroker, AStopWithAPartitionThatCouldNotBeOpenedIsNotClean) {
    constexpr std::uint64_t kOperationsOfAStart = 60;
    int offline_starts = 0;
    for (std::uint64_t failing = 1; failing <= kOperationsOfAStart; ++failing) {
        bool is_offline = false;
        base::set_log_sink([&](base::LogLevel, std::string_view line) {
            is_offline |= line.find("partition_offline") != std::string_view::npos;
        });
        runtime::sim::SimWorld world(failing);
        Node node(world, 1, {"/data"});
        runtime::sim::SimShard& clients = world.add_shard();
        ASSERT_TRUE(node.start({.shards = 1})) << node.why();
        world.run(clients, create_produce_fetch(clients, failing));
        world.run_until_idle();
        node.lose_power(runtime::sim::CrashPolicy::keep_all, failing);

        node.files().fail_operation(failing, ENOSPC);
        bool is_started = node.start({.shards = 1});
        node.stop();
        if (is_started && is_offline) {
            ++offline_starts;
            EXPECT_FALSE(node.files().exists("/data/.kafka_cleanshutdown")) << failing;
        }
    }
    base::set_log_sink({});
    EXPECT_GT(offline_starts, 0);
}

TEST(WholeBroker, AcknowledgesNothingThatWasNotSynced) {
    base::set_log_sink([](base::LogLevel, std::string_view) {});
    for (std::uint64_t seed : {1, 2, 3}) {
        runtime::sim::SimWorld world(seed);
        Node node(world, 1, {"/data"});
        runtime::sim::SimShard& client = world.add_shard();
        ASSERT_TRUE(node.start({})) << node.why();
        EXPECT_NE(world.run(client, produce_while_a_sync_fails(client, node.files(), seed)), ErrorCode::none);
        world.run_until_idle();
        node.stop();
    }
    base::set_log_sink({});
}

TEST(WholeBroker, RunsTheSameTurnsForTheSameSeed) {
    EXPECT_EQ(run(7).trace_hash, run(7).trace_hash);
    EXPECT_NE(run(7).trace_hash, run(8).trace_hash);
}

}  // namespace
}  // namespace tideline::simulation
