// server/handlers/10_find_coordinator.cc: FindCoordinator, versions 0–6.
// v1 kinds of keys   v3 flexible   v4 several keys at once (KIP-699)   v6 share groups (KIP-932)
//
// Makes __consumer_offsets or __transaction_state when somebody first asks for such a coordinator. Share groups are not served yet, and
// this says so, in an error that clients do not retry.

#include "cluster/controller.h"
#include "server/broker.h"
#include "server/group_access.h"
#include "server/handlers/handlers.h"
#include "server/transaction_service.h"

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

// What is wrong with asking for coordinators of this type; none for those that there are.
ErrorCode judge_type(std::int8_t type, std::int16_t version) {
    if (type == kGroup || type == kTransaction) {
        return ErrorCode::none;
    }
    return type == kShare && version >= 6 ? ErrorCode::unsupported_version : ErrorCode::invalid_request;
}

std::string_view topic_of(std::int8_t type) { return type == kTransaction ? kTransactionsTopic : kOffsetsTopic; }

Task<void> make_topic(RequestContext& context, std::string name) {
    Broker& broker = context.server.broker();
    protocol::CreateTopicsRequest creation = broker.controller().auto_creation_of(std::span(&name, 1));
    auto decide = [&](const cluster::MetadataImage& image) { return broker.controller().create_topics(image, creation); };
    // Somebody else may have been first, and what failed is seen in the image: no such topic.
    co_await broker.decide<protocol::CreateTopicsResponse>(context.server.shard(), decide);
}

Coordinator find(const RequestContext& context, const cluster::MetadataImage& image, std::string_view topic_name, const std::string& key) {
    const cluster::TopicImage* topic = image.topic(topic_name);
    if (topic == nullptr || topic->partition_count() == 0) {
        return nobody(key, ErrorCode::coordinator_not_available, "the coordinators' topic could not be made");
    }
    const cluster::PartitionState* partition = topic->partition(partition_of_group(key, topic->partition_count()));
    const cluster::BrokerRegistration* broker = partition == nullptr ? nullptr : image.broker(partition->leader);
    const cluster::Endpoint* endpoint = broker == nullptr || broker->fenced ? nullptr : broker->endpoint(context.connection.listener);
    if (endpoint == nullptr) {
        return nobody(key, ErrorCode::coordinator_not_available, "the coordinator's partition has no leader");
    }
    return {.key = key, .node_id = broker->id, .host = endpoint->host, .port = endpoint->port, .error_code = ErrorCode::none, .error_message = ""};
}

}  // namespace

Task<FindCoordinatorResponse> handle_find_coordinator(RequestContext& context, FindCoordinatorRequest& request) {
    bool is_batched = context.version() >= 4;
    std::vector<std::string> keys = is_batched ? std::move(request.coordinator_keys) : std::vector<std::string>{std::move(request.key)};
    ErrorCode wrong = judge_type(request.key_type, context.version());
    if (wrong == ErrorCode::none && context.server.image()->topic(topic_of(request.key_type)) == nullptr) {
        co_await make_topic(context, std::string(topic_of(request.key_type)));
    }
    cluster::ImagePtr image = context.server.image();
    FindCoordinatorResponse response;
    for (const std::string& key : keys) {
        Coordinator found = wrong == ErrorCode::none
                                ? find(context, *image, topic_of(request.key_type), key)
                                : nobody(key, wrong, "this version of Tideline coordinates groups and transactions only");
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
