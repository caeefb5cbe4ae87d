// server/handlers/11_join_group.cc: JoinGroup, versions 0–9.
// v1 rebalance timeout   v4 member ids are asked for first (KIP-394)   v5 group instance id (KIP-345)   v6 flexible
// v7 protocol type (KIP-559)   v8 reason (KIP-800)   v9 the leader may be told not to assign (KIP-814)
//
// Two phases: the coordinator has the request after the first, and the answer waits for the other members, for as long as the rebalance timeout.

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

// Who comes without a member id is new; a rebalance brings all others again.
struct Newcomer {
    std::string group_id;  // empty: it is none
    std::string host;
};

// What waits here for the rest of the group is small.
Task<EncodedResponse> wait_and_answer(ShardServer& server, ConnectionInfo& connection, protocol::DecodedHeader header, Newcomer newcomer,
                                      std::shared_ptr<Mailbox> mailbox) {
    auto reply = co_await wait_for_group(server.shard(), connection, std::move(mailbox));
    if (!reply) {
        co_return EncodedResponse{.bytes = {}, .splices = {}, .is_sent = false, .close_reason = {}};
    }
    if (!*reply) {
        co_return encode_response(header, refused(reply->error().code));
    }
    const auto& response = std::get<JoinGroupResponse>(**reply);
    if (!newcomer.group_id.empty() && (response.error_code == ErrorCode::none || response.error_code == ErrorCode::member_id_required)) {
        server.evidence().joined(newcomer.group_id, response.member_id,
                                 {.id = header.client_id,
                                  .host = newcomer.host,
                                  .port = connection.peer.port,
                                  .software = connection.client_software_name});
    }
    co_return encode_response(header, response);
}

}  // namespace

Task<Reply> handle_join_group(RequestContext& context, JoinGroupRequest& request) {
    group::ClientInfo client = client_info_of(context);
    Decide decide = [&](group::Coordinator& coordinator, group::Ticket ticket, const group::Now& now, group::Effects& out) {
        coordinator.join(ticket, client, request, now, out);
    };
    auto mailbox = co_await hand_to_group(context.server, context.connection, request.group_id, std::move(decide));
    context.memory.keep(0);
    Newcomer newcomer{.group_id = request.member_id.empty() ? request.group_id.substr(0, GroupEvidence::kNameMax) : "", .host = client.host};
    co_return Reply{EncodedResponse{},
                    wait_and_answer(context.server, context.connection, context.header, std::move(newcomer), std::move(mailbox))};
}

}  // namespace tideline::server
