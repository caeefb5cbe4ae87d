// server/handlers/11_join_group.cc: JoinGroup, versions 0–9.
// v1 rebalance timeout   v4 member ids are asked for first (KIP-394)   v5 group instance id (KIP-345)   v6 flexible
// v7 protocol type (KIP-559)   v8 reason (KIP-800)   v9 the leader may be told not to assign (KIP-814)
//
// Two phases: the answer waits for the other members, for as long as the rebalance timeout.

#include "server/api_table.h"
#include "server/group_access.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::JoinGroupRequest;
using protocol::JoinGroupResponse;
using runtime::Task;

namespace {

JoinGroupResponse refused(ErrorCode error) {
    JoinGroupResponse response;
    response.error_code = error;
    return response;
}

// The request goes as soon as the coordinator has seen it: what waits here for the rest of the group is small.
Task<EncodedResponse> join_and_wait(ShardServer& server, ConnectionInfo& connection, protocol::DecodedHeader header,
                                    group::ClientInfo client, JoinGroupRequest request) {
    GroupHome home = find_group_home(server, request.group_id);
    Decide decide = [client = std::move(client), request = std::move(request)](
                        group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) mutable {
        coordinator.join(ticket, client, request, now, out);
        request = {};
    };
    auto reply = co_await ask_home_parked(server, connection, home, std::move(decide));
    if (!reply) {
        co_return EncodedResponse{.bytes = {}, .splices = {}, .is_sent = false, .close_reason = {}};
    }
    if (!*reply) {
        co_return encode_response(header, refused(reply->error().code));
    }
    co_return encode_response(header, std::get<JoinGroupResponse>(**reply));
}

}  // namespace

Task<Reply> handle_join_group(RequestContext& context, JoinGroupRequest& request) {
    co_return Reply{EncodedResponse{},
                    join_and_wait(context.server, context.connection, context.header, client_info_of(context), std::move(request))};
}

}  // namespace tideline::server
