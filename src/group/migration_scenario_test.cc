// Transcripts of groups with members of both kinds: scenarios/migration/*.txt, in the form of scenario_testing.h.
//   join|sync|heartbeat|leave NAME     of the classic protocol        beat|bye|away NAME     of the consumer protocol
//   wait MS, restart
// "join a as=i" and "beat m as=i" make static members of the instance i. "policy POLICY" begins anew under that
// group.consumer.migration.policy, and forgets everybody.
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

#include "group/migration_testing.h"

namespace tideline::group {
namespace {

std::string print(const PartitionSet& partitions) {
    std::string text;
    for (const std::int32_t partition : partitions) {
        text += (text.empty() ? "" : ",") + std::to_string(partition);
    }
    return text.empty() ? "-" : text;
}

class MixedScenario {
public:
    std::string play(const std::string& text) {
        std::istringstream in(text);
        std::string out;
        for (std::string line; std::getline(in, line);) {
            if (line.starts_with("|")) {
                continue;
            }
            out += line + "\n";
            if (!line.empty() && !line.starts_with("#")) {
                std::istringstream words(line);
                std::string command;
                std::string name;
                std::string extra;
                words >> command >> name >> extra;
                run(command, name, extra, out);
                out += "| " + group_->kind() + "\n";
            }
        }
        return out;
    }

private:
    struct Client {
        std::string id;
        std::int32_t epoch = 0;
        PartitionSet owned;
        std::optional<std::string> instance = {};
    };

    void run(const std::string& command, const std::string& name, const std::string& extra, std::string& out) {
        group_->written.clear();
        if (command == "policy") {
            begin_anew(name);
            return;
        }
        Client& client = clients_[name];
        if (extra.starts_with("as=")) {
            client.instance = extra.substr(3);
        }
        const auto say = [&](ErrorCode code, const std::string& rest) { out += "| " + std::string(name_of(code)) + rest + "\n"; };
        if (command == "join") {
            join(client, say);
        } else if (command == "sync") {
            std::map<std::string, PartitionSet> assigned;
            if (extra == "all") {
                assigned[client.id] = {0, 1, 2, 3, 4, 5};
            }
            const auto response = group_->take<protocol::SyncGroupResponse>(group_->sync(client.id, client.epoch, assigned));
            say(response.error_code, " " + print(group_->partitions_of(response)));
        } else if (command == "heartbeat") {
            say(group_->heartbeat(client.id, client.epoch), "");
        } else if (command == "leave") {
            say(group_->leave(client.id), "");
        } else if (command == "beat" || command == "bye" || command == "away") {
            const std::int32_t epoch = command == "bye" ? -1 : command == "away" ? -2 : client.epoch;
            const auto response = group_->beat(name, epoch, client.owned, client.instance);
            client.epoch = response.member_epoch;
            if (response.assignment) {
                client.owned = flat(response.assignment->topic_partitions);
            }
            say(response.error_code, " epoch=" + std::to_string(client.epoch) + " " + print(client.owned));
        } else if (command == "wait") {
            group_->pass(std::stoll(name));
        } else if (command == "restart") {
            group_->bench.restart();
        } else {
            FAIL() << "unknown command " << command;
        }
        for (const Record& record : group_->written) {
            out += "| record " + std::to_string((record.key[0] << 8) | record.key[1]) + (record.value ? "" : " deleted") + "\n";
        }
    }

    void begin_anew(const std::string& policy) {
        const std::map<std::string, MigrationPolicy> policies{{"disabled", MigrationPolicy::disabled},
                                                              {"upgrade", MigrationPolicy::upgrade},
                                                              {"downgrade", MigrationPolicy::downgrade},
                                                              {"bidirectional", MigrationPolicy::bidirectional}};
        clients_.clear();
        GroupConfig config = MixedGroup::quick();
        config.consumer_migration_policy = policies.at(policy);
        group_ = std::make_unique<MixedGroup>(config);
    }

    // With the id that the first answer brings, and again as far as timers go.
    template <class Say>
    void join(Client& client, const Say& say) {
        if (client.id.empty() && !client.instance) {
            const auto response = group_->take<protocol::JoinGroupResponse>(group_->join(""));
            if (response.error_code != ErrorCode::member_id_required) {
                say(response.error_code, "");
                return;
            }
            client.id = response.member_id;
        }
        const Ticket ticket = group_->join(client.id, client.instance);
        group_->pass(1);
        const auto response = group_->take<protocol::JoinGroupResponse>(ticket);
        client.epoch = response.generation_id;
        if (response.error_code == ErrorCode::none) {
            client.id = response.member_id;
        }
        say(response.error_code, " generation=" + std::to_string(response.generation_id) +
                                     (response.leader == client.id ? " leads" : ""));
    }

    std::unique_ptr<MixedGroup> group_ = std::make_unique<MixedGroup>();
    std::map<std::string, Client> clients_;
};

class MigrationScenarios : public ::testing::TestWithParam<std::string> {};

TEST_P(MigrationScenarios, GoAsTheirTranscriptSays) {
    const auto path = std::string(TL_GROUP_SCENARIOS_DIR) + "/migration/" + GetParam() + ".txt";
    std::ifstream in(path);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    ASSERT_FALSE(text.empty());
    const std::string played = MixedScenario().play(text);
    if (std::getenv("TL_UPDATE_SCENARIOS") != nullptr) {
        std::ofstream(path) << played;
    } else {
        EXPECT_EQ(played, text);
    }
}

INSTANTIATE_TEST_SUITE_P(Group, MigrationScenarios, ::testing::Values("there_and_back", "restart", "leaving", "static_members", "policies"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace tideline::group
