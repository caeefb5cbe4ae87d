// server/handlers/14_sync_group.cc: SyncGroup, versions 0–5.
// v3 group instance id (KIP-345)   v4 flexible   v5 protocol type and name (KIP-559)
//
// Two phases: the answer waits for the leader's assignment.

#include "server/api_table.h"
#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::SyncGroupRequest;
using protocol::SyncGroupResponse;
using runtime::Task;

namespace {

SyncGroupResponse refused(ErrorCode error) {
    SyncGroupResponse response;
    response.error_code = error;
    return response;
}

// The request goes as soon as the coordinator has seen it: what waits here for the rest of the group is small.
Task<EncodedResponse> sync_and_wait(ShardServer& server, ConnectionInfo& connection, protocol::DecodedHeader header,
                                    group::ClientInfo client, SyncGroupRequest request) {
    GroupHome home = find_group_home(server, request.group_id);
    Decide decide = [client = std::move(client), request = std::move(request)](
                        group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) mutable {
        coordinator.sync(ticket, client, request, now, out);
        request = {};
    };
    auto reply = co_await ask_home_parked(server, connection, home, std::move(decide));
    if (!reply) {
        co_return EncodedResponse{.bytes = {}, .splices = {}, .is_sent = false, .close_reason = {}};
    }
    if (!*reply) {
        co_return encode_response(header, refused(reply->error().code));
    }
    co_return encode_response(header, std::get<SyncGroupResponse>(**reply));
}

}  // namespace

Task<Reply> handle_sync_group(RequestContext& context, SyncGroupRequest& request) {
    // KIP-559: whoever knows the protocol's type and name must say them, and is told so before anything else.
    if (context.version() >= 5 && (!request.protocol_type || !request.protocol_name)) {
        co_return Reply{encode_response(context.header, refused(ErrorCode::inconsistent_group_protocol)), std::nullopt};
    }
    co_return Reply{EncodedResponse{},
                    sync_and_wait(context.server, context.connection, context.header, client_info_of(context), std::move(request))};
}

}  // namespace tideline::server
