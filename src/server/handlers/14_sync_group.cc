// server/handlers/14_sync_group.cc: SyncGroup, versions 0–5.
// v3 group instance id (KIP-345)   v4 flexible   v5 protocol type and name (KIP-559)
//
// Two phases: the coordinator has the request after the first, and the answer waits for the leader's assignment.

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

// What waits here for the rest of the group is small.
Task<EncodedResponse> wait_and_answer(runtime::Shard& shard, ConnectionInfo& connection, protocol::DecodedHeader header,
                                      std::shared_ptr<Mailbox> mailbox) {
    auto reply = co_await wait_for_group(shard, connection, std::move(mailbox));
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
    group::ClientInfo client = client_info_of(context);
    Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
        coordinator.sync(ticket, client, request, now, out);
    };
    auto mailbox = co_await hand_to_group(context.server, context.connection, request.group_id, std::move(decide));
    context.memory.keep(0);
    co_return Reply{EncodedResponse{}, wait_and_answer(context.server.shard(), context.connection, context.header, std::move(mailbox))};
}

}  // namespace tideline::server
