#include "group/consumer_group.h"

#include <algorithm>

namespace tideline::group {

const ConsumerMember* ConsumerGroup::member(std::string_view member_id) const {
    const auto found = members_.find(member_id);
    return found == members_.end() ? nullptr : &found->second;
}

const std::string* ConsumerGroup::static_member(std::string_view instance_id) const {
    const auto found = static_members_.find(instance_id);
    return found == static_members_.end() ? nullptr : &found->second;
}

const Assignment& ConsumerGroup::target(std::string_view member_id) const {
    static const Assignment nothing;
    const auto found = targets_.find(member_id);
    return found == targets_.end() ? nothing : found->second;
}

bool ConsumerGroup::has_owner(const Uuid& topic, std::int32_t partition) const {
    const auto found = owner_epochs_.find(topic);
    return found != owner_epochs_.end() && found->second.contains(partition);
}

bool ConsumerGroup::waits_for_release(std::string_view member_id) const {
    const ConsumerMember& waiting = *member(member_id);
    const Assignment missing = difference(target(member_id), waiting.current.assigned);
    return std::ranges::any_of(missing, [this](const auto& entry) {
        return std::ranges::any_of(entry.second, [&](std::int32_t partition) { return has_owner(entry.first, partition); });
    });
}

bool ConsumerGroup::supports(std::string_view protocol_type,
                             const std::vector<protocol::JoinGroupRequest::JoinGroupRequestProtocol>& protocols) const {
    const auto has = [](const ConsumerMember& member, const std::string& name) {
        const auto& supported = member.metadata.classic_member_metadata->supported_protocols;
        return std::ranges::any_of(supported, [&name](const auto& protocol) { return protocol.name == name; });
    };
    return protocol_type == this->protocol_type() && std::ranges::any_of(protocols, [&](const auto& protocol) {
        return std::ranges::all_of(members_, [&](const auto& entry) {
            return !entry.second.uses_classic_protocol() || has(entry.second, protocol.name);
        });
    });
}

std::optional<std::string_view> ConsumerGroup::preferred_assignor() const {
    const auto most = std::ranges::max_element(assignor_votes_, {}, [](const auto& entry) { return entry.second; });
    return most == assignor_votes_.end() ? std::nullopt : std::optional<std::string_view>(most->first);
}

void ConsumerGroup::set_epoch(std::int32_t epoch, std::uint64_t metadata_hash) {
    epoch_ = epoch;
    metadata_hash_ = metadata_hash;
}

void ConsumerGroup::set_metadata(const std::string& member_id, MemberMetadata metadata) {
    std::ranges::sort(metadata.subscribed_topic_names);
    const auto repeated = std::ranges::unique(metadata.subscribed_topic_names);
    metadata.subscribed_topic_names.erase(repeated.begin(), repeated.end());

    ConsumerMember& member = members_[member_id];
    const auto vote = [this](const MemberMetadata& said, int delta) {
        if (said.server_assignor && (assignor_votes_[*said.server_assignor] += static_cast<std::size_t>(delta)) == 0) {
            assignor_votes_.erase(*said.server_assignor);
        }
    };
    subscriptions_.remove(member.metadata);
    vote(member.metadata, -1);
    if (const auto& instance = member.metadata.instance_id) {
        const std::string* holder = static_member(*instance);
        if (holder != nullptr && *holder == member_id) {
            static_members_.erase(*instance);
        }
    }
    member.metadata = std::move(metadata);
    subscriptions_.add(member.metadata);
    vote(member.metadata, 1);
    if (member.metadata.instance_id) {
        static_members_[*member.metadata.instance_id] = member_id;
    }
}

void ConsumerGroup::set_current(const std::string& member_id, CurrentAssignment current) {
    ConsumerMember& member = members_[member_id];
    disown(member.current.assigned, member.current.epoch);
    disown(member.current.pending_revocation, member.current.epoch);
    member.current = std::move(current);
    own(member.current.assigned, member.current.epoch);
    own(member.current.pending_revocation, member.current.epoch);
}

void ConsumerGroup::set_target(const std::string& member_id, Assignment target) { targets_[member_id] = std::move(target); }

void ConsumerGroup::remove_member(std::string_view member_id) {
    const auto found = members_.find(member_id);
    if (found == members_.end()) {
        return;
    }
    remove_current(member_id);
    set_metadata(found->first, no_metadata());
    members_.erase(found);
}

// What Kafka calls the leave epoch is what such a member has until its last record goes, too.
void ConsumerGroup::remove_current(std::string_view member_id) {
    if (const auto found = members_.find(member_id); found != members_.end()) {
        set_current(found->first, CurrentAssignment{.epoch = kLeaveEpoch,
                                                    .previous_epoch = kLeaveEpoch,
                                                    .state = found->second.current.state,
                                                    .assigned = {},
                                                    .pending_revocation = {}});
    }
}

void ConsumerGroup::remove_target(std::string_view member_id) {
    if (const auto found = targets_.find(member_id); found != targets_.end()) {
        targets_.erase(found);
    }
}

// In a compacted log a partition's new owner may come before the record with which the old one gave it up. The newer epoch counts.
void ConsumerGroup::own(const Assignment& assignment, std::int32_t epoch) {
    for (const auto& [topic, partitions] : assignment) {
        auto& epochs = owner_epochs_[topic];
        for (const std::int32_t partition : partitions) {
            const auto [entry, is_new] = epochs.try_emplace(partition, epoch);
            entry->second = std::max(entry->second, epoch);
        }
    }
}

void ConsumerGroup::disown(const Assignment& assignment, std::int32_t epoch) {
    for (const auto& [topic, partitions] : assignment) {
        const auto epochs = owner_epochs_.find(topic);
        if (epochs == owner_epochs_.end()) {
            continue;
        }
        for (const std::int32_t partition : partitions) {
            const auto entry = epochs->second.find(partition);
            if (entry != epochs->second.end() && entry->second == epoch) {
                epochs->second.erase(entry);
            }
        }
        if (epochs->second.empty()) {
            owner_epochs_.erase(epochs);
        }
    }
}

void ConsumerGroup::set_session_deadline(std::string_view member_id, Instant deadline) {
    members_.find(member_id)->second.session_deadline = deadline;
    next_deadline_ = std::min(next_deadline_, deadline);
}

void ConsumerGroup::set_rebalance_deadline(std::string_view member_id, Instant deadline) {
    ConsumerMember& member = members_.find(member_id)->second;
    member.rebalance_deadline = deadline;
    member.rebalance_epoch = member.current.epoch;
    next_deadline_ = std::min(next_deadline_, deadline);
}

void ConsumerGroup::set_join_deadline(std::string_view member_id, Instant deadline) {
    members_.find(member_id)->second.join_deadline = deadline;
    next_deadline_ = std::min(next_deadline_, deadline);
}

void ConsumerGroup::set_sync_deadline(std::string_view member_id, Instant deadline) {
    members_.find(member_id)->second.sync_deadline = deadline;
    next_deadline_ = std::min(next_deadline_, deadline);
}

void ConsumerGroup::recompute_deadline() {
    next_deadline_ = kNever;
    for (const auto& [id, member] : members_) {
        next_deadline_ = std::min({next_deadline_, member.session_deadline, member.rebalance_deadline, member.join_deadline,
                                   member.sync_deadline});
    }
}

std::unique_ptr<ConsumerGroup> ConsumerGroup::copy() const {
    auto made = std::make_unique<ConsumerGroup>(id());
    made->epoch_ = epoch_;
    made->metadata_hash_ = metadata_hash_;
    made->assignment_epoch_ = assignment_epoch_;
    made->has_partition_metadata_ = has_partition_metadata_;
    made->members_ = members_;
    made->static_members_ = static_members_;
    made->targets_ = targets_;
    made->assignor_votes_ = assignor_votes_;
    made->subscriptions_ = subscriptions_;
    made->owner_epochs_ = owner_epochs_;
    made->next_deadline_ = next_deadline_;
    made->checked_metadata = checked_metadata;
    return made;
}

}  // namespace tideline::group
