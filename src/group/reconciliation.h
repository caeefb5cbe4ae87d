// group/reconciliation.h: the next step of a member from what it owns to what it should own (KIP-848).
//
// A partition changes hands in three steps: its owner is told to give it up, says that it did, and only then another member gets
// it. So no two members ever own it at once.
#pragma once

#include <functional>
#include <optional>

#include "group/consumer_member.h"

namespace tideline::group {

struct ReconcileInput {
    const CurrentAssignment& current;
    std::int32_t target_epoch;
    const Assignment& target;
    const std::vector<Uuid>& subscribed_topics;  // ascending; partitions of others are given up whatever the target says
    bool subscription_changed;
    const std::optional<Assignment>& owned;  // what the member says it still owns; nullopt: it does not say
    std::function<bool(const Uuid& topic, std::int32_t partition)> has_owner;  // some member owns it, or is to give it up
};

// The current assignment again when there is nothing to do. Not for a member in state unknown that owns partitions: it is fenced.
CurrentAssignment reconcile(const ReconcileInput& input);

}  // namespace tideline::group
