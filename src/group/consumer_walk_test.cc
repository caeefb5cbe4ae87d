// Random lives of groups: members come, go, vanish, change their minds, and topics change under them.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "group/consumer_testing.h"

namespace tideline::group {
namespace {

// A consumer as clients are: it gives up at once or later, reports what it owns, and joins anew when it is fenced.
struct WalkingClient {
    std::string id;
    std::optional<std::string> instance;
    std::int32_t epoch = 0;
    Assignment owned;
    Assignment told;  // the newest assignment it knows
    std::vector<std::string> topics;
    std::optional<std::string> regex;
};

class Walk {
public:
    explicit Walk(std::uint64_t seed) : random_(seed) {
        for (const char* name : {"a", "b", "ab", "c"}) {
            world_.topics.add(name, static_cast<std::int32_t>(1 + below(6)));
        }
    }

    void step() {
        switch (below(12)) {
            case 0:
                add_client();
                break;
            case 1:
                leave();
                break;
            case 2:
                vanish();
                break;
            case 3:
                change_topics();
                break;
            case 4:
                change_mind();
                break;
            case 5:
                world_.pass(static_cast<std::int64_t>(below(20'000)));
                break;
            default:
                beat_one(below(3) != 0);
        }
        check();
    }

    // Everybody heartbeats until nothing happens any more.
    void converge() {
        for (int round = 0; round < 60; ++round) {
            world_.pass(1'000);
            for (WalkingClient& client : clients_) {
                beat(client, true);
            }
            check();
        }
        if (clients_.empty()) {
            return;
        }
        ASSERT_EQ(world_.state(), "Stable") << world_.durable();
        for (const WalkingClient& client : clients_) {
            ASSERT_EQ(client.owned, world_.group()->target(client.id)) << client.id << "\n" << world_.durable();
        }
    }

private:
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    WalkingClient& any_client() { return clients_[below(clients_.size())]; }

    std::vector<std::string> some_topics() {
        std::vector<std::string> names;
        for (const char* name : {"a", "b", "ab", "c", "missing"}) {
            if (below(2) == 0) {
                names.emplace_back(name);
            }
        }
        return names;
    }

    void add_client() {
        if (clients_.size() >= 5) {
            return;
        }
        WalkingClient client{.id = "m" + std::to_string(++last_client_), .instance = {}, .epoch = 0, .owned = {}, .told = {},
                             .topics = some_topics(), .regex = {}};
        if (below(3) == 0) {
            client.regex = below(2) == 0 ? "a.*" : "b|c";
        }
        if (below(3) == 0) {
            client.instance = "i" + std::to_string(last_client_);
        }
        clients_.push_back(client);
        beat(clients_.back(), true);
    }

    void leave() {
        if (clients_.empty()) {
            return;
        }
        const std::size_t index = below(clients_.size());
        WalkingClient& client = clients_[index];
        HeartbeatRequest request = beating(client.id, kLeaveEpoch);
        request.instance_id = client.instance;
        if (client.instance && below(2) == 0) {
            // It comes back as another process, with nothing in its hands.
            request.member_epoch = kStaticLeaveEpoch;
            world_.beat(request);
            client.id = "m" + std::to_string(++last_client_);
            client.epoch = 0;
            client.owned.clear();
            client.told.clear();
            return;
        }
        world_.beat(request);
        clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    void vanish() {
        if (!clients_.empty()) {
            clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(below(clients_.size())));
        }
    }

    void change_topics() {
        const char* names[] = {"a", "b", "ab", "c"};
        const std::string name = names[below(4)];
        const std::optional<TopicInfo> topic = world_.topics.find(name);
        if (topic && below(3) == 0) {
            world_.topics.remove(name);
        } else {
            world_.topics.add(name, topic ? topic->partition_count + 1 : 2);
        }
        world_.change_topics();
    }

    void change_mind() {
        if (clients_.empty()) {
            return;
        }
        WalkingClient& client = any_client();
        client.topics = some_topics();
        beat(client, true, true);
    }

    void beat_one(bool gives_up) {
        if (!clients_.empty()) {
            beat(any_client(), gives_up);
        }
    }

    void beat(WalkingClient& client, bool gives_up, bool new_topics = false) {
        if (gives_up) {
            client.owned = client.told;
        }
        HeartbeatRequest request = client.epoch == 0 ? joining(client.id, client.topics) : beating(client.id, client.epoch);
        if (client.epoch == 0) {
            client.owned.clear();
            client.told.clear();
            request.subscribed_topic_regex = client.regex;
        } else {
            request = owning(std::move(request), client.owned);
        }
        if (new_topics) {
            request.subscribed_topic_names = client.topics;
        }
        request.instance_id = client.instance;
        const HeartbeatResponse response = world_.beat(request);
        if (response.error_code != ErrorCode::none) {
            client.epoch = 0;
            client.owned.clear();
            client.told.clear();
            if (response.error_code == ErrorCode::unreleased_instance_id) {
                client.instance.reset();
            }
            return;
        }
        if (response.assignment) {
            client.told = to_assignment(response.assignment->topic_partitions);
            client.owned = united(client.owned, client.told);  // what it must give up it holds until it does
        }
        client.epoch = response.member_epoch;
    }

    void check() {
        ASSERT_EQ(world_.durable(), world_.replayed(world_.log)) << "what lived and what was replayed differ";
        ConsumerGroup* group = world_.group();
        if (group == nullptr) {
            return;
        }
        std::set<std::pair<Uuid, std::int32_t>> owned;
        for (const auto& [id, member] : group->members()) {
            for (const Assignment* part : {&member.current.assigned, &member.current.pending_revocation}) {
                for (const auto& [topic, partitions] : *part) {
                    for (const std::int32_t partition : partitions) {
                        ASSERT_TRUE(owned.emplace(topic, partition).second) << "two members own a partition\n" << world_.durable();
                        ASSERT_TRUE(group->has_owner(topic, partition));
                    }
                }
            }
        }
    }

    std::mt19937_64 random_;
    ConsumerWorld world_;
    std::vector<WalkingClient> clients_;
    int last_client_ = 0;
};

TEST(ConsumerGroupWalk, NoPartitionHasTwoOwnersAndEveryGroupConverges) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SCOPED_TRACE(seed);
        Walk walk(seed);
        for (int step = 0; step < 80; ++step) {
            walk.step();
            ASSERT_FALSE(testing::Test::HasFatalFailure()) << "step " << step;
        }
        walk.converge();
        ASSERT_FALSE(testing::Test::HasFatalFailure());
    }
}

// The cleaner leaves the last record of each key, in the order of the log.
TEST(ConsumerGroupWalk, ACompactedLogBringsBackTheSameGroup) {
    ConsumerWorld world;
    world.topics.add("t", 6);
    world.beat(joining("m1", {"t"}));
    world.beat(joining("m2", {"t"}));
    world.beat(owning(beating("m1", 1), world.assigned("m1")));
    world.beat(owning(beating("m1", 1), world.assigned("m1")));
    world.beat(beating("m2", 2));
    world.beat(joining_by_regex("m3", "t|u"));
    std::vector<Record> compacted;
    for (std::size_t index = 0; index < world.log.size(); ++index) {
        const bool is_last = std::none_of(world.log.begin() + static_cast<std::ptrdiff_t>(index) + 1, world.log.end(),
                                          [&](const Record& later) { return later.key == world.log[index].key; });
        if (is_last) {
            compacted.push_back(world.log[index]);
        }
    }
    ASSERT_LT(compacted.size(), world.log.size());
    EXPECT_EQ(world.replayed(compacted), world.durable());
}

TEST(ConsumerGroupWalk, TheTombstonesOfAGroupLeaveNothing) {
    ConsumerWorld world;
    world.topics.add("t", 6);
    world.beat(joining("m1", {"t"}));
    world.beat(joining_by_regex("m2", "t"));
    Effects effects;
    world.group()->add_tombstones(effects);
    world.keep(effects);
    EXPECT_EQ(world.replayed(world.log), "");
}

}  // namespace
}  // namespace tideline::group
