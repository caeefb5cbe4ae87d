// server/handlers/33_alter_configs.cc: AlterConfigs, versions 0–2.
// v2 flexible

#include "server/broker.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::AlterConfigsRequest;
using protocol::AlterConfigsResponse;
using runtime::Task;

Task<AlterConfigsResponse> handle_alter_configs(RequestContext& context, AlterConfigsRequest& request) {
    Broker& broker = context.server.broker();
    auto decide = [&](const cluster::MetadataImage& image) { return broker.controller().alter_configs(image, request); };
    auto response = co_await broker.decide<AlterConfigsResponse>(context.server.shard(), decide);
    if (response) {
        co_return std::move(*response);
    }
    AlterConfigsResponse failed;
    for (const auto& resource : request.resources) {
        auto& row = failed.responses.emplace_back();
        row.resource_type = resource.resource_type;
        row.resource_name = resource.resource_name;
        row.error_code = response.error().code;
    }
    co_return failed;
}

}  // namespace tideline::server
