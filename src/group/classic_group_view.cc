// ClassicGroup as others see it: its record, what it allows, and its printed form.
#include "group/classic_group.h"
#include "group/records.h"

namespace tideline::group {

std::unique_ptr<ClassicGroup> ClassicGroup::from_record(std::string id, const protocol::GroupMetadataValue& value) {
    auto group = std::make_unique<ClassicGroup>(std::move(id), 0);
    group->generation_ = value.generation;
    group->protocol_type_ = value.protocol_type;
    group->protocol_name_ = value.protocol;
    group->state_since_ms_.reset();
    if (value.current_state_timestamp != -1) {
        group->state_since_ms_ = value.current_state_timestamp;
    }
    for (const auto& member : value.members) {
        if (group->members_.contains(member.member_id) ||
            (member.group_instance_id && group->static_members_.contains(*member.group_instance_id))) {
            continue;
        }
        group->add({.id = member.member_id,
                    .instance_id = member.group_instance_id,
                    .client_id = member.client_id,
                    .client_host = member.client_host,
                    .rebalance_timeout_ms = member.rebalance_timeout == -1 ? member.session_timeout : member.rebalance_timeout,
                    .session_timeout_ms = member.session_timeout,
                    .protocols = {{.name = value.protocol.value_or(""), .metadata = member.subscription}},
                    .assignment = member.assignment},
                   value.protocol_type);
    }
    group->leader_ = value.leader;
    if (!group->members_.empty() && (!value.leader || !group->members_.contains(*value.leader))) {
        group->leader_ = group->members_.begin()->first;
    }
    group->state_ = group->members_.empty() ? State::empty : State::stable;
    group->compute_subscribed_topics();
    return group;
}

protocol::GroupMetadataValue ClassicGroup::to_record() const {
    protocol::GroupMetadataValue value;
    value.protocol_type = protocol_type_;
    value.generation = generation_;
    value.protocol = protocol_name_;
    value.leader = leader_;
    value.current_state_timestamp = state_since_ms_.value_or(-1);
    value.members.reserve(members_.size());
    for (const auto& [id, member] : members_) {
        auto& entry = value.members.emplace_back();
        entry.member_id = id;
        entry.group_instance_id = member.instance_id;
        entry.client_id = member.client_id;
        entry.client_host = member.client_host;
        entry.rebalance_timeout = member.rebalance_timeout_ms;
        entry.session_timeout = member.session_timeout_ms;
        entry.subscription = member.metadata_for(protocol_name_.value_or(""));
        entry.assignment = member.assignment;
    }
    return value;
}

protocol::GroupMetadataValue ClassicGroup::to_first_record() const {
    protocol::GroupMetadataValue value;
    value.protocol.reset();
    value.leader.reset();
    value.current_state_timestamp = state_since_ms_.value_or(-1);
    return value;
}

std::string_view ClassicGroup::state_name() const {
    switch (state_) {
        case State::empty: return "Empty";
        case State::preparing_rebalance: return "PreparingRebalance";
        case State::completing_rebalance: return "CompletingRebalance";
        case State::stable: return "Stable";
    }
    return "";
}

bool ClassicGroup::is_subscribed_to(std::string_view topic) const {
    // A consumer whose subscription cannot be read may be subscribed to anything.
    return subscribed_topics_ ? subscribed_topics_->contains(std::string(topic)) : uses_consumer_protocol();
}

base::Result<> ClassicGroup::check_commit(const CommitClaim& claim) const {
    if (claim.generation_or_epoch < 0 && state_ == State::empty) {
        return {};  // a consumer that assigns its partitions itself, or an operator's tool
    }
    if (claim.generation_or_epoch >= 0 || !claim.member_id.empty() || claim.instance_id) {
        TL_TRY_VOID(check_member(claim.member_id, claim.instance_id));
        if (claim.generation_or_epoch != generation_) {
            return base::fail(ErrorCode::illegal_generation, "a commit of another generation", claim.generation_or_epoch);
        }
    } else if (!claim.is_transactional && state_ != State::empty) {
        return base::fail(ErrorCode::unknown_member_id, "the group has members, and the commit comes from none");
    }
    if (!claim.is_transactional && state_ == State::completing_rebalance) {
        return base::fail(ErrorCode::rebalance_in_progress, "the assignment is still to come");
    }
    return {};
}

base::Result<> ClassicGroup::check_delete_offsets() const {
    if (state_ != State::empty && !uses_consumer_protocol()) {
        return base::fail(ErrorCode::non_empty_group, "nobody knows what the members read");
    }
    return {};
}

base::Result<> ClassicGroup::check_delete() const {
    if (state_ != State::empty) {
        return base::fail(ErrorCode::non_empty_group, "the group has members");
    }
    return {};
}

void ClassicGroup::add_tombstones(Effects& out) const {
    protocol::GroupMetadataKey key;
    key.group = id();
    out.add(tombstone(key));
}

std::optional<OffsetClock> ClassicGroup::offset_clock() const {
    if (protocol_type_.empty()) {
        return OffsetClock{};  // without members ever: each offset for itself
    }
    if (state_ == State::empty) {
        return OffsetClock{.since_ms = state_since_ms_};
    }
    if (uses_consumer_protocol() && subscribed_topics_ && state_ == State::stable) {
        return OffsetClock{};  // of topics that nobody in the group reads any more
    }
    return std::nullopt;
}

Instant ClassicGroup::next_deadline() const { return std::min({join_deadline, sync_deadline, session_scan_}); }

void ClassicGroup::print_durable(std::string& out) const {
    out += "group " + id();
    if (state_ != State::empty && state_ != State::stable) {
        out += " rebalancing\n";
        return;
    }
    out += " classic generation=" + std::to_string(generation_) + " type=" + protocol_type_ + " protocol=" +
           protocol_name_.value_or("-") + " leader=" + leader_.value_or("-");
    if (state_ == State::empty && !protocol_type_.empty()) {
        out += " empty_since=" + std::to_string(state_since_ms_.value_or(-1));
    }
    out += "\n";
    for (const auto& [id, member] : members_) {
        out += "  member " + id + " instance=" + member.instance_id.value_or("-") + " client=" + member.client_id +
               member.client_host + " timeouts=" + std::to_string(member.session_timeout_ms) + "/" +
               std::to_string(member.rebalance_timeout_ms) + " subscription=" +
               std::to_string(member.metadata_for(protocol_name_.value_or("")).size()) + "b assignment=" +
               std::string(base::as_text(member.assignment)) + "\n";
    }
}

}  // namespace tideline::group
