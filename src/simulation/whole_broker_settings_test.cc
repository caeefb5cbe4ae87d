// A property of the broker that may change at run time takes effect in the logs that are open.
#include "base/log.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "simulation/node.h"
#include "simulation/test_requests.h"

namespace tideline::simulation {
namespace {

using protocol::IncrementalAlterConfigsRequest;
using protocol::ProduceRequest;
using std::chrono::seconds;

constexpr const char* kTopic = "orders";

Task<void> set_for_all_brokers(ClientLink& link, std::string name, std::string value) {
    constexpr std::int8_t kBroker = 4;
    IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kBroker;
    resource.configs.push_back({.name = std::move(name), .config_operation = 0, .value = std::move(value)});
    auto answer = co_await link.call(request, IncrementalAlterConfigsRequest::kMaxVersion);
    EXPECT_TRUE(answer && answer->response.responses.at(0).error_code == ErrorCode::none);
}

Task<void> put_idempotently(runtime::Shard& shard, ClientLink& link) {
    record::BatchBuilder builder({.producer_id = 7, .producer_epoch = 0, .base_sequence = 0});
    builder.add(shard.wall_ms(), std::nullopt, base::as_bytes("value"));
    base::Bytes batch = builder.finish();
    ProduceRequest request{.acks = -1, .timeout_ms = 5000};
    auto& data = request.topic_data.emplace_back();
    data.name = kTopic;
    data.partition_data.push_back({.index = 0, .records = protocol::Records::of(batch)});
    auto produced = co_await link.call(request, kProduceByName);
    EXPECT_TRUE(produced && produced->response.responses.at(0).partition_responses.at(0).error_code == ErrorCode::none);
}

TEST(BrokerSettings, ProducersAreForgottenByTheExpirationOfTheMoment) {
    base::set_log_sink([](base::LogLevel, std::string_view) {});
    runtime::sim::SimWorld world(1);
    Node node(world, 1, {"/data"});
    runtime::sim::SimShard& shard = world.add_shard();
    Weather weather;
    ASSERT_TRUE(node.start({.properties = {{"log.initial.task.delay.ms", "1000"}, {"log.retention.check.interval.ms", "1000"}}})) << node.why();
    ClientLink link(shard, Node::address(), "client", weather, 1);
    world.run(shard, create_topic(link, kTopic, 1));
    world.run(shard, put_idempotently(shard, link));
    auto known = [&] {
        const auto& partitions = node.broker().server(0).replicas().partitions();
        return partitions.begin()->second->log().producers().size();
    };
    world.advance(seconds(10));
    EXPECT_EQ(known(), 1u);
    world.run(shard, set_for_all_brokers(link, "producer.id.expiration.ms", "5000"));
    world.advance(seconds(10));
    EXPECT_EQ(known(), 0u);
    world.run(shard, link.close());
    node.stop();
    base::set_log_sink({});
}

// In milliseconds the largest number is a time, in nanoseconds it is none.
TEST(BrokerSettings, TheLargestNumberMeansNever) {
    base::set_log_sink([](base::LogLevel, std::string_view) {});
    runtime::sim::SimWorld world(2);
    Node node(world, 1, {"/data"});
    runtime::sim::SimShard& shard = world.add_shard();
    Weather weather;
    constexpr const char* kNever = "9223372036854775807";
    ASSERT_TRUE(node.start({.properties = {{"connections.max.idle.ms", kNever},
                                           {"log.initial.task.delay.ms", kNever},
                                           {"replica.high.watermark.checkpoint.interval.ms", kNever}}}))
        << node.why();
    ClientLink link(shard, Node::address(), "client", weather, 2);
    world.run(shard, create_topic(link, kTopic, 1));
    std::uint64_t operations = node.files().operations();
    world.advance(seconds(10));
    int connections = 0;
    node.broker().server(0).for_each_connection([&](const server::ConnectionInfo&) { ++connections; });
    EXPECT_EQ(connections, 1);
    EXPECT_EQ(node.files().operations(), operations);
    world.run(shard, link.close());
    node.stop();
    base::set_log_sink({});
}

}  // namespace
}  // namespace tideline::simulation
