// What a client was told of a change holds on every connection, at once: while the disk is slow, and while the broker stops.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "protocol/messages/consumer_group_heartbeat.h"
#include "protocol/messages/create_partitions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/offset_commit.h"
#include "simulation/client_link.h"
#include "simulation/node.h"

namespace tideline::simulation {
namespace {

using protocol::ConsumerGroupHeartbeatRequest;
using protocol::CreatePartitionsRequest;
using protocol::CreateTopicsRequest;
using protocol::FindCoordinatorRequest;
using protocol::MetadataRequest;
using protocol::OffsetCommitRequest;
using std::chrono::milliseconds;

constexpr const char* kTopic = "orders";
constexpr const char* kGroup = "group";
constexpr std::int32_t kPartitionsMax = 6;
constexpr std::size_t kLinks = 6;  // so many that each shard has one of them, more often than not
constexpr std::int16_t kCommitByName = 9;

// Some connections to one broker, whose disk may be slow.
class BrokerChanges : public ::testing::Test {
protected:
    struct World {
        explicit World(std::uint64_t seed) : world(seed), node(world, 3, {"/data"}), shard(world.add_shard()) {
            EXPECT_TRUE(node.start({.shards = 3})) << node.why();
            for (std::size_t i = 0; i < kLinks; ++i) {
                links.push_back(std::make_unique<ClientLink>(shard, Node::address(), "client", weather, seed + i));
            }
        }
        void close() {
            for (const auto& link : links) {
                world.run(shard, link->close());
            }
            links.clear();
        }

        runtime::sim::SimWorld world;
        Node node;
        runtime::sim::SimShard& shard;
        Weather weather;
        std::vector<std::unique_ptr<ClientLink>> links;
    };

