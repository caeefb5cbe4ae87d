// group/migration_testing.h: one group whose clients speak either protocol, through the whole coordinator.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "group/embedded_protocol.h"
#include "group/group_testing.h"
#include "group/records.h"

namespace tideline::group {

inline constexpr std::int32_t kPartitions = 6;
using PartitionSet = std::set<std::int32_t>;

inline base::Bytes subscription_to(const std::string& topic) {
    protocol::ConsumerProtocolSubscription subscription;
    subscription.topics = {topic};
    protocol::Writer out;
    out.write_int16(0);
    subscription.encode(out, 0);
    return out.take();
}

template <class TopicPartitions>
PartitionSet flat(const TopicPartitions& topics) {
    PartitionSet all;
    for (const auto& topic : topics) {
        all.insert(topic.partitions.begin(), topic.partitions.end());
    }
    return all;
}

// The group "g" over the topic "t" of kPartitions. Answers that come later go to `late`, by ticket.
class MixedGroup {
public:
    explicit MixedGroup(GroupConfig config = quick()) : bench(std::move(config)) { bench.topics().put("t", kPartitions); }
    static GroupConfig quick() {
        GroupConfig config;
        config.initial_rebalance_delay_ms = 0;
        return config;
    }

    template <class Request>
    Ticket ask(void (Coordinator::*method)(Ticket, const ClientInfo&, const Request&, const Now&, Effects&), const Request& request,
               std::int16_t version) {
        Effects effects;
        const Ticket ticket = bench.ask(method, {.id = "client", .host = "/127.0.0.1", .api_version = version}, request, effects);
        keep(effects);
        return ticket;
    }
    template <class Response, class Request>
    Response answer(void (Coordinator::*method)(Ticket, const ClientInfo&, const Request&, const Now&, Effects&),
                    const Request& request, std::int16_t version) {
        return take<Response>(ask(method, request, version));
    }
    template <class Response>
    Response take(Ticket ticket) {
        const auto found = late.find(ticket);
        if (found == late.end()) {
            ADD_FAILURE() << "not answered";
            return {};
        }
        Response response = std::get<Response>(found->second);
        late.erase(found);
        return response;
    }

    Ticket join(const std::string& member, const std::optional<std::string>& instance = {}) {
        protocol::JoinGroupRequest request;
        request.group_id = "g";
        request.member_id = member;
        request.group_instance_id = instance;
        request.session_timeout_ms = 30'000;
        request.rebalance_timeout_ms = 20'000;
        request.protocol_type = "consumer";
        request.protocols.resize(1);
        request.protocols[0].name = "range";
        request.protocols[0].metadata = subscription_to("t");
        return ask(&Coordinator::join, request, 9);
    }
    Ticket sync(const std::string& member, std::int32_t generation, const std::map<std::string, PartitionSet>& assigned = {}) {
        protocol::SyncGroupRequest request;
        request.group_id = "g";
        request.member_id = member;
        request.generation_id = generation;
        request.protocol_type = "consumer";
        request.protocol_name = "range";
        for (const auto& [id, partitions] : assigned) {
            auto& entry = request.assignments.emplace_back();
            entry.member_id = id;
            const Uuid topic = bench.topics().find("t")->id;
            const Assignment assignment =
                partitions.empty() ? Assignment{} : Assignment{{topic, {partitions.begin(), partitions.end()}}};
            entry.assignment = write_assignment(assignment, bench.topics(), 0);
        }
        return ask(&Coordinator::sync, request, 5);
    }
    PartitionSet partitions_of(const protocol::SyncGroupResponse& response) {
        PartitionSet all;
        const auto read = read_assignment(response.assignment, bench.topics());
        for (const auto& [topic, partitions] : read ? read->partitions : Assignment{}) {
            all.insert(partitions.begin(), partitions.end());
        }
        return all;
    }
    ErrorCode heartbeat(const std::string& member, std::int32_t generation) {
        protocol::HeartbeatRequest request;
        request.group_id = "g";
        request.member_id = member;
        request.generation_id = generation;
        return answer<protocol::HeartbeatResponse>(&Coordinator::heartbeat, request, 4).error_code;
    }
    ErrorCode leave(const std::string& member) {
        protocol::LeaveGroupRequest request;
        request.group_id = "g";
        request.members.resize(1);
        request.members[0].member_id = member;
        return answer<protocol::LeaveGroupResponse>(&Coordinator::leave, request, 5).members.at(0).error_code;
    }
    protocol::ConsumerGroupHeartbeatResponse beat(const std::string& member, std::int32_t epoch,
                                                  const std::optional<PartitionSet>& owned = {},
                                                  const std::optional<std::string>& instance = {}) {
        protocol::ConsumerGroupHeartbeatRequest request;
        request.group_id = "g";
        request.member_id = member;
        request.member_epoch = epoch;
        request.instance_id = instance;
        if (epoch == 0) {
            request.rebalance_timeout_ms = 20'000;
            request.subscribed_topic_names = std::vector<std::string>{"t"};
            request.topic_partitions.emplace();
        } else if (owned) {
            auto& topics = request.topic_partitions.emplace();
            if (!owned->empty()) {
                topics.resize(1);
                topics[0].topic_id = bench.topics().find("t")->id;
                topics[0].partitions = {owned->begin(), owned->end()};
            }
        }
        return answer<protocol::ConsumerGroupHeartbeatResponse>(&Coordinator::consumer_heartbeat, request, 1);
    }

    void pass(std::int64_t ms) {
        std::int64_t moved_ms = 0;
        for (; ms > 0; ms -= std::max<std::int64_t>(moved_ms, 0)) {
            keep(bench.advance(ms, moved_ms));
        }
    }
    // "classic Stable"; "" when there is no group.
    std::string kind() {
        const auto listed = answer<protocol::ListGroupsResponse>(&Coordinator::list, protocol::ListGroupsRequest{}, 5);
        return listed.groups.empty() ? "" : listed.groups[0].group_type + " " + listed.groups[0].group_state;
    }
    protocol::ConsumerGroupDescribeResponse::DescribedGroup described() {
        return answer<protocol::ConsumerGroupDescribeResponse>(&Coordinator::consumer_describe, std::vector<std::string>{"g"}, 1)
            .groups.at(0);
    }

    testing::Bench bench;
    std::map<Ticket, Reply> late;
    std::vector<Record> written;  // by the last step that wrote

private:
    void keep(Effects effects) {
        if (!effects.records.empty()) {
            written = std::move(effects.records);
        }
        for (Answer& given : effects.answers) {
            late.emplace(given.ticket, std::move(given.reply));
        }
    }
};

}  // namespace tideline::group
