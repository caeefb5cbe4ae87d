// ConsumerProtocol: how members go: by themselves, by the hand of an administrator, or because their time is over.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "group/consumer_protocol.h"
#include "group/metadata_hash.h"

namespace tideline::group {

ConsumerProtocol::Judged<ConsumerProtocol::Response> ConsumerProtocol::leave(const Request& request, const Now& now, Effects& out) {
    Group* found = environment_.groups.find(request.group_id);
    if (found == nullptr || found->type() != GroupType::consumer) {
        return refuse(ErrorCode::group_id_not_found,
                      found == nullptr ? fmt::format("Group {} not found.", request.group_id)
                                       : fmt::format("Group {} is not a consumer group.", request.group_id));
    }
    auto& group = static_cast<ConsumerGroup&>(*found);
    Response response;
    response.member_id = request.member_id;
    response.member_epoch = request.member_epoch;
    if (!request.instance_id) {
        if (group.member(request.member_id) == nullptr) {
            return refuse(ErrorCode::unknown_member_id,
                          fmt::format("Member {} is not a member of group {}.", request.member_id, group.id()));
        }
        fence(group, {request.member_id}, now, out);
        return response;
    }
    const std::string* holder = group.static_member(*request.instance_id);
    if (holder == nullptr) {
        return refuse(ErrorCode::unknown_member_id, fmt::format("Instance id {} is unknown.", *request.instance_id));
    }
    if (*holder != request.member_id) {
        return refuse(ErrorCode::fenced_instance_id, fmt::format("Static member {} with instance id {} was fenced by member {}.",
                                                                 request.member_id, *request.instance_id, *holder));
    }
    if (request.member_epoch == kLeaveEpoch) {
        fence(group, {request.member_id}, now, out);
        return response;
    }
    // A static member that will be back: its partitions stay its own until the session ends.
    CurrentAssignment current = group.member(request.member_id)->current;
    current.epoch = kStaticLeaveEpoch;
    current.pending_revocation.clear();
    ConsumerChanges(group, out).set_current(request.member_id, current);
    group.set_rebalance_deadline(request.member_id, kNever);
    return response;
}

// Takes members out. The target assignment is computed anew with the next heartbeat of another one.
bool ConsumerProtocol::fence(ConsumerGroup& group, const std::vector<std::string>& member_ids, const Now& now,
                             Effects& out) const {
    if (member_ids.empty()) {
        return true;
    }
    const std::set<std::string> leaving(member_ids.begin(), member_ids.end());
    if (may_downgrade(group, leaving, false)) {
        if (ClassicGroup* classic = downgrade(group, leaving, now, out)) {
            classic_.prepare_rebalance(*classic, now, out);
            return false;
        }
    }
    ConsumerChanges changes(group, out);
    std::set<std::string> regexes;
    for (const std::string& member_id : member_ids) {
        regexes.emplace(group.member(member_id)->regex());
        changes.remove_member(member_id);
    }
    for (const std::string& regex : regexes) {
        if (!regex.empty() && group.subscriptions().subscribers(regex) == 0) {
            changes.remove_resolved(regex);
        }
    }
    changes.set_epoch(group.epoch() + 1, metadata_hash(environment_.topics, group.subscriptions().topic_names()));
    return true;
}

void ConsumerProtocol::expire(Group& any_group, const Now& now, Effects& out) {
    auto& group = static_cast<ConsumerGroup&>(any_group);
    std::vector<std::string> late;
    for (const auto& [member_id, member] : group.members()) {
        const bool session_ended = member.session_deadline <= now.instant;
        const bool did_not_revoke =
            member.rebalance_deadline <= now.instant && member.current.epoch == member.rebalance_epoch;
        const bool did_not_come_back = member.join_deadline <= now.instant || member.sync_deadline <= now.instant;
        if (session_ended || did_not_revoke || did_not_come_back) {
            TL_LOG_INFO("consumer_group_member_fenced", {"group", group.id()}, {"member", member_id},
                        {"cause", session_ended ? "session" : did_not_revoke ? "revocation" : "rebalance"});
            late.push_back(member_id);
            if (environment_.watcher != nullptr) {
                environment_.watcher->member_removed(group.id(), member_id, member.metadata.client_id, member.metadata.client_host,
                                                     session_ended ? Removal::session_expired : Removal::rebalance_missed);
            }
        }
    }
    if (!fence(group, late, now, out)) {
        return;
    }
    for (const auto& [member_id, member] : group.members()) {
        if (member.rebalance_deadline <= now.instant) {
            group.set_rebalance_deadline(member_id, kNever);
        }
    }
    group.recompute_deadline();
    environment_.groups.schedule(group);
}

void ConsumerProtocol::classic_leave(Group& any_group, Ticket ticket, const ClientInfo& client,
                                     const protocol::LeaveGroupRequest& request, const Now& now, Effects& out) {
    auto& group = static_cast<ConsumerGroup&>(any_group);
    protocol::LeaveGroupResponse response;
    std::set<std::string> leaving;
    // Since v3 (KIP-345) several may leave at once.
    const bool names_several = client.api_version >= 3;
    const std::vector<protocol::LeaveGroupRequest::MemberIdentity> alone{{.member_id = request.member_id}};
    for (const auto& identity : names_several ? request.members : alone) {
        auto& entry = response.members.emplace_back();
        entry.member_id = identity.member_id;
        entry.group_instance_id = identity.group_instance_id;
        const std::string* member_id = &identity.member_id;
        if (identity.group_instance_id) {
            member_id = group.static_member(*identity.group_instance_id);
            // An administrator names the instance only.
            if (member_id != nullptr && !identity.member_id.empty() && *member_id != identity.member_id) {
                entry.error_code = ErrorCode::fenced_instance_id;
                continue;
            }
        }
        if (member_id == nullptr || group.member(*member_id) == nullptr) {
            entry.error_code = ErrorCode::unknown_member_id;
            continue;
        }
        leaving.insert(*member_id);
    }
    if (!names_several) {
        response.error_code = response.members.front().error_code;
        response.members.clear();
    }
    fence(group, {leaving.begin(), leaving.end()}, now, out);
    out.answer(ticket, std::move(response));
}

}  // namespace tideline::group
