// server/handlers/44_incremental_alter_configs.cc: IncrementalAlterConfigs, versions 0–1.
// v1 flexible

#include "server/broker.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::IncrementalAlterConfigsRequest;
using protocol::IncrementalAlterConfigsResponse;
using runtime::Task;

Task<IncrementalAlterConfigsResponse> handle_incremental_alter_configs(RequestContext& context, IncrementalAlterConfigsRequest& request) {
    Broker& broker = context.server.broker();
    auto decide = [&](const cluster::MetadataImage& image) { return broker.controller().incremental_alter_configs(image, request); };
    auto response = co_await broker.decide<IncrementalAlterConfigsResponse>(context.server.shard(), decide);
    if (response) {
        co_return std::move(*response);
    }
    IncrementalAlterConfigsResponse failed;
    for (const auto& resource : request.resources) {
        auto& row = failed.responses.emplace_back();
        row.resource_type = resource.resource_type;
        row.resource_name = resource.resource_name;
        row.error_code = response.error().code;
    }
    co_return failed;
}

}  // namespace tideline::server
