#include "group/classic_answers.h"

namespace tideline::group {

protocol::JoinGroupResponse join_error(ErrorCode code, std::string member_id) {
    protocol::JoinGroupResponse response;
    response.error_code = code;
    response.member_id = std::move(member_id);
    response.protocol_name.reset();
    return response;
}

protocol::JoinGroupResponse joined(const ClassicGroup& group, const ClassicMember& member, bool with_members) {
    protocol::JoinGroupResponse response;
    response.generation_id = group.generation();
    response.protocol_type = std::string(group.protocol_type());
    response.protocol_name = group.protocol_name();
    response.leader = group.leader().value_or("");
    response.member_id = member.id;
    if (with_members) {
        response.members.reserve(group.members().size());
        for (const auto& [id, other] : group.members()) {
            auto& entry = response.members.emplace_back();
            entry.member_id = id;
            entry.group_instance_id = other.instance_id;
            entry.metadata = other.metadata_for(group.protocol_name().value_or(""));
        }
    }
    return response;
}

void answer_join(ClassicGroup& group, ClassicMember& member, protocol::JoinGroupResponse response, Effects& out) {
    if (member.awaiting_join != kNoTicket) {
        out.answer(member.awaiting_join, std::move(response));
        group.set_awaiting_join(member, kNoTicket);
    }
}

void answer_sync(ClassicMember& member, protocol::SyncGroupResponse response, Effects& out) {
    if (member.awaiting_sync != kNoTicket) {
        out.answer(member.awaiting_sync, std::move(response));
        member.awaiting_sync = kNoTicket;
    }
}

protocol::SyncGroupResponse sync_error(ErrorCode code) {
    protocol::SyncGroupResponse response;
    response.error_code = code;
    return response;
}

void expel(ClassicGroup& group, const std::string& member_id, Effects& out) {
    if (auto* member = group.find(member_id)) {
        answer_join(group, *member, join_error(ErrorCode::unknown_member_id, ""), out);
        answer_sync(*member, sync_error(ErrorCode::unknown_member_id), out);
    }
    group.remove(member_id);
}

}  // namespace tideline::group
