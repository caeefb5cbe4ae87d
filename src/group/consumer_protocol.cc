#include "group/consumer_protocol.h"

#include "group/classic_answers.h"

namespace tideline::group {

void ConsumerProtocol::heartbeat(Ticket ticket, const ClientInfo&, const protocol::ConsumerGroupHeartbeatRequest& request,
                                 const Now&, Effects& out) {
    protocol::ConsumerGroupHeartbeatResponse response;
    response.error_code = ErrorCode::unsupported_version;
    response.member_id = request.member_id;
    out.answer(ticket, std::move(response));
}

void ConsumerProtocol::describe(Ticket ticket, const ClientInfo&, const std::vector<std::string>& group_ids, const Now&,
                                Effects& out) {
    protocol::ConsumerGroupDescribeResponse response;
    for (const auto& id : group_ids) {
        auto& group = response.groups.emplace_back();
        group.group_id = id;
        group.error_code = ErrorCode::group_id_not_found;
    }
    out.answer(ticket, std::move(response));
}

void ConsumerProtocol::classic_join(Group&, Ticket ticket, const ClientInfo&, const protocol::JoinGroupRequest& request,
                                    const Now&, Effects& out) {
    out.answer(ticket, join_error(ErrorCode::inconsistent_group_protocol, request.member_id));
}

void ConsumerProtocol::classic_sync(Group&, Ticket ticket, const ClientInfo&, const protocol::SyncGroupRequest&, const Now&,
                                    Effects& out) {
    out.answer(ticket, sync_error(ErrorCode::unknown_member_id));
}

void ConsumerProtocol::classic_heartbeat(Group&, Ticket ticket, const ClientInfo&, const protocol::HeartbeatRequest&,
                                         const Now&, Effects& out) {
    protocol::HeartbeatResponse response;
    response.error_code = ErrorCode::unknown_member_id;
    out.answer(ticket, response);
}

void ConsumerProtocol::classic_leave(Group&, Ticket ticket, const ClientInfo&, const protocol::LeaveGroupRequest&, const Now&,
                                     Effects& out) {
    protocol::LeaveGroupResponse response;
    response.error_code = ErrorCode::unknown_member_id;
    out.answer(ticket, std::move(response));
}

void ConsumerProtocol::expire(Group&, const Now&, Effects&) {}
void ConsumerProtocol::topics_changed(const Now&, Effects&) {}
bool ConsumerProtocol::owns(std::int16_t) { return false; }
base::Result<> ConsumerProtocol::replay(std::int16_t, base::ByteView, std::optional<base::ByteView>, const Now&) { return {}; }
void ConsumerProtocol::finish_load(Group&, const Now&, Effects&) {}

}  // namespace tideline::group
