// server/handlers/60_describe_cluster.cc: DescribeCluster, versions 0–2.
// v1 brokers or controllers (KIP-919)   v2 fenced brokers on request

#include "server/broker.h"
#include "server/handlers/handlers.h"
#include "server/operations.h"

namespace tideline::server {

using protocol::DescribeClusterRequest;
using protocol::DescribeClusterResponse;
using runtime::Task;

Task<DescribeClusterResponse> handle_describe_cluster(RequestContext& context, DescribeClusterRequest& request) {
    constexpr std::int8_t kBrokers = 1;
    constexpr std::int8_t kControllers = 2;
    DescribeClusterResponse response;
    if (request.endpoint_type != kBrokers) {
        response.error_code =
            request.endpoint_type == kControllers ? ErrorCode::mismatched_endpoint_type : ErrorCode::unsupported_endpoint_type;
        response.error_message = request.endpoint_type == kControllers ? "this is a broker's listener, not a controller's"
                                                                       : "unknown endpoint type";
        co_return response;
    }
    cluster::ImagePtr image = context.server.image();
    response.cluster_id = context.server.broker().cluster_id();
    response.controller_id = context.server.broker().node_id();
    if (request.include_cluster_authorized_operations) {
        response.cluster_authorized_operations = kAllClusterOperations;
    }
    for (const auto& [id, broker] : image->brokers()) {
        const cluster::Endpoint* endpoint = broker.endpoint(context.connection.listener);
        if (endpoint == nullptr || (broker.fenced && !request.include_fenced_brokers)) {
            continue;
        }
        response.brokers.push_back({.broker_id = id,
                                    .host = endpoint->host,
                                    .port = endpoint->port,
                                    .rack = broker.rack,
                                    .is_fenced = broker.fenced});
    }
    co_return response;
}

}  // namespace tideline::server
