// ConsumerProtocol: members that speak the classic protocol: joins, syncs, heartbeats, and the ways from and to a classic group.
#include <algorithm>

#include "base/log.h"
#include "group/classic_answers.h"
#include "group/consumer_protocol.h"
#include "group/consumer_records.h"
#include "group/embedded_protocol.h"
#include "group/migration.h"
#include "group/records.h"

namespace tideline::group {

namespace {

constexpr std::int16_t kFirstVersionWithKnownMemberIds = 4;  // KIP-394

// The member of a request that only its members may send.
std::expected<const ConsumerMember*, ErrorCode> find_member(const ConsumerGroup& group, const std::string& member_id,
                                                            const std::optional<std::string>& instance_id,
                                                            std::int32_t generation) {
    if (instance_id) {
        const std::string* holder = group.static_member(*instance_id);
        if (holder == nullptr) {
            return std::unexpected(ErrorCode::unknown_member_id);
        }
        if (*holder != member_id) {
            return std::unexpected(ErrorCode::fenced_instance_id);
        }
    }
    const ConsumerMember* member = group.member(member_id);
    if (member == nullptr || !member->uses_classic_protocol()) {
        return std::unexpected(ErrorCode::unknown_member_id);
    }
    if (member->current.epoch != generation) {
        return std::unexpected(ErrorCode::illegal_generation);
    }
    return member;
}

// What a member is told of the group's protocol: its own first.
std::string protocol_name_of(const ConsumerMember& member) {
    const auto& supported = member.metadata.classic_member_metadata->supported_protocols;
    return supported.empty() ? "" : supported.front().name;
}

Instant session_end(const ConsumerMember& member, const Now& now) {
    return now.in_ms(member.metadata.classic_member_metadata->session_timeout_ms);
}

ErrorCode why_no_sync(const ConsumerGroup& group, const ConsumerMember& member, const protocol::SyncGroupRequest& request) {
    if ((request.protocol_type && *request.protocol_type != kConsumerProtocolType) ||
        (request.protocol_name && *request.protocol_name != protocol_name_of(member))) {
        return ErrorCode::inconsistent_group_protocol;
    }
    // Who still has to give up partitions has joined already, and learns now which it may keep.
    const bool moved_on = group.epoch() > member.current.epoch && member.current.state != MemberState::unrevoked_partitions;
    return moved_on ? ErrorCode::rebalance_in_progress : ErrorCode::none;
}

}  // namespace

void ConsumerProtocol::classic_join(Group& any_group, Ticket ticket, const ClientInfo& client, const JoinRequest& request,
                                    const Now& now, Effects& out) {
    auto& group = static_cast<ConsumerGroup&>(any_group);
    ClassicProtocols protocols = distinct_protocols(request);
    if (const auto refused = classic_.why_refused(request, protocols)) {
        out.answer(ticket, join_error(*refused, request.member_id));
        return;
    }
    const auto plan = plan_classic(group, client, request, std::move(protocols));
    if (plan && !fits(&group, request.group_id, *plan, now)) {
        out.answer(ticket, join_error(ErrorCode::unknown_server_error, request.member_id));
    } else if (plan) {
        join_by_plan(group, ticket, request, *plan, now, out);
    } else if (plan.error() == ErrorCode::member_id_required) {
        out.answer(ticket, join_error(plan.error(), base::to_string(base::make_uuid(environment_.random))));
    } else {
        out.answer(ticket, join_error(plan.error(), request.member_id));
    }
}

ErrorCode ConsumerProtocol::find_classic_member(const ConsumerGroup& group, const JoinRequest& request, Plan& plan) const {
    const std::string* holder = request.group_instance_id ? group.static_member(*request.group_instance_id) : nullptr;
    const bool is_unknown = request.member_id.empty();
    if (request.group_instance_id && !is_unknown) {
        if (holder == nullptr) {
            return ErrorCode::unknown_member_id;
        }
        if (*holder != request.member_id) {
            return ErrorCode::fenced_instance_id;
        }
    }
    if (holder != nullptr && is_unknown) {
        plan.replaces = *holder;
    }
    const ConsumerMember* member = group.member(holder != nullptr ? *holder : plan.member_id);
    plan.is_new = member == nullptr;
    if (member == nullptr) {
        return ErrorCode::none;
    }
    plan.before = member->metadata;
    return member->current.state == MemberState::unknown && !plan.owned->empty() ? ErrorCode::unknown_member_id : ErrorCode::none;
}

std::expected<ConsumerProtocol::Plan, ErrorCode> ConsumerProtocol::plan_classic(const ConsumerGroup& group, const ClientInfo& client,
                                                                                const JoinRequest& request,
                                                                                ClassicProtocols protocols) const {
    if (environment_.config.consumer_migration_policy == MigrationPolicy::disabled) {
        return std::unexpected(ErrorCode::inconsistent_group_protocol);
    }
    if (group.member_count() >= static_cast<std::size_t>(environment_.config.consumer_max_size) &&
        group.member(request.member_id) == nullptr) {
        return std::unexpected(ErrorCode::group_max_size_reached);
    }
    if (!group.supports(request.protocol_type, protocols)) {
        return std::unexpected(ErrorCode::inconsistent_group_protocol);
    }
    const bool is_unknown = request.member_id.empty();
    if (is_unknown && !request.group_instance_id && client.api_version >= kFirstVersionWithKnownMemberIds) {
        return std::unexpected(ErrorCode::member_id_required);
    }
    // All protocols of a member have the same subscription.
    const auto subscription = read_subscription(protocols.front().metadata);
    if (!subscription) {
        return std::unexpected(ErrorCode::inconsistent_group_protocol);
    }
    Plan plan;
    plan.member_id = is_unknown ? base::to_string(base::make_uuid(environment_.random)) : request.member_id;
    plan.before = no_metadata();
    plan.owned = owned_partitions(*subscription, environment_.topics);
    if (const ErrorCode refused = find_classic_member(group, request, plan); refused != ErrorCode::none) {
        return std::unexpected(refused);
    }
    const ClassicMember said{.id = plan.member_id,
                             .instance_id = request.group_instance_id ? request.group_instance_id : plan.before.instance_id,
                             .client_id = client.id,
                             .client_host = client.host,
                             .rebalance_timeout_ms = rebalance_timeout_of(request),
                             .session_timeout_ms = request.session_timeout_ms,
                             .protocols = std::move(protocols)};
    plan.after = classic_metadata(said, *subscription);
    plan.after.rack_id = plan.after.rack_id ? plan.after.rack_id : plan.before.rack_id;
    plan.after.server_assignor = plan.before.server_assignor;
    // Patterns are not for them; Kafka writes that as an empty one.
    plan.after.subscribed_topic_regex = "";
    if (!fits(member_metadata_record(request.group_id, plan.member_id, plan.after))) {
        return std::unexpected(ErrorCode::unknown_server_error);
    }
    return plan;
}

// The same steps as with a heartbeat; or the last member of the consumer protocol was replaced, and the group with it.
void ConsumerProtocol::join_by_plan(ConsumerGroup& group, Ticket ticket, const JoinRequest& request, const Plan& plan,
                                    const Now& now, Effects& out) {
    const bool downgrades = !plan.replaces.empty() && may_downgrade(group, {plan.replaces}, true);
    ConsumerChanges changes(group, out);
    update_member(group, changes, plan);
    const bool matches_changed = refresh_regexes(group, changes, now);
    const bool regex_changed = plan.before.subscribed_topic_regex.value_or("") != plan.after.subscribed_topic_regex.value_or("");
    const bool bump = plan.topics_changed() || regex_changed || matches_changed;
    update_epoch(group, changes, bump);
    if (!downgrades || !bump) {
        if (!downgrades) {
            update_targets(group, changes);
        }
        reconcile_member(group, changes, plan, now);
    }

    const auto response_of = [&] {
        const ConsumerMember& member = *group.member(plan.member_id);
        protocol::JoinGroupResponse response;
        response.member_id = plan.member_id;
        response.generation_id = member.current.epoch;
        response.protocol_type = std::string(kConsumerProtocolType);
        response.protocol_name = protocol_name_of(member);
        return response;
    };
    protocol::JoinGroupResponse response = response_of();
    if (downgrades) {
        if (ClassicGroup* classic = downgrade(group, {}, now, out)) {
            if (bump) {
                classic_.prepare_rebalance(*classic, now, out);
            }
            out.answer(ticket, std::move(response));
            return;
        }
        update_targets(group, changes);
        reconcile_member(group, changes, plan, now);
        response = response_of();
    }
    group.set_session_deadline(plan.member_id, now.in_ms(request.session_timeout_ms));
    group.set_join_deadline(plan.member_id, kNever);
    group.set_sync_deadline(plan.member_id, now.in_ms(rebalance_timeout_of(request)));
    environment_.groups.schedule(group);
    out.answer(ticket, std::move(response));
}

void ConsumerProtocol::classic_sync(Group& any_group, Ticket ticket, const ClientInfo&, const protocol::SyncGroupRequest& request,
                                    const Now& now, Effects& out) {
    auto& group = static_cast<ConsumerGroup&>(any_group);
    const auto member = find_member(group, request.member_id, request.group_instance_id, request.generation_id);
    if (!member) {
        out.answer(ticket, sync_error(member.error()));
        return;
    }
    const ErrorCode refused = why_no_sync(group, **member, request);
    if (refused != ErrorCode::none) {
        if (refused == ErrorCode::rebalance_in_progress && (*member)->join_deadline == kNever) {
            group.set_join_deadline(request.member_id, now.in_ms((*member)->metadata.rebalance_timeout_ms));
            environment_.groups.schedule(group);
        }
        out.answer(ticket, sync_error(refused));
        return;
    }
    const auto& supported = (*member)->metadata.classic_member_metadata->supported_protocols;
    const std::int16_t version = supported.empty() ? std::int16_t{0} : embedded_version(supported.front().metadata).value_or(0);
    protocol::SyncGroupResponse response;
    response.protocol_type = request.protocol_type;
    response.protocol_name = request.protocol_name;
    response.assignment = write_assignment((*member)->current.assigned, environment_.topics, version);
    group.set_sync_deadline(request.member_id, kNever);
    group.set_session_deadline(request.member_id, session_end(**member, now));
    environment_.groups.schedule(group);
    out.answer(ticket, std::move(response));
}

void ConsumerProtocol::classic_heartbeat(Group& any_group, Ticket ticket, const ClientInfo&,
                                         const protocol::HeartbeatRequest& request, const Now& now, Effects& out) {
    auto& group = static_cast<ConsumerGroup&>(any_group);
    protocol::HeartbeatResponse response;
    const auto member = find_member(group, request.member_id, request.group_instance_id, request.generation_id);
    if (!member) {
        response.error_code = member.error();
        out.answer(ticket, response);
        return;
    }
    group.set_session_deadline(request.member_id, session_end(**member, now));
    const CurrentAssignment& current = (*member)->current;
    const bool got_free = current.state == MemberState::unreleased_partitions && !group.waits_for_release(request.member_id);
    if (current.epoch < group.epoch() || current.state == MemberState::unrevoked_partitions || got_free) {
        response.error_code = ErrorCode::rebalance_in_progress;
        if ((*member)->join_deadline == kNever) {
            group.set_join_deadline(request.member_id, now.in_ms((*member)->metadata.rebalance_timeout_ms));
        }
    }
    environment_.groups.schedule(group);
    out.answer(ticket, response);
}

// Whoever waits in the classic group is sent to join again, which now is answered at once.
ConsumerGroup& ConsumerProtocol::upgrade(Found found, const Now& now, Effects& out) {
    auto& before = static_cast<ClassicGroup&>(*environment_.groups.find(found.upgraded->id()));
    for (auto& [member_id, member] : before.members()) {
        answer_join(before, member, join_error(ErrorCode::rebalance_in_progress, member_id), out);
        answer_sync(member, sync_error(ErrorCode::rebalance_in_progress), out);
    }
    before.add_tombstones(out);
    for (Record& record : found.upgrade.records) {
        out.add(std::move(record));
    }
    TL_LOG_INFO("group_upgraded", {"group", before.id()}, {"members", before.member_count()});
    auto& group = static_cast<ConsumerGroup&>(environment_.groups.put(std::move(found.upgraded)));
    for (const auto& [member_id, member] : group.members()) {
        group.set_session_deadline(member_id, session_end(member, now));
    }
    return group;
}

// `without` go, or one of them is replaced by a classic member.
bool ConsumerProtocol::may_downgrade(const ConsumerGroup& group, const std::set<std::string>& without, bool replaced) const {
    const std::size_t left = group.member_count() - (replaced ? 0 : without.size());
    return allows_downgrade(environment_.config.consumer_migration_policy) && left > 0 &&
           left <= static_cast<std::size_t>(environment_.config.max_size) &&
           std::ranges::all_of(group.members(), [&without](const auto& entry) {
               return entry.second.uses_classic_protocol() || without.contains(entry.first);
           });
}

ClassicGroup* ConsumerProtocol::downgrade(ConsumerGroup& group, const std::set<std::string>& leaving, const Now& now,
                                          Effects& out) const {
    std::unique_ptr<ClassicGroup> made = downgraded(group, leaving, environment_, now.wall_ms);
    if (made == nullptr) {
        return nullptr;
    }
    protocol::GroupMetadataKey key;
    key.group = group.id();
    Record record = make_record(key, made->to_record(), kGroupMetadataVersion);
    if (!fits(record)) {
        return nullptr;
    }
    group.add_tombstones(out);
    out.add(std::move(record));
    TL_LOG_INFO("group_downgraded", {"group", made->id()}, {"members", made->member_count()});
    auto& classic = static_cast<ClassicGroup&>(environment_.groups.put(std::move(made)));
    classic_.adopt(classic, now);
    return &classic;
}

}  // namespace tideline::group
