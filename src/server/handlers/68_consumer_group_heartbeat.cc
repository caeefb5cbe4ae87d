// server/handlers/68_consumer_group_heartbeat.cc: ConsumerGroupHeartbeat, versions 0–1 (KIP-848).
// v1 a regular expression, member ids made by the client (KIP-1082)

#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::ConsumerGroupHeartbeatRequest;
using protocol::ConsumerGroupHeartbeatResponse;
using runtime::Task;

namespace {

void note(const RequestContext& context, const group::ClientInfo& client, const ConsumerGroupHeartbeatRequest& request,
          const ConsumerGroupHeartbeatResponse& response) {
    GroupEvidence& evidence = context.server.evidence();
    const std::string& member_id = response.member_id ? *response.member_id : request.member_id;
    if (response.error_code == ErrorCode::none && request.member_epoch == 0) {
        evidence.joined(request.group_id, member_id, evidence_client(context, client));
    } else if (response.error_code == ErrorCode::none && request.member_epoch < 0) {
        evidence.left(request.group_id, member_id, evidence_client(context, client), "");
    }
}

}  // namespace

Task<ConsumerGroupHeartbeatResponse> handle_consumer_group_heartbeat(RequestContext& context, ConsumerGroupHeartbeatRequest& request) {
    ConsumerGroupHeartbeatResponse failed;
    if (!serves_consumer_groups(*context.server.image(), *context.server.config())) {
        failed.error_code = ErrorCode::unsupported_version;
        co_return failed;
    }
    group::ClientInfo client = client_info_of(context);
    Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
        coordinator.consumer_heartbeat(ticket, client, request, now, out);
    };
    auto response = co_await ask_group<ConsumerGroupHeartbeatResponse>(context.server, request.group_id, std::move(decide));
    if (response) {
        note(context, client, request, *response);
        co_return std::move(*response);
    }
    failed.error_code = response.error().code;
    co_return failed;
}

}  // namespace tideline::server
