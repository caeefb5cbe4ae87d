// ClassicProtocol: members that leave.
#include "base/log.h"
#include "group/classic_answers.h"
#include "group/classic_protocol.h"

namespace tideline::group {

namespace {

using State = ClassicGroup::State;
using MemberIdentity = protocol::LeaveGroupRequest::MemberIdentity;

constexpr std::int16_t kFirstVersionWithMembers = 3;  // KIP-345

}  // namespace

ErrorCode ClassicProtocol::leave_one(ClassicGroup& group, const MemberIdentity& leaving, Effects& out) {
    if (leaving.member_id.empty()) {
        // An operator takes a static member out by its instance id.
        const auto* member_id = leaving.group_instance_id ? group.static_member(*leaving.group_instance_id) : nullptr;
        if (member_id == nullptr) {
            return ErrorCode::unknown_member_id;
        }
        expel(group, std::string(*member_id), out);
        return ErrorCode::none;
    }
    if (!group.is_pending(leaving.member_id)) {
        if (auto known = group.check_member(leaving.member_id, leaving.group_instance_id); !known) {
            return known.error().code;
        }
    }
    expel(group, leaving.member_id, out);
    return ErrorCode::none;
}

void ClassicProtocol::leave(ClassicGroup& group, Ticket ticket, const ClientInfo& client,
                            const protocol::LeaveGroupRequest& request, const Now& now, Effects& out) {
    protocol::LeaveGroupResponse response;
    bool anybody_left = false;
    if (client.api_version < kFirstVersionWithMembers) {
        response.error_code = leave_one(group, {.member_id = request.member_id}, out);
        anybody_left = response.error_code == ErrorCode::none;
    } else {
        for (const auto& leaving : request.members) {
            auto& entry = response.members.emplace_back();
            entry.member_id = leaving.member_id;
            entry.group_instance_id = leaving.group_instance_id;
            entry.error_code = leave_one(group, leaving, out);
            anybody_left |= entry.error_code == ErrorCode::none;
            TL_LOG_DEBUG("group_member_left", {"group", group.id()}, {"member", leaving.member_id},
                         {"reason", leaving.reason.value_or("")});
        }
    }
    if (anybody_left) {
        if (group.state() == State::stable || group.state() == State::completing_rebalance) {
            prepare_rebalance(group, now, out);
        } else {
            maybe_complete_join(group, now, out);
        }
    }
    environment_.groups.schedule(group);
    out.answer(ticket, std::move(response));
}

}  // namespace tideline::group
