// group/consumer_group.h: a group of the consumer protocol (KIP-848), as its records say.
//
//   empty ──a member joins──► assigning ──target assignment──► reconciling ──every member has its part──► stable
// The state is computed, never set: assigning while the group's epoch is ahead of the target assignment's.
//
// Every setter is what one record does, live (consumer_changes.h) and when the log is replayed; nothing else changes what is durable.
// Replay takes records in any order that compaction may leave.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "group/assignment.h"
#include "group/consumer_member.h"
#include "group/group.h"
#include "group/subscriptions.h"

namespace tideline::group {

class ConsumerGroup final : public Group {
public:
    using Members = std::map<std::string, ConsumerMember, std::less<>>;

    explicit ConsumerGroup(std::string id) : Group(std::move(id)) {}
    // To try out what would happen.
    std::unique_ptr<ConsumerGroup> copy() const;

    // What any group can be asked.
    GroupType type() const override { return GroupType::consumer; }
    std::string_view state_name() const override;
    std::string_view protocol_type() const override { return "consumer"; }
    bool is_empty() const override { return members_.empty(); }
    std::size_t member_count() const override { return members_.size(); }
    bool is_subscribed_to(std::string_view topic) const override { return subscriptions_.contains(topic); }
    base::Result<> check_commit(const CommitClaim& claim) const override;
    base::Result<> check_fetch(const std::optional<std::string>& member_id, std::int32_t member_epoch) const override;
    base::Result<> check_delete_offsets() const override { return {}; }
    base::Result<> check_delete() const override;
    void add_tombstones(Effects& out) const override;
    std::optional<OffsetClock> offset_clock() const override { return OffsetClock{}; }
    Instant next_deadline() const override { return next_deadline_; }
    void print_durable(std::string& out) const override;

    std::int32_t epoch() const { return epoch_; }
    std::uint64_t metadata_hash() const { return metadata_hash_; }
    std::int32_t assignment_epoch() const { return assignment_epoch_; }
    const Members& members() const { return members_; }
    const ConsumerMember* member(std::string_view member_id) const;
    // The id of the member that has this instance id, or nullptr.
    const std::string* static_member(std::string_view instance_id) const;
    const Subscriptions& subscriptions() const { return subscriptions_; }
    // What the member should own; empty when it is to own nothing.
    const Assignment& target(std::string_view member_id) const;
    bool has_target(std::string_view member_id) const { return targets_.contains(member_id); }
    // A member owns the partition, or still has to give it up.
    bool has_owner(const Uuid& topic, std::int32_t partition) const;
    // Some of what the member should own another one has not released yet.
    bool waits_for_release(std::string_view member_id) const;
    // Somebody with these protocols may be a member: all who speak the classic protocol have one of them.
    bool supports(std::string_view protocol_type, const std::vector<protocol::JoinGroupRequest::JoinGroupRequestProtocol>& protocols) const;
    // The assignor most members ask for, by name where they are even; nullopt when nobody asks.
    std::optional<std::string_view> preferred_assignor() const;
    // Written by Kafka before 4.1; the next change of the group's metadata removes it.
    bool has_partition_metadata() const { return has_partition_metadata_; }

    void set_epoch(std::int32_t epoch, std::uint64_t metadata_hash);
    void set_metadata(const std::string& member_id, MemberMetadata metadata);
    void set_current(const std::string& member_id, CurrentAssignment current);
    void set_target(const std::string& member_id, Assignment target);
    void set_assignment_epoch(std::int32_t epoch) { assignment_epoch_ = epoch; }
    void set_resolved(const std::string& regex, ResolvedRegex resolved) { subscriptions_.resolve(regex, std::move(resolved)); }
    void set_partition_metadata(bool present) { has_partition_metadata_ = present; }
    void remove_member(std::string_view member_id);
    void remove_current(std::string_view member_id);
    void remove_target(std::string_view member_id);
    void remove_resolved(std::string_view regex) { subscriptions_.forget(regex); }

    // Timers of a member, which exists; kNever for none. A deadline that moves away leaves next_deadline() as it was.
    void set_session_deadline(std::string_view member_id, Instant deadline);
    void set_rebalance_deadline(std::string_view member_id, Instant deadline);
    void set_join_deadline(std::string_view member_id, Instant deadline);
    void set_sync_deadline(std::string_view member_id, Instant deadline);
    // Looks at all members: next_deadline() is exact afterwards.
    void recompute_deadline();

    // Which state of the metadata the group's hash was last compared with; in memory only.
    std::uint64_t checked_metadata = 0;

private:
    void own(const Assignment& assignment, std::int32_t epoch);
    void disown(const Assignment& assignment, std::int32_t epoch);

    std::int32_t epoch_ = 0;
    std::uint64_t metadata_hash_ = 0;
    std::int32_t assignment_epoch_ = 0;
    bool has_partition_metadata_ = false;
    Members members_;
    std::map<std::string, std::string, std::less<>> static_members_;  // instance id → member id
    std::map<std::string, Assignment, std::less<>> targets_;          // by member id
    std::map<std::string, std::size_t, std::less<>> assignor_votes_;
    Subscriptions subscriptions_;
    // The epoch of the member that owns each partition.
    std::unordered_map<Uuid, std::unordered_map<std::int32_t, std::int32_t>> owner_epochs_;
    Instant next_deadline_ = kNever;
};

}  // namespace tideline::group
