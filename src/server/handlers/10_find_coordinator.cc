// server/handlers/10_find_coordinator.cc: FindCoordinator, versions 0–6.
// v1 kinds of keys   v3 flexible   v4 several keys at once (KIP-699)   v6 share groups (KIP-932)
//
// Makes __consumer_offsets when somebody first asks for a group's coordinator. Transactions and share groups are not served
// yet, and this says so, in an error that clients do not retry.

#include "cluster/controller.h"
#include "server/broker.h"
#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::FindCoordinatorRequest;
using protocol::FindCoordinatorResponse;
using runtime::Task;

namespace {

using Coordinator = FindCoordinatorResponse::Coordinator;

constexpr std::int32_t kNobody = -1;
const std::string kNoError = "NONE";  // what Kafka says, where there is one answer only
enum KeyType : std::int8_t { kGroup = 0, kTransaction = 1, kShare = 2 };

Coordinator nobody(const std::string& key, ErrorCode error, std::string_view why) {
    return {.key = key, .node_id = kNobody, .host = "", .port = kNobody, .error_code = error, .error_message = std::string(why)};
}

// What is wrong with asking for coordinators of this type; none for groups.
ErrorCode judge_type(std::int8_t type, std::int16_t version) {
    if (type == kGroup) {
        return ErrorCode::none;
    }
    bool exists = type == kTransaction || (type == kShare && version >= 6);
    return exists ? ErrorCode::unsupported_version : ErrorCode::invalid_request;
}

Task<void> make_offsets_topic(RequestContext& context) {
    Broker& broker = context.server.broker();
    std::string name(kOffsetsTopic);
    protocol::CreateTopicsRequest creation = broker.controller().auto_creation_of(std::span(&name, 1));
    auto decide = [&](const cluster::MetadataImage& image) { return broker.controller().create_topics(image, creation); };
    // Somebody else may have been first, and what failed is seen in the image: no such topic.
    co_await broker.decide<protocol::CreateTopicsResponse>(context.server.shard(), decide);
}

Coordinator find(const RequestContext& context, const cluster::MetadataImage& image, const std::string& group_id) {
    GroupHome home = find_group_home(context.server, group_id);
    if (home.error != ErrorCode::none) {
        return nobody(group_id, ErrorCode::coordinator_not_available, "__consumer_offsets could not be made");
    }
    const cluster::PartitionState* partition = image.partition(kOffsetsTopic, home.partition);
    const cluster::BrokerRegistration* broker = partition == nullptr ? nullptr : image.broker(partition->leader);
    const cluster::Endpoint* endpoint = broker == nullptr || broker->fenced ? nullptr : broker->endpoint(context.connection.listener);
    if (endpoint == nullptr) {
        return nobody(group_id, ErrorCode::coordinator_not_available, "the partition of __consumer_offsets has no leader");
    }
    return {.key = group_id, .node_id = broker->id, .host = endpoint->host, .port = endpoint->port, .error_code = ErrorCode::none, .error_message = ""};
}

}  // namespace

Task<FindCoordinatorResponse> handle_find_coordinator(RequestContext& context, FindCoordinatorRequest& request) {
    bool is_batched = context.version() >= 4;
    std::vector<std::string> keys = is_batched ? std::move(request.coordinator_keys) : std::vector<std::string>{std::move(request.key)};
    ErrorCode wrong = judge_type(request.key_type, context.version());
    if (wrong == ErrorCode::none && context.server.image()->topic(kOffsetsTopic) == nullptr) {
        co_await make_offsets_topic(context);
    }
    cluster::ImagePtr image = context.server.image();
    FindCoordinatorResponse response;
    for (const std::string& key : keys) {
        Coordinator found = wrong == ErrorCode::none ? find(context, *image, key)
                                                     : nobody(key, wrong, "this version of Tideline coordinates groups only");
        if (is_batched) {
            response.coordinators.push_back(std::move(found));
            continue;
        }
        response.error_code = found.error_code;
        response.error_message = found.error_code == ErrorCode::none ? kNoError : std::move(found.error_message);
        response.node_id = found.node_id;
        response.host = std::move(found.host);
        response.port = found.port;
    }
    co_return response;
}

}  // namespace tideline::server
