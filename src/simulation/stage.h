// simulation/stage.h: what the clients of one simulation share: topics, promises, weather, and how far the play is.
//
// Shard:  that of the clients.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "simulation/client_link.h"
#include "simulation/group_book.h"
#include "simulation/history.h"
#include "simulation/recorder.h"

namespace tideline::simulation {

// A topic as clients know it. Its id is its identity: a name may be used again.
struct KnownTopic {
    std::string name;
    base::Uuid id;
    std::int32_t partitions = 0;  // acknowledged; there may be more
    bool is_recreated = false;    // its name may be used again: clients that mean this topic must say its id
    bool is_for_transactions = false;  // left alone by all others
    runtime::Instant sure_from{};      // until then its creation was not acknowledged, and some connections may not know it yet
    bool is_deletion_asked = false;
    bool is_deleted = false;      // acknowledged
    // Values that a configuration may have: the acknowledged one and those of which nobody knows whether they arrived.
    std::map<std::string, std::set<std::string>> configs;
};

// What happened to a transactional id, over all instances that use it.
struct TransactionalId {
    std::uint64_t take_overs = 0;      // answered
    std::uint64_t taking_over = 0;     // asked for right now: in which order they arrive nobody knows
    bool has_strays = false;  // a request under it was not answered, and may yet arrive at any time
};

struct Stage {
    runtime::Shard& shard;
    runtime::Address broker;
    History history;
    Recorder recorder{shard};
    GroupBook groups{[this](std::string what) { history.violated(std::move(what)); }};
    Weather weather;
    std::map<base::Uuid, KnownTopic> topics;
    std::optional<base::Uuid> topic_of_groups;  // of which their members own partitions: a leader deals out numbers
    bool is_storm_over = false;    // nothing fails any more: finish what is under way, then end
    std::size_t producers_running = 0;
    std::uint32_t producers_made = 0;
    std::map<std::string, TransactionalId> transactional_ids;
    std::size_t feeders_running = 0;          // transactional producers of what copiers read
    std::uint64_t transactional_records = 0;  // made so far; each has its number as its value
    bool is_clock_steady = true;              // the wall clock never jumped: timeouts last as long as they say
    std::function<void(std::string)> trace = [](std::string) {};

    // Topics for everybody that nobody has asked to delete, in the order of their ids.
    std::vector<KnownTopic*> live_topics() {
        std::vector<KnownTopic*> live;
        for (auto& [id, topic] : topics) {
            if (!topic.is_deletion_asked && !topic.is_for_transactions) {
                live.push_back(&topic);
            }
        }
        return live;
    }
    // nullptr: nobody knows it yet.
    const KnownTopic* topic_named(std::string_view name) const {
        auto found = std::ranges::find_if(topics, [&](const auto& each) { return each.second.name == name; });
        return found == topics.end() ? nullptr : &found->second;
    }
    bool is_sure(const base::Uuid& id) const {
        auto found = topics.find(id);
        return found != topics.end() && shard.now() >= found->second.sure_from;
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

// The same, of what asks a coordinator.
inline bool is_passing_at_coordinator(ErrorCode error) {
    return is_passing(error) || error == ErrorCode::coordinator_load_in_progress || error == ErrorCode::not_coordinator ||
           error == ErrorCode::concurrent_transactions;
}

}  // namespace tideline::simulation
