// server/handlers/75_describe_topic_partitions.cc: DescribeTopicPartitions, version 0 (KIP-966).
// Topics in the order of their names, cut after a number of partitions; the cursor says where to go on.

#include <set>

#include "cluster/controller.h"
#include "server/broker.h"
#include "server/handlers/handlers.h"
#include "server/operations.h"

namespace tideline::server {

using protocol::DescribeTopicPartitionsRequest;
using protocol::DescribeTopicPartitionsResponse;
using runtime::Task;

namespace {

using Topic = DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponseTopic;

void add_partition(Topic& out, const cluster::TopicImage& topic, std::int32_t index) {
    const cluster::PartitionState& state = *topic.partition(index);
    auto& row = out.partitions.emplace_back();
    row.partition_index = index;
    row.leader_id = state.leader;
    row.leader_epoch = state.leader_epoch;
    row.replica_nodes = state.replicas;
    row.isr_nodes = state.isr;
    row.eligible_leader_replicas = state.eligible_leader_replicas;
    row.last_known_elr = state.last_known_elr;
    if (state.leader == cluster::kNoLeader) {
        row.error_code = ErrorCode::leader_not_available;
    }
}

// The names to describe, sorted, from the cursor on.
std::vector<std::string> names_from(const cluster::MetadataImage& image, const DescribeTopicPartitionsRequest& request) {
    std::set<std::string> names;
    for (const auto& wanted : request.topics) {
        names.insert(wanted.name);
    }
    if (request.topics.empty()) {
        for (const auto& topic : image.topics()) {
            names.insert(topic->name);
        }
    }
    auto first = request.cursor ? names.lower_bound(request.cursor->topic_name) : names.begin();
    return {first, names.end()};
}

// A cursor names a topic of the request and one of its partitions; what another one asks for cannot be known.
bool is_senseless(const DescribeTopicPartitionsRequest& request) {
    if (!request.cursor) {
        return false;
    }
    auto is_there = [&request](const auto& wanted) { return wanted.name == request.cursor->topic_name; };
    bool is_named = request.topics.empty() || std::ranges::any_of(request.topics, is_there);
    return !is_named || request.cursor->partition_index < 0;
}

DescribeTopicPartitionsResponse refused(const DescribeTopicPartitionsRequest& request) {
    DescribeTopicPartitionsResponse response;
    for (const auto& wanted : request.topics) {
        Topic& out = response.topics.emplace_back();
        out.name = wanted.name;
        out.error_code = ErrorCode::invalid_request;
    }
    return response;
}

Topic unknown(const std::string& name) {
    Topic out;
    out.name = name;
    out.topic_authorized_operations = kAllTopicOperations;
    out.error_code = cluster::why_illegal_topic_name(name) ? ErrorCode::invalid_topic_exception : ErrorCode::unknown_topic_or_partition;
    return out;
}

}  // namespace

Task<DescribeTopicPartitionsResponse> handle_describe_topic_partitions(RequestContext& context,
                                                                       DescribeTopicPartitionsRequest& request) {
    if (is_senseless(request)) {
        co_return refused(request);
    }
    cluster::ImagePtr image = context.server.image();
    std::int64_t most = context.server.config()->integer("max.request.partition.size.limit");
    std::int64_t left = std::clamp<std::int64_t>(request.response_partition_limit, 1, most);
    DescribeTopicPartitionsResponse response;
    for (const std::string& name : names_from(*image, request)) {
        const cluster::TopicImage* topic = image->topic(name);
        if (topic == nullptr) {
            // A topic that went away between two pages is passed over; one that was asked for by name is not.
            if (!request.topics.empty()) {
                response.topics.push_back(unknown(name));
            }
            continue;
        }
        std::int32_t index = request.cursor && request.cursor->topic_name == name ? request.cursor->partition_index : 0;
        if (left == 0) {
            response.next_cursor = {.topic_name = name, .partition_index = index};
            break;
        }
        Topic& out = response.topics.emplace_back();
        out.name = name;
        out.topic_id = topic->id;
        out.is_internal = topic->is_internal();
        out.topic_authorized_operations = kAllTopicOperations;
        for (; index < topic->partition_count() && left > 0; ++index, --left) {
            add_partition(out, *topic, index);
        }
        if (index < topic->partition_count()) {
            response.next_cursor = {.topic_name = name, .partition_index = index};
            break;
        }
    }
    co_return response;
}

}  // namespace tideline::server
