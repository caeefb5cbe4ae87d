// simulation/test_world.h: one broker and one client of it, whom a test makes do what it wants.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "simulation/client_link.h"
#include "simulation/node.h"

namespace tideline::simulation {

struct BrokerAndClient {
    BrokerAndClient(std::uint64_t seed, unsigned shards_max, std::vector<std::string> directories, const NodeSettings& settings)
        : world(seed), node(world, shards_max, std::move(directories)), shard(world.add_shard()) {
        EXPECT_TRUE(node.start(settings)) << node.why();
        link = std::make_unique<ClientLink>(shard, Node::address(), "client", weather, seed);
    }
    void close() {
        world.run(shard, link->close());
        node.stop();
    }

    runtime::sim::SimWorld world;
    Node node;
    runtime::sim::SimShard& shard;
    Weather weather;
    std::unique_ptr<ClientLink> link;
};

}  // namespace tideline::simulation
