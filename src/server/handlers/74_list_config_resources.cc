// server/handlers/74_list_config_resources.cc: ListConfigResources, versions 0–1.
// v0 client metrics only (KIP-714)   v1 any type (KIP-1142)

#include "server/broker.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using cluster::ConfigResourceType;
using protocol::ListConfigResourcesRequest;
using protocol::ListConfigResourcesResponse;
using runtime::Task;

namespace {

// In the order in which Kafka lists them.
constexpr ConfigResourceType kTypes[] = {ConfigResourceType::group, ConfigResourceType::client_metrics, ConfigResourceType::broker_logger,
                                         ConfigResourceType::broker, ConfigResourceType::topic};

// Groups and client metrics are listed when something was set for them; brokers and topics, all that there are.
std::vector<std::string> names_of(ConfigResourceType type, const cluster::MetadataImage& image) {
    std::vector<std::string> names;
    if (type == ConfigResourceType::topic) {
        std::ranges::for_each(image.topics(), [&](const auto& topic) { names.push_back(topic->name); });
    } else if (type == ConfigResourceType::broker || type == ConfigResourceType::broker_logger) {
        for (const auto& [id, broker] : image.brokers()) {
            if (!broker.fenced) {
                names.push_back(std::to_string(id));
            }
        }
    } else {
        std::ranges::for_each(image.config_resources(type), [&](const auto& resource) { names.push_back(resource.name); });
    }
    return names;
}

}  // namespace

Task<ListConfigResourcesResponse> handle_list_config_resources(RequestContext& context, ListConfigResourcesRequest& request) {
    ListConfigResourcesResponse response;
    if (context.version() == 0) {
        request.resource_types = {static_cast<std::int8_t>(ConfigResourceType::client_metrics)};
    }
    for (std::int8_t type : request.resource_types) {
        if (std::ranges::find(kTypes, static_cast<ConfigResourceType>(type)) == std::end(kTypes)) {
            response.error_code = ErrorCode::unsupported_version;
            co_return response;
        }
    }
    cluster::ImagePtr image = context.server.image();
    for (ConfigResourceType type : kTypes) {
        auto number = static_cast<std::int8_t>(type);
        const auto& wanted = request.resource_types;
        if (!wanted.empty() && std::ranges::find(wanted, number) == wanted.end()) {
            continue;
        }
        for (std::string& name : names_of(type, *image)) {
            response.config_resources.push_back({.resource_name = std::move(name), .resource_type = number});
        }
    }
    co_return response;
}

}  // namespace tideline::server
