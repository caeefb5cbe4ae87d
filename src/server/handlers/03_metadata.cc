// server/handlers/03_metadata.cc: Metadata, versions 0–13.
// v1  null asks for all topics, empty for none   v4 clients may forbid auto-creation   v5 offline replicas
// v7  leader epochs (KIP-320)   v8 authorized operations (KIP-430)   v9 flexible   v10 topic ids in responses
// v12 topics asked for by id    v13 top-level error (KIP-1102)

#include <set>
#include <tuple>

#include "cluster/controller.h"
#include "server/broker.h"
#include "server/handlers/handlers.h"
#include "server/operations.h"

namespace tideline::server {

using protocol::MetadataRequest;
using protocol::MetadataResponse;
using runtime::Task;

namespace {

using Topic = MetadataResponse::MetadataResponseTopic;
using WantedTopic = MetadataRequest::MetadataRequestTopic;

Topic describe(const cluster::TopicImage& topic, const MetadataRequest& request) {
    Topic out;
    out.name = topic.name;
    out.topic_id = topic.id;
    out.is_internal = topic.is_internal();
    if (request.include_topic_authorized_operations) {
        out.topic_authorized_operations = kAllTopicOperations;
    }
    for (std::int32_t index = 0; index < topic.partition_count(); ++index) {
        const cluster::PartitionState& state = *topic.partition(index);
        auto& row = out.partitions.emplace_back();
        row.partition_index = index;
        row.leader_id = state.leader;
        row.leader_epoch = state.leader_epoch;
        row.replica_nodes = state.replicas;
        row.isr_nodes = state.isr;
        if (state.leader == cluster::kNoLeader) {
            row.error_code = ErrorCode::leader_not_available;
        }
    }
    return out;
}

Topic refused(const WantedTopic& wanted, ErrorCode error) {
    Topic out;
    out.error_code = error;
    out.name = wanted.name;
    out.topic_id = wanted.topic_id;
    out.is_internal = wanted.name && cluster::is_internal_topic(*wanted.name);
    return out;
}

// The names asked for that are not there yet and may be made.
std::vector<std::string> names_to_create(const cluster::MetadataImage& image, const MetadataRequest& request) {
    std::set<std::string> names;
    for (const auto& wanted : *request.topics) {
        if (wanted.topic_id.is_zero() && wanted.name && image.topic(*wanted.name) == nullptr &&
            !cluster::why_illegal_topic_name(*wanted.name)) {
            names.insert(*wanted.name);
        }
    }
    return {names.begin(), names.end()};
}

// Topic ids are answered since v10 but can be asked for since v12 only; before, each topic has a name.
bool is_ahead_of_its_version(const MetadataRequest& request, std::int16_t version) {
    constexpr std::int16_t kFirstVersionByTopicId = 12;
    return version < kFirstVersionByTopicId && request.topics &&
           std::ranges::any_of(*request.topics, [](const auto& wanted) { return !wanted.name || !wanted.topic_id.is_zero(); });
}

// Kafka's answer to a request that it does not look into.
MetadataResponse refused_altogether(const MetadataRequest& request) {
    MetadataResponse response;
    for (const auto& wanted : *request.topics) {
        Topic& out = response.topics.emplace_back();
        out.error_code = ErrorCode::invalid_request;
        out.name = wanted.name.value_or("");
        out.topic_id = wanted.topic_id;
    }
    return response;
}

// A topic in the controller's answer, with its settings; nobody makes more than so many at once.
constexpr std::size_t kCreatedBytes = 5'000;
constexpr std::size_t kCreatedMax = 10'000;

// Makes missing topics; what could not be made is answered as unknown.
Task<void> auto_create(RequestContext& context, const MetadataRequest& request) {
    std::vector<std::string> names = names_to_create(*context.server.image(), request);
    if (names.empty()) {
        co_return;
    }
    bool has_memory = co_await context.memory.take_up_to(std::min(names.size(), kCreatedMax) * kCreatedBytes);
    if (!has_memory) {
        co_return;
    }
    Broker& broker = context.server.broker();
    protocol::CreateTopicsRequest creation = broker.controller().auto_creation_of(names);
    auto decide = [&broker, &creation](const cluster::MetadataImage& image) {
        return broker.controller().create_topics(image, creation);
    };
    auto created = co_await broker.decide<protocol::CreateTopicsResponse>(context.server.shard(), decide);
    if (!created) {
        co_return;
    }
}

// What is named more than once is answered once.
std::vector<const WantedTopic*> distinct_topics(const MetadataRequest& request) {
    auto is_less = [](const WantedTopic* a, const WantedTopic* b) { return std::tie(a->topic_id, a->name) < std::tie(b->topic_id, b->name); };
    std::set<const WantedTopic*, decltype(is_less)> seen;
    std::vector<const WantedTopic*> distinct;
    distinct.reserve(request.topics->size());
    for (const WantedTopic& wanted : *request.topics) {
        if (seen.insert(&wanted).second) {
            distinct.push_back(&wanted);
        }
    }
    return distinct;
}

// What the topics that there are take in the answer.
std::size_t bytes_of_known(const cluster::MetadataImage& image, const std::vector<const WantedTopic*>& wanted, bool wants_all) {
    constexpr std::size_t kPartitionBytes = 256;
    constexpr std::size_t kTopicBytes = 512;
    std::size_t bytes = 0;
    auto count = [&](const cluster::TopicImage& topic) {
        bytes += kTopicBytes + static_cast<std::size_t>(topic.partition_count()) * kPartitionBytes;
    };
    if (wants_all) {
        std::ranges::for_each(image.topics(), [&](const auto& topic) { count(*topic); });
        return bytes;
    }
    for (const WantedTopic* each : wanted) {
        const cluster::TopicImage* found = each->topic_id.is_zero() && each->name ? image.topic(*each->name) : image.topic(each->topic_id);
        if (found != nullptr) {
            count(*found);
        }
    }
    return bytes;
}

Topic look_up(const cluster::MetadataImage& image, const MetadataRequest& request,
              const WantedTopic& wanted) {
    if (!wanted.topic_id.is_zero()) {
        const cluster::TopicImage* found = image.topic(wanted.topic_id);
        return found != nullptr ? describe(*found, request) : refused(wanted, ErrorCode::unknown_topic_id);
    }
    if (!wanted.name) {
        return refused(wanted, ErrorCode::invalid_request);
    }
    if (cluster::why_illegal_topic_name(*wanted.name)) {
        return refused(wanted, ErrorCode::invalid_topic_exception);
    }
    const cluster::TopicImage* found = image.topic(*wanted.name);
    return found != nullptr ? describe(*found, request) : refused(wanted, ErrorCode::unknown_topic_or_partition);
}

}  // namespace

Task<MetadataResponse> handle_metadata(RequestContext& context, MetadataRequest& request) {
    // Version 0 has no null: there, an empty list asks for all.
    if (is_ahead_of_its_version(request, context.version())) {
        co_return refused_altogether(request);
    }
    bool wants_all = !request.topics || (context.version() == 0 && request.topics->empty());
    bool may_create = context.version() < 4 || request.allow_auto_topic_creation;
    if (!wants_all && may_create && context.server.config()->boolean("auto.create.topics.enable")) {
        co_await auto_create(context, request);
    }
    std::vector<const WantedTopic*> distinct = wants_all ? std::vector<const WantedTopic*>{} : distinct_topics(request);
    bool has_memory = co_await context.memory.take_up_to(bytes_of_known(*context.server.image(), distinct, wants_all));
    if (!has_memory) {
        co_return MetadataResponse{};
    }
    cluster::ImagePtr image = context.server.image();
    MetadataResponse response;
    response.cluster_id = context.server.broker().cluster_id();
    response.controller_id = context.server.broker().node_id();
    if (request.include_cluster_authorized_operations) {
        response.cluster_authorized_operations = kAllClusterOperations;
    }
    for (const auto& [id, broker] : image->brokers()) {
        const cluster::Endpoint* endpoint = broker.endpoint(context.connection.listener);
        if (!broker.fenced && endpoint != nullptr) {
            response.brokers.push_back({.node_id = id, .host = endpoint->host, .port = endpoint->port, .rack = broker.rack});
        }
    }
    if (wants_all) {
        for (const auto& topic : image->topics()) {
            response.topics.push_back(describe(*topic, request));
        }
        co_return response;
    }
    response.topics.reserve(distinct.size());
    for (const WantedTopic* wanted : distinct) {
        response.topics.push_back(look_up(*image, request, *wanted));
    }
    co_return response;
}

}  // namespace tideline::server
