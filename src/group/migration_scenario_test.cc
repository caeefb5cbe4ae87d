// Transcripts of groups with members of both kinds: scenarios/migration/*.txt, in the form of scenario_testing.h.
//   join|sync|heartbeat|leave NAME     of the classic protocol        beat|bye|away NAME     of the consumer protocol
//   wait MS, restart
// "join a as=i" and "beat m as=i" make static members of the instance i. "policy POLICY" begins anew under that
// group.consumer.migration.policy, and forgets everybody.
#include <memory>

#include "coordinator/scenario_file_testing.h"
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
        return coordinator::testing::play_commands(text, [this](const coordinator::testing::Command& command) {
            std::string out;
            run(command, out);
            return out + "| " + group_->kind() + "\n";
        });
    }

private:
    struct Client {
        std::string id;
        std::int32_t epoch = 0;
        PartitionSet owned;
        std::optional<std::string> instance = {};
    };

    void run(const coordinator::testing::Command& line, std::string& out) {
        const std::string& command = line.name;
        const std::string name = line.plain.empty() ? "" : line.plain[0];
        group_->written.clear();
        if (command == "policy") {
            begin_anew(name);
            return;
        }
        Client& client = clients_[name];
        if (line.options.contains("as")) {
            client.instance = line.options.at("as");
        }
        const auto say = [&](ErrorCode code, const std::string& rest) { out += "| " + std::string(name_of(code)) + rest + "\n"; };
        if (command == "join") {
            join(client, say);
        } else if (command == "sync") {
            std::map<std::string, PartitionSet> assigned;
            if (line.plain.size() > 1 && line.plain[1] == "all") {
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

constexpr const char* kFolder = TL_GROUP_SCENARIOS_DIR "/migration";

class MigrationScenarios : public ::testing::TestWithParam<std::string> {};

TEST_P(MigrationScenarios, GoAsTheirTranscriptSays) {
    coordinator::testing::expect_transcript(kFolder, GetParam(), [](const std::string& text) { return MixedScenario().play(text); });
}

INSTANTIATE_TEST_SUITE_P(Group, MigrationScenarios, ::testing::ValuesIn(coordinator::testing::scenario_names(kFolder)),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace tideline::group
