// ConsumerProtocol: what is wrong with a heartbeat, and what a good one will do. Nothing changes here.
#include <fmt/format.h>

#include <algorithm>

#include "group/consumer_protocol.h"
#include "group/consumer_records.h"
#include "group/migration.h"
#include "group/regular_expressions.h"

namespace tideline::group {

namespace {

constexpr std::int16_t kFirstVersionWithClientMadeIds = 1;  // KIP-1082
constexpr std::int32_t kNotGiven = -1;

bool is_subset(const std::optional<Assignment>& owned, const Assignment& assigned) {
    return owned && difference(*owned, assigned).empty();
}

}  // namespace

std::optional<ConsumerProtocol::Refusal> ConsumerProtocol::why_invalid_request(const ClientInfo& client,
                                                                               const Request& request) const {
    const auto invalid = [](std::string message) { return Refusal{ErrorCode::invalid_request, std::move(message)}; };
    const std::int32_t epoch = request.member_epoch;
    const bool needs_member_id = client.api_version >= kFirstVersionWithClientMadeIds || epoch > 0 || epoch == kLeaveEpoch;
    if (needs_member_id && request.member_id.empty()) {
        return invalid("MemberId can't be empty.");
    }
    if (request.group_id.empty()) {
        return invalid("GroupId can't be empty.");
    }
    if (request.instance_id && request.instance_id->empty()) {
        return invalid("InstanceId can't be empty.");
    }
    if (request.rack_id && request.rack_id->empty()) {
        return invalid("RackId can't be empty.");
    }
    if (epoch == kJoinEpoch) {
        if (request.rebalance_timeout_ms == kNotGiven) {
            return invalid("RebalanceTimeoutMs must be provided in first request.");
        }
        if (!request.topic_partitions || !request.topic_partitions->empty()) {
            return invalid("TopicPartitions must be empty when (re-)joining.");
        }
        if (!request.subscribed_topic_names && !request.subscribed_topic_regex) {
            return invalid("Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.");
        }
    } else if (epoch == kStaticLeaveEpoch && !request.instance_id) {
        return invalid("InstanceId can't be null.");
    } else if (epoch < kStaticLeaveEpoch) {
        return invalid("MemberEpoch is invalid.");
    }
    const std::vector<std::string>& assignors = environment_.config.consumer_assignors;
    if (request.server_assignor && std::ranges::find(assignors, *request.server_assignor) == assignors.end()) {
        return Refusal{ErrorCode::unsupported_assignor,
                       fmt::format("ServerAssignor {} is not supported. Supported assignors: {}.", *request.server_assignor,
                                   fmt::join(assignors, ", "))};
    }
    return std::nullopt;
}

ConsumerProtocol::Judged<ConsumerProtocol::Found> ConsumerProtocol::find_group(const Request& request) const {
    Group* group = environment_.groups.find(request.group_id);
    const bool joins = request.member_epoch == kJoinEpoch;
    if (group == nullptr) {
        if (!joins) {
            return refuse(ErrorCode::group_id_not_found, fmt::format("Consumer group {} not found.", request.group_id));
        }
        return Found{};
    }
    if (group->type() == GroupType::consumer) {
        return Found{.group = static_cast<ConsumerGroup*>(group), .upgraded = {}, .upgrade = {}};
    }
    if (joins && group->is_empty()) {
        return Found{};
    }
    if (joins) {
        Found found;
        auto made = upgraded(static_cast<const ClassicGroup&>(*group), environment_, found.upgrade);
        if (!made) {
            return refuse(ErrorCode::group_id_not_found, std::move(made.error()));
        }
        found.upgraded = std::move(*made);
        return found;
    }
    return refuse(ErrorCode::group_id_not_found, fmt::format("Group {} is not a consumer group.", request.group_id));
}

namespace {

// A member that comes with an epoch of its own, or whose answer with the newest was lost.
std::optional<std::string> why_fenced(const ConsumerMember& member, std::int32_t epoch, const std::optional<Assignment>& owned) {
    const CurrentAssignment& current = member.current;
    if (epoch == kJoinEpoch || epoch == current.epoch) {
        if (current.state == MemberState::unknown && (!owned || !owned->empty())) {
            return "The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin.";
        }
        return std::nullopt;
    }
    const bool answer_was_lost = epoch < current.epoch && epoch == current.previous_epoch && is_subset(owned, current.assigned);
    if (answer_was_lost) {
        return std::nullopt;
    }
    return fmt::format("The consumer group member has a {} member epoch ({}) than the one known by the group coordinator ({}). The "
                       "member must abandon all its partitions and rejoin.",
                       epoch > current.epoch ? "greater" : "smaller", epoch, current.epoch);
}

}  // namespace

std::optional<ConsumerProtocol::Refusal> ConsumerProtocol::find_dynamic_member(const ConsumerGroup* group, const Request& request,
                                                                               Plan& plan) const {
    const ConsumerMember* member = group == nullptr ? nullptr : group->member(plan.member_id);
    if (member == nullptr) {
        if (request.member_epoch != kJoinEpoch) {
            return Refusal{ErrorCode::unknown_member_id,
                           fmt::format("Member {} is not a member of group {}.", plan.member_id, request.group_id)};
        }
        plan.is_new = true;
        return std::nullopt;
    }
    if (std::optional<std::string> why = why_fenced(*member, request.member_epoch, plan.owned)) {
        return Refusal{ErrorCode::fenced_member_epoch, std::move(*why)};
    }
    plan.before = member->metadata;
    return std::nullopt;
}

std::optional<ConsumerProtocol::Refusal> ConsumerProtocol::find_static_member(const ConsumerGroup* group, const Request& request,
                                                                              Plan& plan) const {
    const std::string& instance = *request.instance_id;
    const std::string* holder = group == nullptr ? nullptr : group->static_member(instance);
    const bool joins = request.member_epoch == kJoinEpoch;
    if (holder == nullptr) {
        if (!joins) {
            return Refusal{ErrorCode::unknown_member_id, fmt::format("Instance id {} is unknown.", instance)};
        }
        return find_dynamic_member(group, request, plan);
    }
    const ConsumerMember& member = *group->member(*holder);
    plan.before = member.metadata;
    if (joins) {
        if (!member.uses_classic_protocol() && member.current.epoch != kStaticLeaveEpoch) {
            return Refusal{ErrorCode::unreleased_instance_id,
                           fmt::format("Static member {} with instance id {} cannot join the group because the instance id is owned "
                                       "by {} member.", plan.member_id, instance, *holder)};
        }
        plan.replaces = *holder;
        return std::nullopt;
    }
    if (*holder != plan.member_id) {
        return Refusal{ErrorCode::fenced_instance_id, fmt::format("Static member {} with instance id {} was fenced by member {}.",
                                                                  plan.member_id, instance, *holder)};
    }
    if (std::optional<std::string> why = why_fenced(member, request.member_epoch, plan.owned)) {
        return Refusal{ErrorCode::fenced_member_epoch, std::move(*why)};
    }
    return std::nullopt;
}

// An expression that is new to the group is judged and resolved before the member is let in.
std::optional<ConsumerProtocol::Refusal> ConsumerProtocol::plan_regex(const ConsumerGroup* group, const std::string& group_id,
                                                                      const Now& now, Plan& plan) const {
    const std::string regex = plan.after.subscribed_topic_regex.value_or("");
    const bool is_known = group != nullptr && group->subscriptions().resolved(regex) != nullptr;
    if (!plan.regex_changed() || regex.empty() || is_known) {
        return std::nullopt;
    }
    if (const std::string why = why_invalid(regex); !why.empty()) {
        return Refusal{ErrorCode::invalid_regular_expression,
                       fmt::format("SubscribedTopicRegex `{}` is not a valid regular expression: {}.", regex, why)};
    }
    plan.resolve = regex;
    plan.resolved = resolve(regex, now);
    if (!fits(regex_record(group_id, regex, plan.resolved))) {
        return Refusal{ErrorCode::unknown_server_error, "The names of the topics that the expression matches do not fit into a record."};
    }
    return std::nullopt;
}

ConsumerProtocol::Judged<ConsumerProtocol::Plan> ConsumerProtocol::plan(const ConsumerGroup* group, const ClientInfo& client,
                                                                        const Request& request, const Now& now) const {
    Plan plan;
    const std::size_t members = group == nullptr ? 0 : group->member_count();
    const bool is_member = group != nullptr && !request.member_id.empty() && group->member(request.member_id) != nullptr;
    if (members >= static_cast<std::size_t>(environment_.config.consumer_max_size) && !is_member) {
        return refuse(ErrorCode::group_max_size_reached,
                      fmt::format("The consumer group has reached its maximum capacity of {} members.",
                                  environment_.config.consumer_max_size));
    }
    plan.member_id = request.member_id.empty() ? base::to_string(base::make_uuid(environment_.random)) : request.member_id;
    plan.before = no_metadata();
    if (request.topic_partitions) {
        plan.owned = to_assignment(*request.topic_partitions);
    }
    if (auto refusal = request.instance_id ? find_static_member(group, request, plan) : find_dynamic_member(group, request, plan)) {
        return std::unexpected(std::move(*refusal));
    }
    MemberMetadata& after = plan.after = plan.before;
    after.instance_id = request.instance_id ? request.instance_id : after.instance_id;
    after.rack_id = request.rack_id ? request.rack_id : after.rack_id;
    after.server_assignor = request.server_assignor ? request.server_assignor : after.server_assignor;
    after.subscribed_topic_regex = request.subscribed_topic_regex ? request.subscribed_topic_regex : after.subscribed_topic_regex;
    if (request.rebalance_timeout_ms != kNotGiven) {
        after.rebalance_timeout_ms = request.rebalance_timeout_ms;
    }
    if (request.subscribed_topic_names) {
        after.subscribed_topic_names = *request.subscribed_topic_names;
        std::ranges::sort(after.subscribed_topic_names);
        const auto repeated = std::ranges::unique(after.subscribed_topic_names);
        after.subscribed_topic_names.erase(repeated.begin(), repeated.end());
    }
    after.client_id = client.id;
    after.client_host = client.host;
    after.classic_member_metadata.reset();
    if ((plan.is_new || after != plan.before) && !fits(member_metadata_record(request.group_id, plan.member_id, after))) {
        return refuse(ErrorCode::unknown_server_error, "What the member says of itself does not fit into a record.");
    }
    if (auto refusal = plan_regex(group, request.group_id, now, plan)) {
        return std::unexpected(std::move(*refusal));
    }
    return plan;
}

ResolvedRegex ConsumerProtocol::resolve(const std::string& regex, const Now& now) const {
    return {.topics = matching_topics(regex, environment_.topics),
            .version = static_cast<std::int64_t>(environment_.topics.version()),
            .timestamp_ms = now.wall_ms};
}

}  // namespace tideline::group
