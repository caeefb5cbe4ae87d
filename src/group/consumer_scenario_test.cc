// Every file of scenarios/consumer against its transcript. TL_UPDATE_SCENARIOS=1 writes them anew: read the difference.
//
//   topic NAME PARTITIONS            a topic is made or grows       gone NAME        it is deleted
//   join M topics=a,b [regex= instance= assignor=]                  wait MS          time goes by, timers fire
//   beat M [topics=a] [holds]        M reports what it owns: what it was told, or with `holds` what it had before
//   leave M [epoch=-2]               state                          what the records say
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "group/consumer_testing.h"

namespace tideline::group {
namespace {

using Options = std::map<std::string, std::string>;

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, separator);) {
        parts.push_back(part);
    }
    return parts;
}

class ConsumerScenario {
public:
    std::string play(const std::string& text) {
        for (const std::string& line : split(text, '\n')) {
            if (line.starts_with("|")) {
                continue;
            }
            out_ += line + "\n";
            if (!line.empty() && !line.starts_with("#")) {
                run(line);
            }
        }
        return out_;
    }

private:
    struct Client {
        std::int32_t epoch = 0;
        std::optional<std::string> instance;
        Assignment told;
        Assignment before;  // what it had when it was told
    };

    void run(const std::string& line) {
        std::vector<std::string> words = split(line, ' ');
        Options options;
        for (std::size_t word = 2; word < words.size(); ++word) {
            const std::size_t equals = words[word].find('=');
            options[words[word].substr(0, equals)] = equals == std::string::npos ? "" : words[word].substr(equals + 1);
        }
        const std::string& command = words[0];
        if (command == "topic") {
            world_.topics.add(words.at(1), std::stoi(words.at(2)));
            world_.change_topics();
        } else if (command == "gone") {
            world_.topics.remove(words.at(1));
            world_.change_topics();
        } else if (command == "wait") {
            world_.pass(std::stoi(words.at(1)));
            tell_records();
        } else if (command == "state") {
            tell_state();
        } else {
            beat(command, words.at(1), options);
        }
    }

    void beat(const std::string& command, const std::string& name, const Options& options) {
        Client& client = clients_[name];
        HeartbeatRequest request = command == "join" ? joining(name, {}) : beating(name, client.epoch);
        if (command == "join") {
            client = Client{};
            if (options.contains("instance")) {
                client.instance = options.at("instance");
            }
        } else if (command == "leave") {
            request.member_epoch = options.contains("epoch") ? std::stoi(options.at("epoch")) : kLeaveEpoch;
        } else {
            request = owning(std::move(request), options.contains("holds") ? client.before : client.told);
        }
        if (options.contains("topics")) {
            request.subscribed_topic_names = split(options.at("topics"), ',');
        }
        if (options.contains("regex")) {
            request.subscribed_topic_regex = options.at("regex");
        }
        if (options.contains("assignor")) {
            request.server_assignor = options.at("assignor");
        }
        request.instance_id = client.instance;
        const HeartbeatResponse response = world_.beat(request);
        if (response.error_code != ErrorCode::none) {
            out_ += fmt::format("| {} {}: {}\n", name, tideline::name_of(response.error_code), response.error_message.value_or(""));
            return;
        }
        client.epoch = response.member_epoch;
        std::string assignment;
        if (response.assignment) {
            client.before = client.told;
            client.told = to_assignment(response.assignment->topic_partitions);
            assignment = " assignment" + print(client.told);
        }
        out_ += fmt::format("| {} epoch={}{}\n", name, response.member_epoch, assignment);
        tell_records();
    }

    void tell_records() {
        if (!world_.written.empty()) {
            out_ += fmt::format("| records {}\n", fmt::join(kinds(world_.written), " "));
        }
    }

    void tell_state() {
        const ConsumerGroup& group = *world_.group();
        out_ += fmt::format("| group {} epoch={} assignment_epoch={}\n", group.state_name(), group.epoch(), group.assignment_epoch());
        for (const auto& [id, member] : group.members()) {
            constexpr const char* kStates[] = {"stable", "unrevoked", "unreleased"};
            out_ += fmt::format("|   {} epoch={} {} assigned{} revoking{} target{}\n", id, member.current.epoch,
                                kStates[static_cast<int>(member.current.state)], print(member.current.assigned),
                                print(member.current.pending_revocation), print(group.target(id)));
        }
    }

    std::string print(const Assignment& assignment) const {
        std::string text;
        for (const auto& [id, partitions] : assignment) {
            const std::optional<TopicInfo> topic = world_.topics.find(id);
            text += fmt::format(" {}-{}", topic ? topic->name : "gone", fmt::join(partitions, ","));
        }
        return text.empty() ? " none" : text;
    }

    ConsumerWorld world_;
    std::map<std::string, Client> clients_;
    std::string out_;
};

class ConsumerScenarios : public testing::TestWithParam<const char*> {};

TEST_P(ConsumerScenarios, GoAsTheirTranscriptSays) {
    const std::string path = std::string(TL_GROUP_SCENARIOS_DIR) + "/consumer/" + GetParam() + ".txt";
    std::ifstream in(path);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    ASSERT_FALSE(text.empty());
    const std::string played = ConsumerScenario().play(text);
    if (std::getenv("TL_UPDATE_SCENARIOS") != nullptr) {
        std::ofstream(path) << played;
    } else {
        EXPECT_EQ(played, text);
    }
}

INSTANTIATE_TEST_SUITE_P(Group, ConsumerScenarios, testing::Values("rebalance", "static_members", "regular_expressions", "timeouts"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace tideline::group
