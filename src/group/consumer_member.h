// group/consumer_member.h: one member of a consumer group: what it said of itself, and what it owns.
//
//                        reconcile() (reconciliation.h)
//   stable ─────────────► unrevoked_partitions   must give up `pending_revocation` before it gets the next epoch
//      ▲  ◄─────────────        │
//      │                        ▼
//      └──────────────── unreleased_partitions   has the target's epoch, but some of its partitions still have other owners
//
// Both halves are records of their own; a member is made by the first of them that comes.
#pragma once

#include <optional>
#include <string>

#include "group/assignment.h"
#include "group/types.h"
#include "protocol/messages/consumer_group_member_metadata_record.h"

namespace tideline::group {

// The numbers are those of the record.
enum class MemberState : std::int8_t { stable = 0, unrevoked_partitions = 1, unreleased_partitions = 2, unknown = 127 };

// Epochs of a heartbeat that are none.
inline constexpr std::int32_t kJoinEpoch = 0;
inline constexpr std::int32_t kLeaveEpoch = -1;
inline constexpr std::int32_t kStaticLeaveEpoch = -2;

// Topic names are sorted, each once.
using MemberMetadata = protocol::ConsumerGroupMemberMetadataValue;

// Of a member that said nothing yet.
inline MemberMetadata no_metadata() {
    MemberMetadata metadata;
    metadata.instance_id.reset();
    metadata.rack_id.reset();
    metadata.server_assignor.reset();
    return metadata;
}

struct CurrentAssignment {
    std::int32_t epoch = 0;
    std::int32_t previous_epoch = -1;
    MemberState state = MemberState::stable;
    Assignment assigned;
    Assignment pending_revocation;  // only when unrevoked_partitions

    // The member has what the target assignment of that epoch gives it.
    bool is_reconciled_to(std::int32_t target_epoch) const { return state == MemberState::stable && epoch == target_epoch; }
    friend bool operator==(const CurrentAssignment&, const CurrentAssignment&) = default;
};

struct ConsumerMember {
    MemberMetadata metadata = no_metadata();
    CurrentAssignment current;

    // In memory only.
    Instant session_deadline = kNever;
    Instant rebalance_deadline = kNever;  // by then it has given up what it must
    std::int32_t rebalance_epoch = -1;    // the epoch that deadline is about
    // Of a member that speaks the classic protocol: by then it has joined again, or fetched what the join brought.
    Instant join_deadline = kNever;
    Instant sync_deadline = kNever;

    bool uses_classic_protocol() const { return metadata.classic_member_metadata.has_value(); }
    // "" when it has none.
    std::string_view regex() const { return metadata.subscribed_topic_regex ? *metadata.subscribed_topic_regex : std::string_view{}; }
};

}  // namespace tideline::group
