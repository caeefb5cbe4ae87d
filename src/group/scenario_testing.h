// group/scenario_testing.h: plays a scenario file: commands in, a transcript out.
//
// A line is a command, a comment (#), or, beginning with '|', what the command before it brought. Clients are named by
// the first word behind the command; what they learn (member id, generation) they use in their next commands. Member ids
// are printed as CLIENT#1, CLIENT#2 … in the order in which clients got them.
#pragma once

#include <sstream>

#include "coordinator/scenario_file_testing.h"
#include "group/group_testing.h"
#include "group/records.h"

namespace tideline::group::testing {

class Scenario {
public:
    Scenario() {
        bench_.topics().put("t", 10);
        bench_.topics().put("u", 10);
    }

    // The whole file again, with the transcript of this run.
    std::string play(const std::string& text) {
        return coordinator::testing::play_commands(text, [this](const coordinator::testing::Command& command) {
            transcript_.clear();
            run(command.name, command.plain, command.options);
            return transcript_;
        });
    }

private:
    using Options = std::map<std::string, std::string>;
    struct Client {
        std::string group = "g";
        std::string member_id;
        std::optional<std::string> instance_id;
        std::int32_t generation = -1;
        int ids = 0;
        Options joined_with;
    };

    void say(const std::string& line) { transcript_ += "| " + with_names(line) + "\n"; }
    std::string with_names(std::string text) const {
        for (const auto& [id, name] : names_) {
            for (auto at = text.find(id); at != std::string::npos; at = text.find(id, at + name.size())) {
                text.replace(at, id.size(), name);
            }
        }
        return text;
    }
    static std::vector<std::string> split(const std::string& text, char separator) {
        std::vector<std::string> parts;
        std::istringstream in(text);
        for (std::string part; std::getline(in, part, separator);) {
            if (!part.empty()) {
                parts.push_back(part);
            }
        }
        return parts;
    }
    static std::string get(const Options& options, const std::string& key, const std::string& otherwise) {
        auto found = options.find(key);
        return found == options.end() ? otherwise : found->second;
    }
    static std::int32_t number(const Options& options, const std::string& key, std::int32_t otherwise) {
        auto found = options.find(key);
        return found == options.end() ? otherwise : std::stoi(found->second);
    }

    // The int16 version 0, the topics, no user data.
    static base::Bytes subscription(const std::vector<std::string>& topics) {
        protocol::Writer out;
        out.write_int16(0);
        out.write_int32(static_cast<std::int32_t>(topics.size()));
        for (const auto& topic : topics) {
            out.write_string(topic, false);
        }
        out.write_int32(-1);
        return out.take();
    }

    ClientInfo info(const std::string& client, const Options& options, int version) const {
        return {.id = get(options, "client_id", client),
                .host = "/10.0.0.1",
                .api_version = static_cast<std::int16_t>(number(options, "version", version))};
    }
    // The id that an option names: a name of the transcript, or the text itself.
    std::string member_id(const std::string& text) const {
        for (const auto& [id, name] : names_) {
            if (name == text) {
                return id;
            }
        }
        return text;
    }
    void learn(const std::string& client, const std::string& id) {
        auto& known = clients_[client];
        if (!id.empty() && !names_.contains(id)) {
            names_[id] = client + "#" + std::to_string(++known.ids);
        }
        known.member_id = id;
    }

