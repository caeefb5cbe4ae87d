// server/handlers/20_delete_topics.cc: DeleteTopics, versions 1–6.
// v4 flexible   v5 error messages   v6 topics by id

#include "server/broker.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::DeleteTopicsRequest;
using protocol::DeleteTopicsResponse;
using runtime::Task;

Task<DeleteTopicsResponse> handle_delete_topics(RequestContext& context, DeleteTopicsRequest& request) {
    Broker& broker = context.server.broker();
    auto decide = [&](const cluster::MetadataImage& image) { return broker.controller().delete_topics(image, request, context.version()); };
    auto response = co_await broker.decide<DeleteTopicsResponse>(context.server.shard(), decide);
    if (response) {
        co_return std::move(*response);
    }
    DeleteTopicsResponse failed;
    for (const auto& topic : request.topics) {
        auto& row = failed.responses.emplace_back();
        row.name = topic.name;
        row.topic_id = topic.topic_id;
        row.error_code = response.error().code;
    }
    for (const auto& name : request.topic_names) {
        auto& row = failed.responses.emplace_back();
        row.name = name;
        row.error_code = response.error().code;
    }
    co_return failed;
}

}  // namespace tideline::server
