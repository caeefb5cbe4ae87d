// What librdkafka 2.0 cannot ask about the members of a group is asked over a BrokerLink: who is in one of the consumer
// protocol (KIP-848), and what the members of a classic one are subscribed to.
#include <algorithm>

#include <fmt/format.h>

#include "cli/broker_link.h"
#include "cli/group/group_admin.h"
#include "group/embedded_protocol.h"
#include "protocol/messages/consumer_group_describe.h"
#include "protocol/messages/describe_groups.h"

namespace tideline::cli {
namespace {

using protocol::ConsumerGroupDescribeRequest;
using protocol::ConsumerGroupDescribeResponse;
using Assignment = ConsumerGroupDescribeResponse::Assignment;

std::vector<TopicPartition> sorted_partitions(const Assignment& assignment) {
    std::vector<TopicPartition> partitions;
    for (const auto& topic : assignment.topic_partitions) {
        for (std::int32_t partition : topic.partitions) {
            partitions.push_back({topic.topic_name, partition});
        }
    }
    std::ranges::sort(partitions);
    return partitions;
}

GroupMember member_of(const ConsumerGroupDescribeResponse::Member& from) {
    GroupMember member{from.member_id, from.instance_id.value_or(""), from.client_id, from.client_host,
                       sorted_partitions(from.assignment)};
    member.subscription = from.subscribed_topic_names;
    std::vector<TopicPartition> target = sorted_partitions(from.target_assignment);
    if (target != member.assignment) {
        member.moving_to = std::move(target);
    }
    return member;
}

}  // namespace

void look_up_subscriptions(const KafkaClient& client, GroupDescription& description) {
    protocol::DescribeGroupsRequest request;
    request.groups = {description.group};
    BrokerLink link(client.options(), description.coordinator.host, description.coordinator.port);
    auto answer = link.ask<protocol::DescribeGroupsRequest, protocol::DescribeGroupsResponse>(request, "ask for subscriptions");
    if (!answer || answer->groups.empty()) {
        return;
    }
    for (const auto& from : answer->groups.front().members) {
        auto member = std::ranges::find(description.members, from.member_id, &GroupMember::id);
        auto subscription = group::read_subscription(from.member_metadata);
        if (member != description.members.end() && subscription) {
            member->subscription = std::move(subscription->topics);
        }
    }
}

void describe_consumer_group(const KafkaClient& client, GroupDescription& description) {
    description.is_consumer_protocol = true;
    ConsumerGroupDescribeRequest request;
    request.group_ids = {description.group};
    BrokerLink link(client.options(), description.coordinator.host, description.coordinator.port);
    auto answer = link.ask<ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse>(request, "ask who is in the group");
    if (!answer) {
        description.members_hidden = answer.error().message;
        return;
    }
    auto group = std::ranges::find(answer->groups, description.group, &ConsumerGroupDescribeResponse::DescribedGroup::group_id);
    if (group == answer->groups.end() || group->error_code != ErrorCode::none) {
        ErrorCode code = group == answer->groups.end() ? ErrorCode::group_id_not_found : group->error_code;
        description.members_hidden = fmt::format("cannot ask who is in the group: {}", name_of(code));
        return;
    }
    description.state = group->group_state;
    description.assignor = group->assignor_name;
    std::ranges::transform(group->members, std::back_inserter(description.members), member_of);
    std::ranges::sort(description.members, {}, &GroupMember::id);
}

}  // namespace tideline::cli
