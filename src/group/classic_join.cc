// ClassicProtocol: how members join, old and new, dynamic and static.
#include "base/log.h"
#include "group/classic_answers.h"
#include "group/classic_protocol.h"
#include "group/records.h"

namespace tideline::group {

namespace {

using State = ClassicGroup::State;

constexpr std::int16_t kFirstVersionWithKnownMemberIds = 4;  // KIP-394
constexpr std::int16_t kFirstVersionToSkipAssignment = 9;    // KIP-814

}  // namespace

ClassicProtocols distinct_protocols(const protocol::JoinGroupRequest& request) {
    ClassicProtocols protocols;
    std::unordered_set<std::string_view> names;
    for (const auto& protocol : request.protocols) {
        if (names.insert(protocol.name).second) {
            protocols.push_back(protocol);
        }
    }
    return protocols;
}

std::int32_t rebalance_timeout_of(const protocol::JoinGroupRequest& request) {
    return request.rebalance_timeout_ms < 0 ? request.session_timeout_ms : request.rebalance_timeout_ms;
}

std::optional<ErrorCode> ClassicProtocol::why_refused(const JoinRequest& request, const ClassicProtocols& protocols) const {
    if (request.group_id.empty()) {
        return ErrorCode::invalid_group_id;
    }
    if (request.session_timeout_ms < environment_.config.min_session_timeout_ms ||
        request.session_timeout_ms > environment_.config.max_session_timeout_ms) {
        return ErrorCode::invalid_session_timeout;
    }
    if (protocols.size() > kClassicProtocolsMax || bytes_of(protocols) > kClassicMemberBytesMax) {
        return ErrorCode::inconsistent_group_protocol;
    }
    return std::nullopt;
}

std::optional<ErrorCode> ClassicProtocol::why_no_new_group(const JoinRequest& request) const {
    auto protocols = distinct_protocols(request);
    if (auto refused = why_refused(request, protocols)) {
        return refused;
    }
    if (!request.member_id.empty()) {
        return ErrorCode::unknown_member_id;
    }
    if (request.protocol_type.empty() || protocols.empty()) {
        return ErrorCode::inconsistent_group_protocol;
    }
    return has_memory(0, memory_of(protocols)) ? std::nullopt : std::optional(ErrorCode::coordinator_not_available);
}

bool ClassicProtocol::has_memory(std::size_t before, std::size_t needed) const {
    const MemberMemory* memory = environment_.groups.member_memory();
    return memory == nullptr || needed <= before || memory->has_room_to_join(needed - before);
}

// The member whose protocols these would replace; null for a new one.
const ClassicMember* ClassicProtocol::predecessor(const ClassicGroup& group, const JoinRequest& request) {
    const auto* holder = request.group_instance_id ? group.static_member(*request.group_instance_id) : nullptr;
    auto found = group.members().find(holder != nullptr ? *holder : request.member_id);
    return found == group.members().end() ? nullptr : &found->second;
}

ErrorCode ClassicProtocol::why_no_memory(const ClassicGroup& group, const ClassicMember* before,
                                         const ClassicProtocols& protocols) const {
    const std::size_t bytes_before = before == nullptr ? 0 : bytes_of(before->protocols);
    const std::size_t bytes = bytes_of(protocols);
    if (bytes > bytes_before && group.metadata_bytes() - bytes_before + bytes > kClassicGroupBytesMax) {
        return ErrorCode::group_max_size_reached;
    }
    const std::size_t memory_before = before == nullptr ? 0 : memory_of(before->protocols);
    return has_memory(memory_before, memory_of(protocols)) ? ErrorCode::none : ErrorCode::coordinator_not_available;
}

bool ClassicProtocol::has_room(const ClassicGroup& group, const JoinRequest& request) const {
    auto max_size = static_cast<std::size_t>(environment_.config.max_size);
    auto found = group.members().find(request.member_id);
    bool is_member = found != group.members().end();
    switch (group.state()) {
        case State::empty: return true;
        case State::preparing_rebalance:
            return (is_member && found->second.awaiting_join != kNoTicket) || group.awaiting_join_count() < max_size;
        case State::completing_rebalance:
        case State::stable: return is_member || group.member_count() < max_size;
    }
    return false;
}

void ClassicProtocol::join(Ticket ticket, const ClientInfo& client, const JoinRequest& request, const Now& now, Effects& out) {
    auto protocols = distinct_protocols(request);
    if (auto refused = why_refused(request, protocols)) {
        out.answer(ticket, join_error(*refused, request.member_id));
        return;
    }
    bool is_unknown = request.member_id.empty();
    auto records_before = out.records.size();
    auto* group = static_cast<ClassicGroup*>(environment_.groups.find(request.group_id));
    bool is_new_group = group == nullptr;
    if (is_new_group) {
        if (auto no_group = why_no_new_group(request)) {
            out.answer(ticket, join_error(*no_group, request.member_id));
            return;
        }
        group = &static_cast<ClassicGroup&>(
            environment_.groups.put(std::make_unique<ClassicGroup>(request.group_id, now.wall_ms)));
    }
    if (auto full = why_no_memory(*group, predecessor(*group, request), protocols); full != ErrorCode::none) {
        // A member stays what it is, and ends with its session if it cannot go on.
        out.answer(ticket, join_error(full, request.member_id));
    } else if (!has_room(*group, request)) {
        if (!is_unknown) {
            expel(*group, request.member_id, out);
        }
        out.answer(ticket, join_error(ErrorCode::group_max_size_reached, ""));
    } else if (!group->supports(request.protocol_type, protocols)) {
        out.answer(ticket, join_error(ErrorCode::inconsistent_group_protocol, request.member_id));
    } else if (is_unknown) {
        join_as_new(*group, ticket, client, request, std::move(protocols), now, out);
    } else if (group->is_pending(request.member_id)) {
        if (request.group_instance_id) {
            out.answer(ticket, join_error(ErrorCode::unknown_member_id, request.member_id));
        } else {
            add_member(*group, request.member_id, ticket, client, request, std::move(protocols), now, out);
        }
    } else {
        join_again(*group, ticket, request, std::move(protocols), now, out);
    }
    if (is_new_group && out.records.size() == records_before) {
        protocol::GroupMetadataKey key;
        key.group = group->id();
        out.add(make_record(key, group->to_first_record(), kGroupMetadataVersion));
    }
    environment_.groups.schedule(*group);
}

void ClassicProtocol::join_as_new(ClassicGroup& group, Ticket ticket, const ClientInfo& client, const JoinRequest& request,
                                  ClassicProtocols protocols, const Now& now, Effects& out) {
    auto member_id = make_member_id(request.group_instance_id.value_or(client.id), environment_.random);
    if (request.group_instance_id) {
        if (const auto* known = group.static_member(*request.group_instance_id)) {
            auto old_id = *known;
            replace_static_member(group, old_id, std::move(member_id), ticket, client, request, std::move(protocols), now, out);
        } else {
            add_member(group, std::move(member_id), ticket, client, request, std::move(protocols), now, out);
        }
    } else if (client.api_version >= kFirstVersionWithKnownMemberIds) {
        join_as_pending(group, std::move(member_id), ticket, request, now, out);
    } else {
        add_member(group, std::move(member_id), ticket, client, request, std::move(protocols), now, out);
    }
}

// The client has to come back with the id, so that one that was never heard of again leaves no member behind.
void ClassicProtocol::join_as_pending(ClassicGroup& group, std::string member_id, Ticket ticket, const JoinRequest& request,
                                      const Now& now, Effects& out) {
    if (group.pending_count() >= kClassicPendingMax) {
        drop_pending(group, group.oldest_pending(), now, out);
    }
    group.add_pending(member_id, now.in_ms(request.session_timeout_ms));
    out.answer(ticket, join_error(ErrorCode::member_id_required, std::move(member_id)));
}

void ClassicProtocol::join_again(ClassicGroup& group, Ticket ticket, const JoinRequest& request, ClassicProtocols protocols,
                                 const Now& now, Effects& out) {
    if (auto known = group.check_member(request.member_id, request.group_instance_id); !known) {
        out.answer(ticket, join_error(known.error().code, request.member_id));
        return;
    }
    auto& member = *group.find(request.member_id);
    bool is_leader = group.is_leader(member.id);
    bool same = member.protocols == protocols;
    switch (group.state()) {
        case State::empty: out.answer(ticket, join_error(ErrorCode::unknown_member_id, request.member_id)); break;
        case State::preparing_rebalance:
            update_member(group, member, ticket, request, std::move(protocols), now, out);
            break;
        case State::completing_rebalance:
            // It may not have got the answer to its join; the generation is the same for it.
            if (same) {
                out.answer(ticket, joined(group, member, is_leader));
            } else {
                update_member(group, member, ticket, request, std::move(protocols), now, out);
            }
            break;
        case State::stable:
            // A leader that joins again wants a rebalance, for topics or partitions that changed.
            if (is_leader || !same) {
                update_member(group, member, ticket, request, std::move(protocols), now, out);
            } else {
                out.answer(ticket, joined(group, member, false));
            }
            break;
    }
}

void ClassicProtocol::add_member(ClassicGroup& group, std::string member_id, Ticket ticket, const ClientInfo& client,
                                 const JoinRequest& request, ClassicProtocols protocols, const Now& now, Effects& out) {
    if (group.state() == State::preparing_rebalance && group.previous_state() == State::empty) {
        group.new_member_added = true;
    }
    auto& member = group.add({.id = std::move(member_id),
                              .instance_id = request.group_instance_id,
                              .client_id = client.id,
                              .client_host = client.host,
                              .rebalance_timeout_ms = rebalance_timeout_of(request),
                              .session_timeout_ms = request.session_timeout_ms,
                              .protocols = std::move(protocols),
                              .awaiting_join = ticket,
                              .is_new = true},
                             request.protocol_type);
    group.keep_alive(member, now.in_ms(kNewMemberTimeoutMs));
    rebalance_or_complete(group, now, out);
}

void ClassicProtocol::update_member(ClassicGroup& group, ClassicMember& member, Ticket ticket, const JoinRequest& request,
                                    ClassicProtocols protocols, const Now& now, Effects& out) {
    group.update(member, std::move(protocols), rebalance_timeout_of(request), request.session_timeout_ms);
    // A client that sends a join twice has given up the first.
    answer_join(group, member, join_error(ErrorCode::rebalance_in_progress, member.id), out);
    group.set_awaiting_join(member, ticket);
    rebalance_or_complete(group, now, out);
}

void ClassicProtocol::replace_static_member(ClassicGroup& group, const std::string& old_id, std::string new_id, Ticket ticket,
                                            const ClientInfo& client, const JoinRequest& request, ClassicProtocols protocols,
                                            const Now& now, Effects& out) {
    auto old_leader = group.leader();
    auto& old = *group.find(old_id);
    answer_join(group, old, join_error(ErrorCode::fenced_instance_id, old_id), out);
    answer_sync(old, sync_error(ErrorCode::fenced_instance_id), out);
    auto& member = group.replace_static(old_id, std::move(new_id));
    keep_alive(group, member, now);
    group.update(member, std::move(protocols), rebalance_timeout_of(request), request.session_timeout_ms);
    group.set_awaiting_join(member, ticket);

    switch (group.state()) {
        case State::stable:
            if (group.protocol_name() == group.select_protocol()) {
                answer_unchanged_static(group, member, old_leader, client, now, out);
            } else {
                rebalance_or_complete(group, now, out);
            }
            break;
        case State::completing_rebalance:
            // The leader may be assigning to the old id just now, which would leave the new one with nothing.
            prepare_rebalance(group, now, out);
            break;
        case State::preparing_rebalance: maybe_complete_join(group, now, out); break;
        case State::empty: break;  // has no members to replace
    }
}

// A static member that restarts in a stable group goes on with what it had: the new id is written down, nobody else hears
// of it (KIP-345).
void ClassicProtocol::answer_unchanged_static(ClassicGroup& group, ClassicMember& member,
                                              const std::optional<std::string>& old_leader, const ClientInfo& client,
                                              const Now& now, Effects& out) {
    protocol::GroupMetadataKey key;
    key.group = group.id();
    auto record = make_record(key, group.to_record(), kGroupMetadataVersion);
    if (record.key.size() + record.value->size() > environment_.config.record_bytes_max) {
        prepare_rebalance(group, now, out);
        return;
    }
    out.add(std::move(record));
    bool can_skip = client.api_version >= kFirstVersionToSkipAssignment;
    bool leads = can_skip && group.is_leader(member.id);
    auto response = joined(group, member, leads);
    response.skip_assignment = leads;
    if (!can_skip) {
        // An old client that heard it leads would assign, and nobody would fetch the result: it is told the id of before.
        response.leader = old_leader.value_or("");
    }
    answer_join(group, member, std::move(response), out);
}

}  // namespace tideline::group
