// Many clients do what they like to a few groups, restarts included. After every step the log alone must bring the state
// back (Bench checks it), and what was promised to clients must hold.
#include <random>

#include "group/group_testing.h"
#include "group/records.h"

namespace tideline::group::testing {

namespace {

class Walk {
public:
    explicit Walk(unsigned seed) : random_(seed), bench_({.max_size = 5, .initial_rebalance_delay_ms = 500}) {
        bench_.topics().put("t", 3);
        bench_.start_timers();
        for (int i = 0; i < 12; ++i) {
            clients_.push_back({.name = "c" + std::to_string(i), .group = "g" + std::to_string(i % 2)});
            if (i % 3 == 0) {
                clients_.back().instance_id = "i" + std::to_string(i);
            }
        }
    }

    void run(int steps) {
        for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
            step();
        }
    }
    // Everybody falls silent: every parked request must get its answer.
    void end() {
        for (int i = 0; i < 100; ++i) {
            let_time_pass(60'000);
        }
        EXPECT_TRUE(open_.empty()) << open_.size() << " requests were never answered";
        EXPECT_EQ(bench_.member_memory().bytes(), 0u) << "nobody is left";
    }
    int rebalances() const { return rebalances_; }
    int commits() const { return commits_; }

private:
    struct Client {
        std::string name;
        std::string group;
        std::optional<std::string> instance_id = std::nullopt;
        std::string member_id = {};
        std::int32_t generation = -1;
        bool must_sync = false;
        bool leads = false;
        std::vector<std::string> members = {};
        bool busy = false;  // a request is under way
    };

    int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

    void step() {
        auto& client = clients_[static_cast<std::size_t>(pick(static_cast<int>(clients_.size())))];
        switch (pick(20)) {
            case 0: let_time_pass(pick(3'000)); break;
            case 1: let_time_pass(pick(12'000)); break;
            case 2: bench_.jump_wall(pick(2'000'000) - 1'000'000); break;
            case 3: leave(client); break;
            case 4:
                if (pick(20) == 0) {
                    restart();
                }
                break;
            case 5:
                client.member_id.clear();  // as after a restart of the client
                join(client);
                break;
            case 6:
            case 7:
            case 8: heartbeat(client); break;
            case 9:
            case 10:
            case 11: commit(client); break;
            default:
                if (client.must_sync) {
                    sync(client);
                } else {
                    join(client);
                }
        }
    }

    template <class Request>
    void ask(Client& client, const Request& request,
             void (Coordinator::*method)(Ticket, const ClientInfo&, const Request&, const Now&, Effects&), int version) {
        auto ticket = bench_.peek_ticket();
        open_[ticket] = &client;
        Effects effects;
        bench_.ask(method, {.id = client.name, .host = "/h", .api_version = static_cast<std::int16_t>(version)}, request, effects);
        take(effects);
    }
    void take(const Effects& effects) {
        for (const auto& record : effects.records) {
            auto key = *split_version(record.key);
            if (!record.value && key.number == protocol::GroupMetadataKey::kRecordType) {
                generations_.erase(decode_body<protocol::GroupMetadataKey>(key.body, 0)->group);
            }
        }
        for (const auto& answer : effects.answers) {
            ASSERT_TRUE(open_.contains(answer.ticket)) << "answered twice";
            auto& client = *open_[answer.ticket];
            open_.erase(answer.ticket);
            client.busy = false;
            if (const auto* joined = std::get_if<protocol::JoinGroupResponse>(&answer.reply)) {
                take_join(client, *joined);
            } else if (const auto* synced = std::get_if<protocol::SyncGroupResponse>(&answer.reply)) {
                client.must_sync = false;
                if (synced->error_code == ErrorCode::unknown_member_id) {
                    client.member_id.clear();
                }
            } else if (const auto* beat = std::get_if<protocol::HeartbeatResponse>(&answer.reply)) {
                if (beat->error_code == ErrorCode::unknown_member_id || beat->error_code == ErrorCode::fenced_instance_id) {
                    client.member_id.clear();
                }
            }
        }
    }
    void take_join(Client& client, const protocol::JoinGroupResponse& joined) {
        client.must_sync = false;
        if (joined.error_code == ErrorCode::member_id_required) {
            client.member_id = joined.member_id;
        } else if (joined.error_code == ErrorCode::none) {
            auto& newest = generations_[client.group];
            EXPECT_GE(joined.generation_id, newest) << "generations of a group only go up";
            rebalances_ += joined.generation_id > newest ? 1 : 0;
            newest = joined.generation_id;
            // Whoever joins has to find room; the two static members of a group keep theirs while they are away.
            EXPECT_LE(joined.members.size(), 5u + 2u) << "more members than group.max.size";
            client.member_id = joined.member_id;
            client.generation = joined.generation_id;
            client.must_sync = true;
            client.leads = joined.leader == joined.member_id;
            client.members.clear();
            for (const auto& member : joined.members) {
                client.members.push_back(member.member_id);
            }
        } else if (joined.error_code == ErrorCode::unknown_member_id || joined.error_code == ErrorCode::fenced_instance_id) {
            client.member_id.clear();
        }
    }

    void join(Client& client) {
        if (client.busy) {
            return;
        }
        protocol::JoinGroupRequest request;
        request.group_id = client.group;
        request.session_timeout_ms = 10'000;
        request.rebalance_timeout_ms = 5'000;
        request.member_id = client.member_id;
        request.group_instance_id = client.instance_id;
        request.protocol_type = "consumer";
        request.protocols.push_back({.name = "range", .metadata = {0, 0, 0, 0, 0, 0}});
        if (pick(4) == 0) {
            request.protocols.push_back({.name = "sticky", .metadata = {0, 0, 0, 0, 0, 0}});
        }
        client.busy = true;
        ask(client, request, &Coordinator::join, 3 + pick(7));
    }
    void sync(Client& client) {
        if (client.busy) {
            return;
        }
        protocol::SyncGroupRequest request;
        request.group_id = client.group;
        request.generation_id = client.generation;
        request.member_id = client.member_id;
        request.group_instance_id = client.instance_id;
        for (const auto& member : client.members) {
            request.assignments.push_back({.member_id = member, .assignment = {static_cast<std::uint8_t>('a' + pick(26))}});
        }
        client.busy = true;
        ask(client, request, &Coordinator::sync, 5);
    }
    void heartbeat(Client& client) {
        protocol::HeartbeatRequest request;
        request.group_id = client.group;
        request.generation_id = client.generation;
        request.member_id = client.member_id;
        request.group_instance_id = client.instance_id;
        bool was_busy = client.busy;
        ask(client, request, &Coordinator::heartbeat, 4);
        client.busy = was_busy;
    }
    void leave(Client& client) {
        if (client.busy) {
            return;
        }
        protocol::LeaveGroupRequest request;
        request.group_id = client.group;
        auto& member = request.members.emplace_back();
        member.member_id = client.member_id;
        member.group_instance_id = client.instance_id;
        ask(client, request, &Coordinator::leave, 5);
        client.member_id.clear();
        client.must_sync = false;
    }

    // Commits count up for each partition, so one that is lost, late or invented shows at once.
    void commit(Client& client) {
        protocol::OffsetCommitRequest request;
        request.group_id = client.group;
        request.generation_id_or_member_epoch = client.generation;
        request.member_id = client.member_id;
        request.group_instance_id = client.instance_id;
        auto partition = pick(3);
        auto offset = ++next_offset_;
        auto& topic = request.topics.emplace_back();
        topic.name = "t";
        auto& entry = topic.partitions.emplace_back();
        entry.partition_index = partition;
        entry.committed_offset = offset;
        Effects effects;
        bench_.ask(&Coordinator::commit, {.id = client.name, .host = "/h", .api_version = 8}, request, effects);
        const auto& response = std::get<protocol::OffsetCommitResponse>(effects.answers.at(0).reply);
        if (response.topics[0].partitions[0].error_code == ErrorCode::none) {
            ++commits_;
            committed_[{client.group, partition}] = offset;
        }
        check_offsets(client.group);
    }
    void check_offsets(const std::string& group) {
        protocol::OffsetFetchRequest::OffsetFetchRequestGroup request;
        request.group_id = group;
        auto& topic = request.topics.emplace().emplace_back();
        topic.name = "t";
        topic.partition_indexes = {0, 1, 2};
        auto ticket = bench_.next_ticket();
        auto effects = bench_.step([&](Coordinator& c, const Now& now, Effects& out) {
            c.fetch(ticket, {.api_version = 8}, request, false, now, out);
        });
        const auto& fetched = std::get<protocol::OffsetFetchResponse::OffsetFetchResponseGroup>(effects.answers.at(0).reply);
        for (const auto& partition : fetched.topics.at(0).partitions) {
            auto expected = committed_.find({group, partition.partition_index});
            EXPECT_EQ(partition.committed_offset, expected == committed_.end() ? -1 : expected->second);
        }
    }

    void let_time_pass(std::int64_t ms) {
        while (true) {
            std::int64_t moved = 0;
            take(bench_.advance(ms, moved));
            ms -= moved;
            if (ms == 0 && bench_.coordinator().next_deadline() > bench_.now().instant) {
                return;
            }
        }
    }
    void restart() {
        // Whoever waits loses the connection, so to speak.
        open_.clear();
        for (auto& client : clients_) {
            client.busy = false;
        }
        take(bench_.restart());
        for (const auto& group : {"g0", "g1"}) {
            check_offsets(group);
            // A generation whose assignment never came is not in the log, and may come again.
            generations_.erase(group);
        }
    }

    std::mt19937 random_;
    Bench bench_;
    std::vector<Client> clients_;
    std::map<Ticket, Client*> open_;
    std::map<std::string, std::int32_t> generations_;
    std::map<std::pair<std::string, std::int32_t>, std::int64_t> committed_;
    std::int64_t next_offset_ = 0;
    int rebalances_ = 0;
    int commits_ = 0;
};

class RandomWalk : public ::testing::TestWithParam<unsigned> {};

TEST_P(RandomWalk, KeepsWhatWasPromised) {
    Walk walk(GetParam());
    walk.run(2'000);
    walk.end();
    EXPECT_GT(walk.rebalances(), 5);
    EXPECT_GT(walk.commits(), 5);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWalk, ::testing::Range(1u, 21u));

}  // namespace
}  // namespace tideline::group::testing
