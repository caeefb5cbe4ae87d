// simulation/stage.h: what the clients of one simulation share: topics, promises, weather, and how far the play is.
//
// Shard:  that of the clients.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "simulation/client_link.h"
#include "simulation/history.h"

namespace tideline::simulation {

// A topic as clients know it. Its id is its identity: a name may be used again.
struct KnownTopic {
    std::string name;
    base::Uuid id;
    std::int32_t partitions = 0;  // acknowledged; there may be more
    bool is_recreated = false;    // its name may be used again: clients that mean this topic must say its id
    bool is_deletion_asked = false;
    bool is_deleted = false;      // acknowledged
    // Values that a configuration may have: the acknowledged one and those of which nobody knows whether they arrived.
    std::map<std::string, std::set<std::string>> configs;
};

struct Stage {
    runtime::Shard& shard;
    runtime::Address broker;
    History history;
    Weather weather;
    std::map<base::Uuid, KnownTopic> topics;
    bool is_storm_over = false;    // nothing fails any more: finish what is under way, then end
    std::size_t producers_running = 0;
    std::uint32_t producers_made = 0;
    std::function<void(std::string)> trace = [](std::string) {};

    // Topics that nobody has asked to delete, in the order of their ids.
    std::vector<KnownTopic*> live_topics() {
        std::vector<KnownTopic*> live;
        for (auto& [id, topic] : topics) {
            if (!topic.is_deletion_asked) {
                live.push_back(&topic);
            }
        }
        return live;
    }
    bool is_doomed(const base::Uuid& id) const {
        auto found = topics.find(id);
        return found == topics.end() || found->second.is_deletion_asked;
    }
    Task<void> pause(Duration time) { return runtime::sleep_until(shard, shard.now() + time); }
};

inline Duration random_ms(runtime::Random& random, std::uint64_t low, std::uint64_t high) {
    return std::chrono::milliseconds(low + random.below(high - low + 1));
}

// The version of `Request` that a client speaks: any from `low` on, the newest more often than others.
template <class Request>
std::int16_t any_version(runtime::Random& random, std::int16_t low = Request::kMinVersion) {
    std::int16_t from = std::max(low, Request::kMinVersion);
    if (random.chance(3)) {
        return Request::kMaxVersion;
    }
    return static_cast<std::int16_t>(from + static_cast<std::int16_t>(random.below(static_cast<std::uint64_t>(Request::kMaxVersion - from + 1))));
}

// Errors that a client meets while the broker is in trouble and tries again after.
inline bool is_passing(ErrorCode error) {
    return error == ErrorCode::kafka_storage_error || error == ErrorCode::not_leader_or_follower ||
           error == ErrorCode::request_timed_out || error == ErrorCode::network_exception ||
           error == ErrorCode::leader_not_available || error == ErrorCode::coordinator_not_available;
}

}  // namespace tideline::simulation
