// server/handlers/10_find_coordinator.cc: FindCoordinator, versions 0–6.
// v1 kinds of keys   v3 flexible   v4 several keys at once (KIP-699)   v6 share groups (KIP-932)
//
// Groups and transactions are not served yet, and this says so, in an error that clients do not retry. The API itself is
// there because librdkafka takes it for the sign that a broker understands lz4 (docs/decisions/0004-produce-min-version.md).

#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::FindCoordinatorRequest;
using protocol::FindCoordinatorResponse;
using runtime::Task;

namespace {

constexpr std::int32_t kNobody = -1;
constexpr std::string_view kWhy = "this version of Tideline serves neither groups nor transactions";

}  // namespace

Task<FindCoordinatorResponse> handle_find_coordinator(RequestContext& context, FindCoordinatorRequest& request) {
    FindCoordinatorResponse response;
    response.error_code = ErrorCode::unsupported_version;
    response.error_message = std::string(kWhy);
    response.node_id = kNobody;
    response.port = kNobody;
    if (context.version() >= 4) {
        for (const std::string& key : request.coordinator_keys) {
            response.coordinators.push_back({.key = key,
                                             .node_id = kNobody,
                                             .host = "",
                                             .port = kNobody,
                                             .error_code = ErrorCode::unsupported_version,
                                             .error_message = std::string(kWhy)});
        }
    }
    co_return response;
}

}  // namespace tideline::server
