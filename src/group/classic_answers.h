// group/classic_answers.h: the answers of the classic protocol. Internal to the room.
#pragma once

#include "group/classic_group.h"

namespace tideline::group {

protocol::JoinGroupResponse join_error(ErrorCode code, std::string member_id);
// What a member is told of the group as it is now; the leader is told who the members are.
protocol::JoinGroupResponse joined(const ClassicGroup& group, const ClassicMember& member, bool with_members);
// Answers the ticket that waits in a member, if one does.
void answer_join(ClassicGroup& group, ClassicMember& member, protocol::JoinGroupResponse response, Effects& out);
void answer_sync(ClassicMember& member, protocol::SyncGroupResponse response, Effects& out);
protocol::SyncGroupResponse sync_error(ErrorCode code);
// Takes a member out; whoever waits in its name is told UNKNOWN_MEMBER_ID.
void expel(ClassicGroup& group, const std::string& member_id, Effects& out);

}  // namespace tideline::group