    void run(const std::string& command, const std::vector<std::string>& plain, const Options& options) {
        auto who = plain.empty() ? std::string() : plain[0];
        if (command == "join") {
            join(who, options);
        } else if (command == "sync") {
            sync(who, options);
        } else if (command == "heartbeat") {
            heartbeat(who, options);
        } else if (command == "leave") {
            leave(who, options);
        } else if (command == "commit") {
            commit(who, options);
        } else if (command == "txn-commit") {
            commit_in_transaction(who, options);
        } else if (command == "fetch") {
            fetch(who, plain);
        } else if (command == "delete-offsets") {
            delete_offsets(plain);
        } else if (command == "delete-groups") {
            delete_groups(plain);
        } else if (command == "describe") {
            describe(plain, options);
        } else if (command == "list") {
            list(options);
        } else if (command == "wait") {
            wait(std::stoll(who));
        } else {
            run_other(command, who, plain, options);
        }
    }
    void run_other(const std::string& command, const std::string& who, const std::vector<std::string>& plain,
                   const Options& options) {
        if (command == "wall") {
            bench_.jump_wall(std::stoll(who));
        } else if (command == "delete-topic") {
            std::ranges::for_each(plain, [this](const std::string& name) { bench_.topics().remove(name); });
            show(bench_.step([&](Coordinator& c, const Now& now, Effects& out) { c.topics_deleted(plain, now, out); }));
        } else if (command == "txn") {
            transaction(options);
        } else if (command == "end-txn") {
            bench_.end_transaction(std::stoll(who), plain.at(1) == "commit");
        } else if (command == "restart") {
            asked_.clear();
            show(bench_.restart());
        } else if (command == "state") {
            for (const auto& row : split(bench_.coordinator().print_durable(), '\n')) {
                say(row);
            }
        } else if (command == "config") {
            configure(options);
        } else {
            FAIL() << "unknown command " << command;
        }
    }

    void configure(const Options& options) {
        auto& config = bench_.config();
        config.initial_rebalance_delay_ms = number(options, "initial_rebalance_delay_ms", config.initial_rebalance_delay_ms);
        config.max_size = number(options, "max_size", config.max_size);
        config.offset_metadata_bytes_max = number(options, "offset_metadata_bytes_max", config.offset_metadata_bytes_max);
        config.record_bytes_max = static_cast<std::size_t>(number(options, "record_bytes_max", 1'000'000));
        config.offsets_retention_ms = number(options, "offsets_retention_ms", static_cast<std::int32_t>(config.offsets_retention_ms));
        config.offsets_retention_check_interval_ms =
            number(options, "check_interval_ms", static_cast<std::int32_t>(config.offsets_retention_check_interval_ms));
        bench_.coordinator().set_config(config);
        if (options.contains("check_interval_ms")) {
            bench_.start_timers();
        }
    }

    template <class Request>
    void ask(const std::string& who, const std::string& what, const ClientInfo& client, const Request& request,
             void (Coordinator::*method)(Ticket, const ClientInfo&, const Request&, const Now&, Effects&)) {
        asked_[bench_.peek_ticket()] = {who, what};
        Effects effects;
        bench_.ask(method, client, request, effects);
        show(effects);
    }

