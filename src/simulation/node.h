// simulation/node.h: a whole broker in a simulated world, with what may happen to the machine it runs on.
//
//   Node node(world, directories);
//   node.start(settings);                        // one life begins
//   ...                                          // clients talk to node.address()
//   node.stop();                                 // SIGTERM
//   node.lose_power(CrashPolicy::keep_subset, seed);  // or the plug; start() again
//
// A machine that lost power fails every file operation from the one that met the cut on (SimFileSystem::crash_after), so
// that what the broker still does is to no effect; lose_power() ends it and leaves on the disk what the policy says.
// Thread: the world's. Its calls run the world until the broker has done what they say.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/sim/world.h"
#include "server/broker.h"

namespace tideline::simulation {

// What may differ from one life to the next.
struct NodeSettings {
    unsigned shards = 1;
    std::vector<std::pair<std::string, std::string>> properties;
};

class Node {
public:
    static constexpr std::uint16_t kPort = 9092;

    // Adds the shards of the broker to the world, of which they must be the first; a life may use fewer. Uses the world's own file system.
    Node(runtime::sim::SimWorld& world, unsigned shards_max, std::vector<std::string> directories);
    ~Node();

    // False: it did not start and nothing runs; why() says the reason.
    bool start(const NodeSettings& settings);
    void stop();
    void lose_power(runtime::sim::CrashPolicy policy, std::uint64_t seed);

    bool is_running() const { return broker_ != nullptr; }
    // The power is off, or the broker gave up; stop() or lose_power() is due.
    bool is_failing() const;
    const std::string& why() const { return why_; }
    // Counts starts.
    std::uint64_t life() const { return life_; }
    server::Broker& broker() { return *broker_; }
    runtime::sim::SimFileSystem& files() { return world_.files(); }
    static runtime::Address address() { return {"127.0.0.1", kPort}; }

    // What each coordinator has on record, by kind and partition; nullopt while one is being loaded.
    std::optional<std::map<std::string, std::string>> coordinators();
    // What requests in flight hold, over all shards; nothing when no client is there.
    std::uint64_t request_memory_in_use() const;

private:
    cluster::BrokerConfig config_of(const NodeSettings& settings) const;

    runtime::sim::SimWorld& world_;
    std::vector<runtime::Shard*> shards_;
    std::vector<std::string> directories_;
    std::unique_ptr<server::Broker> broker_;
    std::uint64_t life_ = 0;
    std::string why_;
};

}  // namespace tideline::simulation
