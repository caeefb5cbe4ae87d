// ConsumerProtocol: a heartbeat, from the request to the response.
#include <algorithm>

#include "group/assignor.h"
#include "group/consumer_protocol.h"
#include "group/consumer_records.h"
#include "group/metadata_hash.h"
#include "group/reconciliation.h"
#include "group/target_assignment.h"

namespace tideline::group {

namespace {

constexpr std::int32_t kNotGiven = -1;

// Sent with all it can say: a member that is not sure what the coordinator knows.
bool is_full(const protocol::ConsumerGroupHeartbeatRequest& request) {
    return request.rebalance_timeout_ms != kNotGiven && request.topic_partitions &&
           (request.subscribed_topic_names || request.subscribed_topic_regex);
}

}  // namespace

void ConsumerProtocol::heartbeat(Ticket ticket, const ClientInfo& client, const Request& request, const Now& now, Effects& out) {
    const auto judge = [&]() -> Judged<Response> {
        if (auto refusal = why_invalid_request(client, request)) {
            return std::unexpected(std::move(*refusal));
        }
        const bool leaves = request.member_epoch == kLeaveEpoch || request.member_epoch == kStaticLeaveEpoch;
        return leaves ? leave(request, now, out) : join_or_stay(client, request, now, out);
    };
    Judged<Response> response = judge();
    if (response) {
        out.answer(ticket, std::move(*response));
        return;
    }
    Response refused;
    refused.error_code = response.error().code;
    refused.error_message = std::move(response.error().message);
    out.answer(ticket, std::move(refused));
}

ConsumerProtocol::Judged<ConsumerProtocol::Response> ConsumerProtocol::join_or_stay(const ClientInfo& client, const Request& request,
                                                                                    const Now& now, Effects& out) {
    TL_TRY(found, find_group(request));
    TL_TRY(plan, this->plan(found.any(), client, request, now));
    const bool upgrade_fits = std::ranges::all_of(found.upgrade.records, [this](const Record& record) { return fits(record); });
    if (!upgrade_fits || !fits(found.any(), request.group_id, plan, now)) {
        return refuse(ErrorCode::unknown_server_error, "An assignment of the group would not fit into a record.");
    }

    // From here on nothing is refused.
    ConsumerGroup& group = found.upgraded         ? upgrade(std::move(found), now, out)
                           : found.group != nullptr ? *found.group
                                                    : make_group(request.group_id, out);
    ConsumerChanges changes(group, out);
    update_member(group, changes, plan);
    const Assignment assigned_before = group.member(plan.member_id)->current.assigned;
    go_on(group, changes, plan, now);

    const ConsumerTimeouts timeouts = environment_.group_configs.consumer_timeouts(request.group_id);
    group.set_session_deadline(plan.member_id, now.in_ms(timeouts.session_timeout_ms));
    group.set_join_deadline(plan.member_id, kNever);
    group.set_sync_deadline(plan.member_id, kNever);
    environment_.groups.schedule(group);

    const CurrentAssignment& current = group.member(plan.member_id)->current;
    Response response;
    response.member_id = plan.member_id;
    response.member_epoch = current.epoch;
    response.heartbeat_interval_ms = timeouts.heartbeat_interval_ms;
    if (request.member_epoch == kJoinEpoch || is_full(request) || current.assigned != assigned_before) {
        Response::Assignment assignment;
        assignment.topic_partitions = from_assignment<Response::TopicPartitions>(current.assigned);
        response.assignment = std::move(assignment);
    }
    return response;
}

// An empty classic group of the same name gives way; its offsets stay.
ConsumerGroup& ConsumerProtocol::make_group(const std::string& group_id, Effects& out) {
    if (const Group* before = environment_.groups.find(group_id)) {
        before->add_tombstones(out);
    }
    return static_cast<ConsumerGroup&>(environment_.groups.put(std::make_unique<ConsumerGroup>(group_id)));
}

void ConsumerProtocol::update_member(ConsumerGroup& group, ConsumerChanges& changes, const Plan& plan) const {
    if (!plan.replaces.empty()) {
        // The new process of a static member takes over what the old one had, and begins with epoch 0.
        const Assignment target = group.target(plan.replaces);
        CurrentAssignment current = group.member(plan.replaces)->current;
        current.epoch = kJoinEpoch;
        current.previous_epoch = kJoinEpoch;
        changes.remove_member(plan.replaces);
        changes.set_metadata(plan.member_id, plan.before);
        changes.set_target(plan.member_id, target);
        changes.set_current(plan.member_id, current);
    }
    if (plan.is_new || plan.after != plan.before) {
        changes.set_metadata(plan.member_id, plan.after);
    }
    const std::string& regex_before = plan.before.subscribed_topic_regex.value_or("");
    if (!regex_before.empty() && group.subscriptions().subscribers(regex_before) == 0) {
        changes.remove_resolved(regex_before);
    }
    if (!plan.resolve.empty()) {
        changes.set_resolved(plan.resolve, plan.resolved);
    }
}

void ConsumerProtocol::go_on(ConsumerGroup& group, ConsumerChanges& changes, const Plan& plan, const Now& now) const {
    const bool matches_changed = refresh_regexes(group, changes, now);
    update_epoch(group, changes, group.epoch() == 0 || plan.topics_changed() || plan.regex_changed() || matches_changed);
    update_targets(group, changes);
    reconcile_member(group, changes, plan, now);
}

// Expressions that were never resolved (Kafka resolves them some time after the member joined), all of them when the metadata has
// changed since, and all of them now and then. What no longer fits into a record stays as it was.
bool ConsumerProtocol::refresh_regexes(ConsumerGroup& group, ConsumerChanges& changes, const Now& now) const {
    const Subscriptions& subscriptions = group.subscriptions();
    const std::int64_t refresh_interval_ms = environment_.config.consumer_regex_refresh_interval_ms;
    const auto version = static_cast<std::int64_t>(environment_.topics.version());
    std::vector<std::string> due;
    for (const auto& [regex, subscribers] : subscriptions.regexes()) {
        const ResolvedRegex* resolved = subscriptions.resolved(regex);
        const std::int64_t age_ms = resolved == nullptr ? 0 : now.wall_ms - resolved->timestamp_ms;
        if (resolved == nullptr || age_ms > refresh_interval_ms ||
            (age_ms > kRegexRefreshMinIntervalMs && resolved->version != version)) {
            due.push_back(regex);
        }
    }
    bool changed = false;
    for (const std::string& regex : due) {
        const ResolvedRegex* before = subscriptions.resolved(regex);
        const ResolvedRegex after = resolve(regex, now);
        const bool differs = before == nullptr || before->topics != after.topics;
        if (fits(regex_record(group.id(), regex, after))) {
            changes.set_resolved(regex, after);
            changed |= differs;
        }
    }
    return changed;
}

void ConsumerProtocol::update_epoch(ConsumerGroup& group, ConsumerChanges& changes, bool bump) const {
    if (!bump && group.checked_metadata == metadata_serial_) {
        return;
    }
    const std::uint64_t hash = metadata_hash(environment_.topics, group.subscriptions().topic_names());
    group.checked_metadata = metadata_serial_;
    if (bump || hash != group.metadata_hash()) {
        changes.set_epoch(group.epoch() + 1, hash);
    }
    if (group.has_partition_metadata()) {
        changes.remove_partition_metadata();
    }
}

std::string_view ConsumerProtocol::assignor_name(const ConsumerGroup& group) const {
    const std::vector<std::string>& allowed = environment_.config.consumer_assignors;
    const std::string_view by_default = allowed.empty() ? assignors().front().name : std::string_view(allowed.front());
    return group.preferred_assignor().value_or(by_default);
}

void ConsumerProtocol::update_targets(ConsumerGroup& group, ConsumerChanges& changes) const {
    if (group.epoch() <= group.assignment_epoch()) {
        return;
    }
    // A log may ask for one that this broker does not have.
    const Assignor* named = find_assignor(assignor_name(group));
    const Assignor* assignor = named != nullptr ? named : &assignors().front();
    for (const auto& [member_id, target] : compute_targets(group, environment_.topics, *assignor)) {
        if (!group.has_target(member_id) || group.target(member_id) != target) {
            changes.set_target(member_id, target);
        }
    }
    changes.set_assignment_epoch(group.epoch());
}

void ConsumerProtocol::reconcile_member(ConsumerGroup& group, ConsumerChanges& changes, const Plan& plan, const Now& now) const {
    const ConsumerMember& member = *group.member(plan.member_id);
    const bool subscription_changed = plan.topics_changed() || plan.regex_changed();
    if (!subscription_changed && member.current.is_reconciled_to(group.assignment_epoch())) {
        return;
    }
    const std::vector<Uuid> topics = group.subscriptions().topic_ids(member.metadata, environment_.topics);
    const CurrentAssignment next = reconcile(
        {.current = member.current,
         .target_epoch = group.assignment_epoch(),
         .target = group.target(plan.member_id),
         .subscribed_topics = topics,
         .subscription_changed = subscription_changed,
         .owned = plan.owned,
         .has_owner = [&group](const Uuid& topic, std::int32_t partition) { return group.has_owner(topic, partition); }});
    if (next == member.current) {
        return;
    }
    changes.set_current(plan.member_id, next);
    // Who speaks the classic protocol gives up with the next join.
    if (member.uses_classic_protocol()) {
        return;
    }
    const bool must_revoke = next.state == MemberState::unrevoked_partitions;
    group.set_rebalance_deadline(plan.member_id, must_revoke ? now.in_ms(member.metadata.rebalance_timeout_ms) : kNever);
}

}  // namespace tideline::group