    void join(const std::string& who, Options options) {
        auto& client = clients_[who];
        if (options.empty()) {
            options = client.joined_with;
        }
        client.joined_with = options;
        client.group = get(options, "group", client.group);
        if (options.contains("instance")) {
            client.instance_id = options["instance"];
        }
        protocol::JoinGroupRequest request;
        request.group_id = client.group;
        request.session_timeout_ms = number(options, "session", 10'000);
        request.rebalance_timeout_ms = number(options, "rebalance", 30'000);
        request.member_id = member_id(get(options, "member", client.member_id));
        request.group_instance_id = client.instance_id;
        request.protocol_type = get(options, "type", "consumer");
        auto metadata = subscription(split(get(options, "topics", "t"), ','));
        for (const auto& name : split(get(options, "protocols", "range"), ',')) {
            request.protocols.push_back({.name = name, .metadata = metadata});
        }
        ask(who, "join", info(who, options, 9), request, &Coordinator::join);
    }
    void sync(const std::string& who, const Options& options) {
        auto& client = clients_[who];
        protocol::SyncGroupRequest request;
        request.group_id = client.group;
        request.generation_id = number(options, "generation", client.generation);
        request.member_id = member_id(get(options, "member", client.member_id));
        request.group_instance_id = client.instance_id;
        request.protocol_type = get(options, "type", "consumer");
        request.protocol_name = get(options, "protocol", "range");
        for (const auto& part : split(get(options, "assign", ""), ',')) {
            auto colon = part.find(':');
            auto bytes = base::as_bytes(part).subspan(colon + 1);
            request.assignments.push_back(
                {.member_id = member_id(part.substr(0, colon)), .assignment = base::Bytes(bytes.begin(), bytes.end())});
        }
        ask(who, "sync", info(who, options, 5), request, &Coordinator::sync);
    }
    void heartbeat(const std::string& who, const Options& options) {
        auto& client = clients_[who];
        protocol::HeartbeatRequest request;
        request.group_id = client.group;
        request.generation_id = number(options, "generation", client.generation);
        request.member_id = member_id(get(options, "member", client.member_id));
        request.group_instance_id = client.instance_id;
        ask(who, "heartbeat", info(who, options, 4), request, &Coordinator::heartbeat);
    }
    void leave(const std::string& who, const Options& options) {
        auto& client = clients_[who];
        protocol::LeaveGroupRequest request;
        request.group_id = client.group;
        request.member_id = client.member_id;
        protocol::LeaveGroupRequest::MemberIdentity identity;
        identity.member_id = get(options, "member", client.member_id);
        identity.member_id = member_id(identity.member_id == "-" ? "" : identity.member_id);
        identity.group_instance_id = client.instance_id;
        request.members.push_back(identity);
        ask(who, "leave", info(who, options, 5), request, &Coordinator::leave);
    }
    void commit(const std::string& who, const Options& options) {
        auto& client = clients_[who];
        protocol::OffsetCommitRequest request;
        request.group_id = get(options, "group", client.group);
        request.generation_id_or_member_epoch = number(options, "generation", client.generation);
        request.member_id = member_id(get(options, "member", client.member_id));
        request.group_instance_id = client.instance_id;
        request.retention_time_ms = number(options, "retention", -1);
        add_offsets(options, request);
        ask(who, "commit", info(who, options, 9), request, &Coordinator::commit);
    }
    void commit_in_transaction(const std::string& who, const Options& options) {
        auto& client = clients_[who];
        protocol::TxnOffsetCommitRequest request;
        request.transactional_id = "x";
        request.group_id = get(options, "group", client.group);
        request.producer_id = number(options, "producer", 1);
        request.producer_epoch = static_cast<std::int16_t>(number(options, "producer_epoch", 0));
        request.generation_id = number(options, "generation", client.generation);
        request.member_id = member_id(get(options, "member", client.member_id));
        request.group_instance_id = client.instance_id;
        add_offsets(options, request);
        auto ticket = bench_.next_ticket();
        asked_[ticket] = {who, "txn-commit"};
        show(bench_.step([&](Coordinator& c, const Now& now, Effects& out) {
            c.commit_in_transaction(ticket, info(who, options, 5), request, 0, now, out);
        }));
    }
    // Every option that names a partition: "t-0=5".
    template <class Request>
    static void add_offsets(const Options& options, Request& request) {
        std::map<std::string, std::size_t> topics;
        for (const auto& [place, offset] : options) {
            auto dash = place.rfind('-');
            if (dash == std::string::npos) {
                continue;
            }
            auto [at, added] = topics.emplace(place.substr(0, dash), request.topics.size());
            if (added) {
                request.topics.emplace_back().name = at->first;
            }
            auto& partition = request.topics[at->second].partitions.emplace_back();
            partition.partition_index = std::stoi(place.substr(dash + 1));
            partition.committed_offset = std::stoll(offset);
            partition.committed_leader_epoch = number(options, "epoch", -1);
            partition.committed_metadata = get(options, "metadata", "");
        }
    }
    void fetch(const std::string& group, const std::vector<std::string>& plain) {
        protocol::OffsetFetchRequest::OffsetFetchRequestGroup request;
        request.group_id = group;
        request.topics.reset();
        bool stable = false;
        for (std::size_t i = 1; i < plain.size(); ++i) {
            if (plain[i] == "stable") {
                stable = true;
            } else if (plain[i] != "all") {
                if (!request.topics) {
                    request.topics.emplace();
                }
                auto dash = plain[i].rfind('-');
                auto& topic = request.topics->emplace_back();
                topic.name = plain[i].substr(0, dash);
                topic.partition_indexes = {std::stoi(plain[i].substr(dash + 1))};
            }
        }
        auto ticket = bench_.next_ticket();
        asked_[ticket] = {group, "fetch"};
        show(bench_.step([&](Coordinator& c, const Now& now, Effects& out) {
            c.fetch(ticket, {.id = "x", .host = "/h", .api_version = 9}, request, stable, now, out);
        }));
    }
    void delete_offsets(const std::vector<std::string>& plain) {
        protocol::OffsetDeleteRequest request;
        request.group_id = plain.at(0);
        for (std::size_t i = 1; i < plain.size(); ++i) {
            auto dash = plain[i].rfind('-');
            auto& topic = request.topics.emplace_back();
            topic.name = plain[i].substr(0, dash);
            topic.partitions.emplace_back().partition_index = std::stoi(plain[i].substr(dash + 1));
        }
        ask(plain[0], "delete-offsets", {}, request, &Coordinator::delete_offsets);
    }
    void delete_groups(const std::vector<std::string>& plain) {
        ask("admin", "delete-groups", {}, plain, &Coordinator::delete_groups);
    }
    void describe(const std::vector<std::string>& plain, const Options& options) {
        ask("admin", "describe", info("admin", options, 6), plain, &Coordinator::describe);
    }
    void list(const Options& options) {
        protocol::ListGroupsRequest request;
        request.states_filter = split(get(options, "states", ""), ',');
        request.types_filter = split(get(options, "types", ""), ',');
        ask("admin", "list", {}, request, &Coordinator::list);
    }
    void transaction(const Options& options) {
        for (const auto& [place, offset] : options) {
            auto dash = place.rfind('-');
            if (dash == std::string::npos) {
                continue;
            }
            protocol::OffsetCommitKey key;
            key.group = get(options, "group", "g");
            key.topic = place.substr(0, dash);
            key.partition = std::stoi(place.substr(dash + 1));
            protocol::OffsetCommitValue value;
            value.offset = std::stoll(offset);
            value.commit_timestamp = bench_.now().wall_ms;
            bench_.write_transactional(std::stoll(get(options, "producer", "1")), make_record(key, value, 3));
        }
    }
    void wait(std::int64_t ms) {
        auto left = ms;
        while (left >= 0) {
            std::int64_t moved = 0;
            auto effects = bench_.advance(left, moved);
            left -= moved;
            if (!effects.empty()) {
                say("after " + std::to_string(ms - left) + " ms:");
                show(effects);
            }
            if (left == 0 && bench_.coordinator().next_deadline() > bench_.now().instant) {
                break;
            }
        }
    }

    void show(const Effects& effects) {
        // Ids that this step gave out are named before anything is printed.
        for (const auto& answer : effects.answers) {
            if (const auto* response = std::get_if<protocol::JoinGroupResponse>(&answer.reply)) {
                auto who = asked_.at(answer.ticket).first;
                if (response->error_code == ErrorCode::none || response->error_code == ErrorCode::member_id_required) {
                    learn(who, response->member_id);
                    clients_[who].generation = response->generation_id;
                }
            }
        }
        for (const auto& record : effects.records) {
            say(print(record));
        }
        for (const auto& answer : effects.answers) {
            ASSERT_TRUE(asked_.contains(answer.ticket)) << "answered twice, or never asked";
            const auto& [who, what] = asked_[answer.ticket];
            say(who + " " + what + ": " + std::visit([](const auto& reply) { return print(reply); }, answer.reply));
            asked_.erase(answer.ticket);
        }
    }

    static std::string print(const Record& record) {
        auto key = *split_version(record.key);
        auto mark = [&](const std::string& name) { return "record " + name + (record.value ? "" : " deleted"); };
        if (key.number == protocol::OffsetCommitKey::kRecordType) {
            auto place = *decode_body<protocol::OffsetCommitKey>(key.body, 0);
            auto text = mark("offset " + place.group + " " + place.topic + "-" + std::to_string(place.partition));
            return record.value ? text + " = " + std::to_string(decode_value<protocol::OffsetCommitValue>(*record.value)->offset) : text;
        }
        auto name = decode_body<protocol::GroupMetadataKey>(key.body, 0)->group;
        auto text = mark("group " + name);
        if (record.value) {
            auto value = *decode_value<protocol::GroupMetadataValue>(*record.value);
            text += " generation=" + std::to_string(value.generation) + " type=" + value.protocol_type + " protocol=" +
                    value.protocol.value_or("null") + " leader=" + value.leader.value_or("null") + " members=" +
                    std::to_string(value.members.size());
        }
        return text;
    }
    static std::string print(const protocol::JoinGroupResponse& r) {
        std::string text(name_of(r.error_code));
        if (r.error_code != ErrorCode::none) {
            return text + " member=" + r.member_id;
        }
        text += " generation=" + std::to_string(r.generation_id) + " protocol=" + r.protocol_name.value_or("null") + " member=" +
                r.member_id + " leader=" + r.leader + (r.skip_assignment ? " skip_assignment" : "");
        std::vector<std::string> ids;
        for (const auto& member : r.members) {
            ids.push_back(member.member_id);
        }
        for (const auto& id : ids) {
            text += " [" + id + "]";
        }
        return text;
    }
    static std::string print(const protocol::SyncGroupResponse& r) {
        return std::string(name_of(r.error_code)) +
               (r.error_code == ErrorCode::none ? " assignment=" + std::string(base::as_text(r.assignment)) : "");
    }
    static std::string print(const protocol::HeartbeatResponse& r) { return std::string(name_of(r.error_code)); }
    static std::string print(const protocol::LeaveGroupResponse& r) {
        std::string text(name_of(r.error_code));
        for (const auto& member : r.members) {
            text += " [" + member.member_id + " " + std::string(name_of(member.error_code)) + "]";
        }
        return text;
    }
    static std::string print(const protocol::OffsetCommitResponse& r) { return print_topics(r); }
    static std::string print(const protocol::TxnOffsetCommitResponse& r) { return print_topics(r); }
    template <class Response>
    static std::string print_topics(const Response& r) {
        std::string text;
        for (const auto& topic : r.topics) {
            for (const auto& partition : topic.partitions) {
                text += topic.name + "-" + std::to_string(partition.partition_index) + " " +
                        std::string(name_of(partition.error_code)) + " ";
            }
        }
        return text.substr(0, text.size() - 1);
    }
    static std::string print(const protocol::OffsetFetchResponse::OffsetFetchResponseGroup& r) {
        std::string text(name_of(r.error_code));
        for (const auto& topic : r.topics) {
            for (const auto& partition : topic.partitions) {
                text += " " + topic.name + "-" + std::to_string(partition.partition_index) + "=" +
                        std::to_string(partition.committed_offset) +
                        (partition.error_code == ErrorCode::none ? "" : ":" + std::string(name_of(partition.error_code)));
            }
        }
        return text;
    }
    static std::string print(const protocol::OffsetDeleteResponse& r) {
        std::string text(name_of(r.error_code));
        for (const auto& topic : r.topics) {
            for (const auto& partition : topic.partitions) {
                text += " " + topic.name + "-" + std::to_string(partition.partition_index) + " " +
                        std::string(name_of(partition.error_code));
            }
        }
        return text;
    }
    static std::string print(const protocol::DeleteGroupsResponse& r) {
        std::string text;
        for (const auto& result : r.results) {
            text += result.group_id + " " + std::string(name_of(result.error_code)) + " ";
        }
        return text.substr(0, text.size() - 1);
    }
    static std::string print(const protocol::DescribeGroupsResponse& r) {
        std::string text;
        for (const auto& group : r.groups) {
            text += group.group_id + " " + std::string(name_of(group.error_code)) + " " + group.group_state + " type=" +
                    group.protocol_type + " protocol=" + group.protocol_data;
            for (const auto& member : group.members) {
                text += " [" + member.member_id + " " + member.client_id + member.client_host + " metadata=" +
                        std::to_string(member.member_metadata.size()) + "b assignment=" +
                        std::string(base::as_text(member.member_assignment)) + "]";
            }
        }
        return text;
    }
    static std::string print(const protocol::ListGroupsResponse& r) {
        std::string text(name_of(r.error_code));
        for (const auto& group : r.groups) {
            text += " [" + group.group_id + " " + group.protocol_type + " " + group.group_state + " " + group.group_type + "]";
        }
        return text;
    }
    static std::string print(const protocol::ConsumerGroupHeartbeatResponse& r) { return std::string(name_of(r.error_code)); }
    static std::string print(const protocol::ConsumerGroupDescribeResponse&) { return ""; }

    Bench bench_;
    std::map<std::string, Client> clients_;
    std::map<std::string, std::string> names_;                           // member id to its name
    std::map<Ticket, std::pair<std::string, std::string>> asked_;        // who asked what
    std::string transcript_;
};

}  // namespace tideline::group::testing
