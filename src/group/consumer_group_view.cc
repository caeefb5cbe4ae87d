// ConsumerGroup as others see it: its state, what it allows, its tombstones and its printed form.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "group/consumer_group.h"
#include "group/consumer_records.h"

namespace tideline::group {

namespace {

constexpr std::int16_t kFirstCommitVersionWithEpochs = 9;  // KIP-848
constexpr std::int32_t kNoEpoch = -1;

base::Result<> check_epoch(std::int32_t claimed, const ConsumerMember& member) {
    if (claimed == member.current.epoch) {
        return {};
    }
    return member.uses_classic_protocol()
               ? base::fail(ErrorCode::illegal_generation, "not the epoch of the member", member.current.epoch)
               : base::fail(ErrorCode::stale_member_epoch, "not the epoch of the member", member.current.epoch);
}

std::string print(const Assignment& assignment) {
    std::string text;
    for (const auto& [topic, partitions] : assignment) {
        fmt::format_to(std::back_inserter(text), " {}:{}", base::to_string(topic), fmt::join(partitions, ","));
    }
    return text.empty() ? " -" : text;
}

}  // namespace

std::string_view ConsumerGroup::state_name() const {
    if (members_.empty()) {
        return "Empty";
    }
    if (epoch_ > assignment_epoch_) {
        return "Assigning";
    }
    const bool reconciled = std::ranges::all_of(
        members_, [this](const auto& entry) { return entry.second.current.is_reconciled_to(assignment_epoch_); });
    return reconciled ? "Stable" : "Reconciling";
}

base::Result<> ConsumerGroup::check_commit(const CommitClaim& claim) const {
    // Administrators, and consumers that assign partitions to themselves.
    if (claim.generation_or_epoch < 0 && members_.empty()) {
        return {};
    }
    if (claim.is_transactional && claim.generation_or_epoch == kNoEpoch && claim.member_id.empty() && !claim.instance_id) {
        return {};
    }
    const ConsumerMember* claimed = member(claim.member_id);
    if (claimed == nullptr) {
        return base::fail(ErrorCode::unknown_member_id, "not a member of the group");
    }
    if (!claim.is_transactional && !claimed->uses_classic_protocol() && claim.api_version < kFirstCommitVersionWithEpochs) {
        return base::fail(ErrorCode::unsupported_version, "members of consumer groups commit with version 9 or later");
    }
    return check_epoch(claim.generation_or_epoch, *claimed);
}

base::Result<> ConsumerGroup::check_fetch(const std::optional<std::string>& member_id, std::int32_t member_epoch) const {
    if (!member_id && member_epoch < 0) {
        return {};
    }
    const ConsumerMember* claimed = member(member_id.value_or(""));
    if (claimed == nullptr) {
        return base::fail(ErrorCode::unknown_member_id, "not a member of the group");
    }
    return check_epoch(member_epoch, *claimed);
}

base::Result<> ConsumerGroup::check_delete() const {
    if (!members_.empty()) {
        return base::fail(ErrorCode::non_empty_group, "the group has members");
    }
    return {};
}

// Kafka's order. Replaying it never leaves a member without what it stands on.
void ConsumerGroup::add_tombstones(Effects& out) const {
    for (const auto& [member_id, member] : members_) {
        out.add(current_assignment_tombstone(id(), member_id));
    }
    for (const auto& [member_id, member] : members_) {
        out.add(target_assignment_tombstone(id(), member_id));
    }
    out.add(assignment_epoch_tombstone(id()));
    for (const auto& [member_id, member] : members_) {
        out.add(member_metadata_tombstone(id(), member_id));
    }
    for (const auto& [regex, resolved] : subscriptions_.resolved()) {
        out.add(regex_tombstone(id(), regex));
    }
    out.add(partition_metadata_tombstone(id()));
    out.add(group_epoch_tombstone(id()));
}

void ConsumerGroup::print_durable(std::string& out) const {
    const auto line = std::back_inserter(out);
    fmt::format_to(line, "consumer group {} epoch={} hash={:016x} assignment_epoch={}{}\n", id(), epoch_, metadata_hash_,
                   assignment_epoch_, has_partition_metadata_ ? " partition_metadata" : "");
    for (const auto& [member_id, member] : members_) {
        const MemberMetadata& said = member.metadata;
        fmt::format_to(line, "  member {} instance={} rack={} client={}{} topics={} regex={} timeout={} assignor={} classic={}\n",
                       member_id, said.instance_id.value_or("-"), said.rack_id.value_or("-"), said.client_id, said.client_host,
                       fmt::join(said.subscribed_topic_names, ","), member.regex(), said.rebalance_timeout_ms,
                       said.server_assignor.value_or("-"), member.uses_classic_protocol());
        fmt::format_to(line, "    epoch={} previous={} state={} assigned{} revoking{}\n", member.current.epoch,
                       member.current.previous_epoch, static_cast<int>(member.current.state), print(member.current.assigned),
                       print(member.current.pending_revocation));
    }
    for (const auto& [member_id, target] : targets_) {
        fmt::format_to(line, "  target {}{}\n", member_id, print(target));
    }
    for (const auto& [regex, resolved] : subscriptions_.resolved()) {
        fmt::format_to(line, "  regex {} topics={} version={} timestamp={}\n", regex, fmt::join(resolved.topics, ","),
                       resolved.version, resolved.timestamp_ms);
    }
}

}  // namespace tideline::group
