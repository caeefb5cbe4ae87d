// Random lives of one group whose members speak either protocol: it moves to and fro, nobody shares a partition, all settle.
#include <random>

#include "group/migration_testing.h"

namespace tideline::group {
namespace {

struct MixedClient {
    bool is_classic = false;
    std::string id;
    std::optional<std::string> instance;
    std::int32_t epoch = -1;  // or generation
    PartitionSet owned;
    Ticket joining = kNoTicket;
    Ticket syncing = kNoTicket;
    bool must_join = true;
};

class MixedWalk {
public:
    explicit MixedWalk(std::uint64_t seed) : random_(seed) {}

    void step() {
        switch (below(10)) {
            case 0: add(below(2) == 0); break;
            case 1: leave(); break;
            case 2:
                if (!clients_.empty() && below(3) == 0) {
                    clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(below(clients_.size())));
                }
                break;
            case 3: replace(); break;
            case 4: world_.pass(static_cast<std::int64_t>(1 + below(15'000))); break;
            default:
                if (!clients_.empty()) {
                    act(clients_[below(clients_.size())]);
                }
        }
        check();
    }

    void converge() {
        for (int round = 0; round < 150; ++round) {
            world_.pass(1'000);
            for (MixedClient& client : clients_) {
                act(client);
            }
            check();
        }
        PartitionSet all;
        for (const MixedClient& client : clients_) {
            for (const std::int32_t partition : client.owned) {
                ASSERT_TRUE(all.insert(partition).second) << partition << " has two owners";
            }
        }
        ASSERT_EQ(all.size(), clients_.empty() ? 0u : static_cast<std::size_t>(kPartitions))
            << world_.bench.coordinator().print_durable();
        const bool has_modern = std::ranges::any_of(clients_, [](const auto& client) { return !client.is_classic; });
        if (!clients_.empty()) {
            ASSERT_EQ(world_.kind(), has_modern ? "consumer Stable" : "classic Stable");
        }
    }

    int upgrades = 0;
    int downgrades = 0;

private:
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

    void add(bool is_classic) {
        if (clients_.size() >= 5) {
            return;
        }
        clients_.push_back({.is_classic = is_classic, .id = is_classic ? "" : "m" + std::to_string(++last_id_)});
        if (below(3) == 0) {
            clients_.back().instance = "i" + std::to_string(++last_id_);
        }
        act(clients_.back());
    }

    // The next process of a static member, in the other protocol or once more the classic one.
    void replace() {
        if (clients_.empty()) {
            return;
        }
        MixedClient& client = clients_[below(clients_.size())];
        if (!client.instance) {
            return;
        }
        const bool is_classic = !client.is_classic || below(2) == 0;
        client = {.is_classic = is_classic, .id = is_classic ? "" : "m" + std::to_string(++last_id_), .instance = client.instance};
        act(client);
    }

    void leave() {
        if (clients_.empty()) {
            return;
        }
        const std::size_t index = below(clients_.size());
        const MixedClient& client = clients_[index];
        if (client.is_classic) {
            world_.leave(client.id);
        } else {
            world_.beat(client.id, -1, {}, client.instance);
        }
        clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    void act(MixedClient& client) {
        if (client.is_classic) {
            act_classic(client);
            return;
        }
        const auto response = world_.beat(client.id, std::max(client.epoch, 0), client.owned, client.instance);
        if (response.error_code != ErrorCode::none) {
            client.epoch = 0;
            client.owned.clear();
            if (response.error_code == ErrorCode::unreleased_instance_id) {
                client.instance.reset();
            }
            return;
        }
        client.epoch = response.member_epoch;
        if (response.assignment) {
            client.owned = flat(response.assignment->topic_partitions);
        }
    }

    void act_classic(MixedClient& client) {
        receive(client);
        if (client.joining != kNoTicket || client.syncing != kNoTicket) {
            return;
        }
        if (!client.must_join) {
            const ErrorCode code = world_.heartbeat(client.id, client.epoch);
            if (code == ErrorCode::none) {
                return;
            }
            forget(client, code);
        }
        client.owned.clear();
        client.must_join = false;
        client.joining = world_.join(client.id, client.instance);
        receive(client);
    }

    static void forget(MixedClient& client, ErrorCode code) {
        client.owned.clear();
        client.must_join = true;
        if (code == ErrorCode::unknown_member_id) {
            client.id.clear();
        }
    }

    void receive(MixedClient& client) {
        if (world_.late.contains(client.joining)) {
            const auto response = world_.take<protocol::JoinGroupResponse>(client.joining);
            client.joining = kNoTicket;
            if (response.error_code != ErrorCode::none) {
                forget(client, response.error_code);
                if (response.error_code == ErrorCode::member_id_required) {
                    client.id = response.member_id;
                }
                return;
            }
            client.id = response.member_id;
            client.epoch = response.generation_id;
            client.syncing = world_.sync(client.id, client.epoch, deal(response));
        }
        if (world_.late.contains(client.syncing)) {
            const auto response = world_.take<protocol::SyncGroupResponse>(client.syncing);
            client.syncing = kNoTicket;
            if (response.error_code != ErrorCode::none) {
                forget(client, response.error_code);
            } else {
                client.owned = world_.partitions_of(response);
            }
        }
    }

    static std::map<std::string, PartitionSet> deal(const protocol::JoinGroupResponse& response) {
        std::map<std::string, PartitionSet> dealt;
        if (response.leader == response.member_id && !response.members.empty()) {
            for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
                dealt[response.members[static_cast<std::size_t>(partition) % response.members.size()].member_id].insert(partition);
            }
        }
        return dealt;
    }

    // The records are compared with the state by the bench, after each step.
    void check() {
        const std::string kind = world_.kind();
        const std::string type = kind.substr(0, kind.find(' '));
        upgrades += before_ == "classic" && type == "consumer" ? 1 : 0;
        downgrades += before_ == "consumer" && type == "classic" ? 1 : 0;
        before_ = type;
        if (type == "consumer") {
            PartitionSet owned;
            for (const auto& member : world_.described().members) {
                for (const std::int32_t partition : flat(member.assignment.topic_partitions)) {
                    ASSERT_TRUE(owned.insert(partition).second) << world_.bench.coordinator().print_durable();
                }
            }
        }
    }

    std::mt19937_64 random_;
    MixedGroup world_;
    std::vector<MixedClient> clients_;
    std::string before_;
    int last_id_ = 0;
};

TEST(MigrationWalk, NoPartitionHasTwoOwnersAndEveryGroupConverges) {
    int upgrades = 0;
    int downgrades = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SCOPED_TRACE(seed);
        MixedWalk walk(seed);
        for (int step = 0; step < 80; ++step) {
            walk.step();
            ASSERT_FALSE(::testing::Test::HasFailure()) << "step " << step;
        }
        walk.converge();
        ASSERT_FALSE(::testing::Test::HasFailure());
        upgrades += walk.upgrades;
        downgrades += walk.downgrades;
    }
    EXPECT_GT(upgrades, 50);
    EXPECT_GT(downgrades, 50);
}

}  // namespace
}  // namespace tideline::group
