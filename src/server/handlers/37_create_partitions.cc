// server/handlers/37_create_partitions.cc: CreatePartitions, versions 0–3.
// v2 flexible   v3 throttling error (KIP-599)

#include "server/broker.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::CreatePartitionsRequest;
using protocol::CreatePartitionsResponse;
using runtime::Task;

Task<CreatePartitionsResponse> handle_create_partitions(RequestContext& context, CreatePartitionsRequest& request) {
    Broker& broker = context.server.broker();
    auto decide = [&](const cluster::MetadataImage& image) { return broker.controller().create_partitions(image, request); };
    auto response = co_await broker.decide<CreatePartitionsResponse>(context.server.shard(), decide);
    if (response) {
        co_return std::move(*response);
    }
    CreatePartitionsResponse failed;
    for (const auto& topic : request.topics) {
        auto& row = failed.results.emplace_back();
        row.name = topic.name;
        row.error_code = response.error().code;
    }
    co_return failed;
}

}  // namespace tideline::server
