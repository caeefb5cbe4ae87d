// server/handlers/19_create_topics.cc: CreateTopics, versions 2–7.
// v4 defaults for partitions and replication factor (KIP-464)   v5 flexible, settings of the topic made   v7 topic id

#include "server/broker.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::CreateTopicsRequest;
using protocol::CreateTopicsResponse;
using runtime::Task;

namespace {

// What a topic that is made takes in the answer: its settings, since v5.
constexpr std::size_t kDescriptionBytes = 5'000;
// Of more topics, all are refused.
constexpr std::size_t kTopicsMax = 10'000;

}  // namespace

Task<CreateTopicsResponse> handle_create_topics(RequestContext& context, CreateTopicsRequest& request) {
    bool has_memory = co_await context.memory.take_up_to(std::min(request.topics.size(), kTopicsMax) * kDescriptionBytes);
    if (!has_memory) {
        co_return CreateTopicsResponse{};
    }
    Broker& broker = context.server.broker();
    auto decide = [&](const cluster::MetadataImage& image) { return broker.controller().create_topics(image, request); };
    auto response = co_await broker.decide<CreateTopicsResponse>(context.server.shard(), decide);
    if (response) {
        co_return std::move(*response);
    }
    CreateTopicsResponse failed;
    for (const auto& topic : request.topics) {
        auto& row = failed.topics.emplace_back();
        row.name = topic.name;
        row.error_code = response.error().code;
    }
    co_return failed;
}

}  // namespace tideline::server
