// ConsumerProtocol: descriptions, and what happens once the log is loaded.
#include "group/consumer_protocol.h"

#include <fmt/format.h>

namespace tideline::group {

namespace {

using Described = protocol::ConsumerGroupDescribeResponse::DescribedGroup;

protocol::ConsumerGroupDescribeResponse::Assignment describe_assignment(const Assignment& assignment, const Topics& topics) {
    protocol::ConsumerGroupDescribeResponse::Assignment described;
    for (const auto& [id, partitions] : assignment) {
        // A topic that is gone has no name, and nobody reads it.
        if (const std::optional<TopicInfo> topic = topics.find(id)) {
            auto& entry = described.topic_partitions.emplace_back();
            entry.topic_id = id;
            entry.topic_name = topic->name;
            entry.partitions = partitions;
        }
    }
    return described;
}

Described describe_group(const ConsumerGroup& group, std::string_view assignor, const Topics& topics) {
    Described described;
    described.group_id = group.id();
    described.group_state = group.state_name();
    described.group_epoch = group.epoch();
    described.assignment_epoch = group.assignment_epoch();
    described.assignor_name = assignor;
    described.members.reserve(group.member_count());
    for (const auto& [member_id, member] : group.members()) {
        auto& entry = described.members.emplace_back();
        entry.member_id = member_id;
        entry.instance_id = member.metadata.instance_id;
        entry.rack_id = member.metadata.rack_id;
        entry.member_epoch = member.current.epoch;
        entry.client_id = member.metadata.client_id;
        entry.client_host = member.metadata.client_host;
        entry.subscribed_topic_names = member.metadata.subscribed_topic_names;
        entry.subscribed_topic_regex = member.metadata.subscribed_topic_regex;
        entry.assignment = describe_assignment(member.current.assigned, topics);
        entry.target_assignment = describe_assignment(group.target(member_id), topics);
        entry.member_type = member.uses_classic_protocol() ? 0 : 1;
    }
    return described;
}

}  // namespace

void ConsumerProtocol::describe(Ticket ticket, const ClientInfo&, const std::vector<std::string>& group_ids, const Now&,
                                Effects& out) {
    protocol::ConsumerGroupDescribeResponse response;
    for (const std::string& group_id : group_ids) {
        const Group* group = environment_.groups.find(group_id);
        if (group != nullptr && group->type() == GroupType::consumer) {
            const auto& consumer_group = static_cast<const ConsumerGroup&>(*group);
            response.groups.push_back(describe_group(consumer_group, assignor_name(consumer_group), environment_.topics));
            continue;
        }
        Described& missing = response.groups.emplace_back();
        missing.group_id = group_id;
        missing.error_code = ErrorCode::group_id_not_found;
        missing.error_message = group == nullptr ? fmt::format("Group {} not found.", group_id)
                                                 : fmt::format("Group {} is not a consumer group.", group_id);
    }
    out.answer(ticket, std::move(response));
}

// Each group looks at its topics again with the next heartbeat of a member.
void ConsumerProtocol::topics_changed(const Now&, Effects&) { ++metadata_serial_; }

void ConsumerProtocol::finish_load(Group& any_group, const Now& now, Effects&) {
    auto& group = static_cast<ConsumerGroup&>(any_group);
    const ConsumerTimeouts timeouts = environment_.group_configs.consumer_timeouts(group.id());
    for (const auto& [member_id, member] : group.members()) {
        group.set_session_deadline(member_id, now.in_ms(timeouts.session_timeout_ms));
        if (member.current.state == MemberState::unrevoked_partitions) {
            group.set_rebalance_deadline(member_id, now.in_ms(member.metadata.rebalance_timeout_ms));
        }
    }
    environment_.groups.schedule(group);
}

}  // namespace tideline::group