    BrokerChanges() { base::set_log_sink([](base::LogLevel, std::string_view) {}); }
    ~BrokerChanges() override { base::set_log_sink({}); }
};

Task<bool> create(ClientLink& link, std::string name, std::int32_t partitions) {
    CreateTopicsRequest request;
    request.topics.push_back({.name = std::move(name), .num_partitions = partitions, .replication_factor = 1});
    auto answer = co_await link.call(request, CreateTopicsRequest::kMaxVersion);
    co_return answer && answer->response.topics.at(0).error_code == ErrorCode::none;
}

Task<void> find_coordinator(ClientLink& link) {
    FindCoordinatorRequest request;
    request.coordinator_keys = {kGroup};
    auto answer = co_await link.call(request, FindCoordinatorRequest::kMaxVersion);
    EXPECT_TRUE(answer);
}

Task<void> grow(ClientLink& link) {
    for (std::int32_t count = 2; count <= kPartitionsMax; ++count) {
        CreatePartitionsRequest request{.timeout_ms = 5000};
        request.topics.push_back({.name = kTopic, .count = count, .assignments = std::nullopt});
        auto answer = co_await link.call(request, CreatePartitionsRequest::kMaxVersion);
        EXPECT_TRUE(answer);
    }
}

OffsetCommitRequest commit_of(const std::string& member, std::int32_t epoch, std::int32_t partition) {
    OffsetCommitRequest request{.group_id = kGroup, .generation_id_or_member_epoch = epoch, .member_id = member, .topics = {}};
    auto& topic = request.topics.emplace_back();
    topic.name = kTopic;
    topic.partitions.push_back({.partition_index = partition, .committed_offset = 1, .committed_metadata = ""});
    return request;
}

// Commits over each connection what the only member of a group is given, as soon as it is given it. Returns the refusals.
Task<std::vector<std::string>> commit_what_is_given(runtime::Shard& shard, std::vector<std::unique_ptr<ClientLink>>& links) {
    std::vector<std::string> refusals;
    ConsumerGroupHeartbeatRequest heartbeat{.group_id = kGroup,
                                            .member_id = "member",
                                            .rebalance_timeout_ms = 5000,
                                            .subscribed_topic_names = std::vector<std::string>{kTopic},
                                            .topic_partitions = std::vector<ConsumerGroupHeartbeatRequest::TopicPartitions>{}};
    for (std::size_t owned = 0; owned < kPartitionsMax;) {
        auto answer = co_await links[0]->call(heartbeat, ConsumerGroupHeartbeatRequest::kMaxVersion);
        if (!answer || answer->response.error_code != ErrorCode::none) {
            co_await runtime::sleep_until(shard, shard.now() + milliseconds(1));  // the coordinator is being loaded
            continue;
        }
        heartbeat.member_epoch = answer->response.member_epoch;
        if (!answer->response.assignment || answer->response.assignment->topic_partitions.empty()) {
            continue;
        }
        std::vector<std::int32_t> given = answer->response.assignment->topic_partitions[0].partitions;
        owned = given.size();
        for (std::size_t i = 0; i < links.size(); ++i) {
            for (std::int32_t partition : given) {
                auto committed = co_await links[i]->call(commit_of("member", heartbeat.member_epoch, partition), kCommitByName);
                ErrorCode error = committed ? committed->response.topics.at(0).partitions.at(0).error_code : committed.error().code;
                if (error != ErrorCode::none) {
                    refusals.push_back(fmt::format("partition {} over connection {}: {}", partition, i, name_of(error)));
                }
            }
        }
    }
    co_return refusals;
}

TEST_F(BrokerChanges, AMemberMayCommitWhatItIsGivenOverAnyConnection) {
    constexpr std::uint64_t kSeeds = 12;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        World each(seed);
        EXPECT_TRUE(each.world.run(each.shard, create(*each.links[0], kTopic, 1)));
        each.world.run(each.shard, find_coordinator(*each.links[0]));
        each.world.set_disk_delay(std::chrono::microseconds(10), milliseconds(20));
        runtime::TaskScope growing(each.shard);
        each.shard.run_here([&] { growing.spawn(grow(*each.links[1])); });
        std::vector<std::string> refusals = each.world.run(each.shard, commit_what_is_given(each.shard, each.links));
        EXPECT_TRUE(refusals.empty()) << "seed " << seed << ": " << refusals.front();
        each.world.run(each.shard, growing.join());
        each.close();
        each.node.stop();
    }
}

// Commits until the broker is gone, which keeps a coordinator busy while it stops.
Task<void> commit_on(ClientLink& link, bool& is_over) {
    while (!is_over) {
        auto answer = co_await link.call(commit_of("", -1, 0), kCommitByName);
        is_over = is_over || !answer;
    }
}

struct Creations {
    std::vector<std::string> acknowledged;
    std::vector<std::string> unknown;  // on some connection, after that
};

Task<ErrorCode> ask_for(ClientLink& link, std::string name) {
    MetadataRequest request{.allow_auto_topic_creation = false};
    request.topics.emplace().push_back({.name = std::move(name)});
    auto answer = co_await link.call(request, MetadataRequest::kMaxVersion);
    co_return answer ? answer->response.topics.at(0).error_code : answer.error().code;
}

// Creates topics until the broker is gone.
Task<void> create_on(std::vector<std::unique_ptr<ClientLink>>& links, Creations& creations) {
    for (int number = 0;; ++number) {
        std::string name = fmt::format("made-{}", number);
        bool is_made = co_await create(*links[0], name, 3);
        if (!is_made) {
            co_return;
        }
        creations.acknowledged.push_back(name);
        for (std::size_t i = 2; i < links.size(); ++i) {
            ErrorCode error = co_await ask_for(*links[i], name);
            if (error == ErrorCode::unknown_topic_or_partition) {
                creations.unknown.push_back(name);
            }
        }
    }
}

TEST_F(BrokerChanges, WhatIsAcknowledgedWhileTheBrokerStopsIsThereForEverybody) {
    constexpr std::uint64_t kSeeds = 40;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        World each(seed);
        EXPECT_TRUE(each.world.run(each.shard, create(*each.links[0], kTopic, 1)));
        each.world.run(each.shard, find_coordinator(*each.links[0]));
        each.world.set_disk_delay(milliseconds(1), milliseconds(50));
        Creations creations;
        bool is_over = false;
        runtime::TaskScope clients(each.shard);
        each.shard.run_here([&] {
            clients.spawn(commit_on(*each.links[1], is_over));
            clients.spawn(create_on(each.links, creations));
        });
        each.world.advance(milliseconds(200 + 7 * seed));
        each.node.stop();
        is_over = true;
        each.world.run(each.shard, clients.join());
        each.close();
        EXPECT_FALSE(creations.acknowledged.empty()) << "seed " << seed;
        EXPECT_TRUE(creations.unknown.empty()) << "seed " << seed << ": " << creations.unknown.front();

        ASSERT_TRUE(each.node.start({.shards = 3})) << each.node.why();
        ClientLink link(each.shard, Node::address(), "client", each.weather, seed);
        for (const std::string& name : creations.acknowledged) {
            EXPECT_EQ(each.world.run(each.shard, ask_for(link, name)), ErrorCode::none) << "seed " << seed << ": " << name;
        }
        each.world.run(each.shard, link.close());
        each.node.stop();
    }
}

}  // namespace
}  // namespace tideline::simulation
