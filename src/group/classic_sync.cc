// ClassicProtocol: syncs, heartbeats and commits of members.
#include "base/log.h"
#include "group/classic_answers.h"
#include "group/classic_protocol.h"
#include "group/records.h"

namespace tideline::group {

namespace {

using State = ClassicGroup::State;

bool contradicts(const std::optional<std::string>& said, std::string_view known) { return said && *said != known; }

ErrorCode why_no_sync(const ClassicGroup& group, const protocol::SyncGroupRequest& request) {
    if (auto known = group.check_member(request.member_id, request.group_instance_id); !known) {
        return known.error().code;
    }
    if (request.generation_id != group.generation()) {
        return ErrorCode::illegal_generation;
    }
    if (contradicts(request.protocol_type, group.protocol_type()) ||
        (group.protocol_name() && contradicts(request.protocol_name, *group.protocol_name()))) {
        return ErrorCode::inconsistent_group_protocol;
    }
    return group.state() == State::preparing_rebalance ? ErrorCode::rebalance_in_progress : ErrorCode::none;
}

protocol::SyncGroupResponse assigned(const ClassicGroup& group, const ClassicMember& member) {
    protocol::SyncGroupResponse response;
    response.protocol_type = std::string(group.protocol_type());
    response.protocol_name = group.protocol_name();
    response.assignment = member.assignment;
    return response;
}

}  // namespace

void ClassicProtocol::sync(ClassicGroup& group, Ticket ticket, const protocol::SyncGroupRequest& request, const Now& now,
                           Effects& out) {
    if (auto refused = why_no_sync(group, request); refused != ErrorCode::none) {
        out.answer(ticket, sync_error(refused));
        return;
    }
    auto& member = *group.find(request.member_id);
    group.pending_sync().erase(member.id);
    if (group.pending_sync().empty()) {
        group.sync_deadline = kNever;
    }
    if (group.state() == State::stable) {
        out.answer(ticket, assigned(group, member));
    } else {
        answer_sync(member, sync_error(ErrorCode::rebalance_in_progress), out);  // a sync that it sent twice
        member.awaiting_sync = ticket;
        if (group.is_leader(member.id)) {
            take_assignment(group, request, now, out);
        }
    }
    environment_.groups.schedule(group);
}

void ClassicProtocol::take_assignment(ClassicGroup& group, const protocol::SyncGroupRequest& request, const Now& now,
                                      Effects& out) {
    const std::size_t bytes_before = group.member_bytes();
    group.clear_assignments();
    for (const auto& assignment : request.assignments) {
        if (auto* member = group.find(assignment.member_id)) {
            group.assign(*member, assignment.assignment);
        }
    }
    protocol::GroupMetadataKey key;
    key.group = group.id();
    auto record = make_record(key, group.to_record(), kGroupMetadataVersion);
    if (auto refused = why_not_assigned(group, bytes_before, record); refused != ErrorCode::none) {
        group.clear_assignments();
        propagate_assignment(group, refused, now, out);
        prepare_rebalance(group, now, out);
        return;
    }
    out.add(std::move(record));
    propagate_assignment(group, ErrorCode::none, now, out);
    group.stabilize(now.wall_ms);
}

ErrorCode ClassicProtocol::why_not_assigned(const ClassicGroup& group, std::size_t bytes_before, const Record& record) const {
    const std::size_t record_bytes = record.key.size() + record.value->size();
    if (record_bytes > environment_.config.record_bytes_max) {
        TL_LOG_WARN("group_record_too_large", {"group", group.id()}, {"bytes", record_bytes}, {"members", group.member_count()});
        return ErrorCode::unknown_server_error;
    }
    const MemberMemory* memory = environment_.groups.member_memory();
    const std::size_t bytes = group.member_bytes();
    if (memory != nullptr && bytes > bytes_before && !memory->has_room_to_assign(bytes - bytes_before)) {
        TL_LOG_WARN("group_members_without_memory", {"group", group.id()}, {"bytes", bytes}, {"of_all_groups", memory->bytes()});
        return ErrorCode::coordinator_not_available;
    }
    return ErrorCode::none;
}

void ClassicProtocol::propagate_assignment(ClassicGroup& group, ErrorCode code, const Now& now, Effects& out) {
    for (auto& [id, member] : group.members()) {
        if (member.awaiting_sync != kNoTicket) {
            answer_sync(member, code == ErrorCode::none ? assigned(group, member) : sync_error(code), out);
            keep_alive(group, member, now);
        }
    }
}

void ClassicProtocol::heartbeat(ClassicGroup& group, Ticket ticket, const protocol::HeartbeatRequest& request, const Now& now,
                                Effects& out) {
    protocol::HeartbeatResponse response;
    if (auto known = group.check_member(request.member_id, request.group_instance_id); !known) {
        response.error_code = known.error().code;
    } else if (request.generation_id != group.generation()) {
        response.error_code = ErrorCode::illegal_generation;
    } else {
        keep_alive(group, *group.find(request.member_id), now);
        if (group.state() == State::preparing_rebalance) {
            response.error_code = ErrorCode::rebalance_in_progress;
        }
        environment_.groups.schedule(group);
    }
    out.answer(ticket, response);
}

void ClassicProtocol::note_commit(ClassicGroup& group, std::string_view member_id, const Now& now) {
    if (group.state() != State::stable && group.state() != State::preparing_rebalance) {
        return;
    }
    if (auto* member = group.find(member_id)) {
        keep_alive(group, *member, now);
        environment_.groups.schedule(group);
    }
}

void ClassicProtocol::keep_alive(ClassicGroup& group, ClassicMember& member, const Now& now) {
    group.keep_alive(member, now.in_ms(member.session_timeout_ms));
}

}  // namespace tideline::group
