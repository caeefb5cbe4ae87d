// server/handlers/13_leave_group.cc: LeaveGroup, versions 0–5.
// v3 several members, by group instance id too (KIP-345)   v4 flexible   v5 reason (KIP-800)

#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::LeaveGroupRequest;
using protocol::LeaveGroupResponse;
using runtime::Task;

namespace {

void note_leaving(const RequestContext& context, const group::ClientInfo& client, const LeaveGroupRequest& request) {
    GroupEvidence& evidence = context.server.evidence();
    if (!request.member_id.empty()) {
        evidence.left(request.group_id, request.member_id, evidence_client(context, client), "");
    }
    for (const auto& member : request.members) {
        evidence.left(request.group_id, member.member_id, evidence_client(context, client), member.reason.value_or(""));
    }
}

}  // namespace

Task<LeaveGroupResponse> handle_leave_group(RequestContext& context, LeaveGroupRequest& request) {
    group::ClientInfo client = client_info_of(context);
    Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
        coordinator.leave(ticket, client, request, now, out);
    };
    auto response = co_await ask_group<LeaveGroupResponse>(context.server, request.group_id, std::move(decide));
    if (response) {
        if (response->error_code == ErrorCode::none) {
            note_leaving(context, client, request);
        }
        co_return std::move(*response);
    }
    LeaveGroupResponse failed;
    failed.error_code = response.error().code;
    co_return failed;
}

}  // namespace tideline::server
