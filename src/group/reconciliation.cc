#include "group/reconciliation.h"

#include <algorithm>

namespace tideline::group {

namespace {

// Does the member still own any of `revoked`? Who does not say does.
bool still_owns(const std::optional<Assignment>& owned, const Assignment& revoked) {
    return !owned || !intersection(*owned, revoked).empty();
}

bool is_subscribed(const ReconcileInput& input, const Uuid& topic) {
    return std::ranges::binary_search(input.subscribed_topics, topic);
}

Assignment subscribed_part(const ReconcileInput& input, const Assignment& assignment) {
    Assignment part = assignment;
    std::erase_if(part, [&input](const auto& entry) { return !is_subscribed(input, entry.first); });
    return part;
}

// The member wants less than before, while the target stays what it is: it gives up what it no longer wants.
CurrentAssignment drop_unsubscribed(const ReconcileInput& input) {
    const CurrentAssignment& current = input.current;
    CurrentAssignment next = current;
    next.assigned = subscribed_part(input, current.assigned);
    if (next.assigned == current.assigned) {
        return current;
    }
    const Assignment revoked = united(current.pending_revocation, difference(current.assigned, next.assigned));
    if (still_owns(input.owned, revoked)) {
        next.state = MemberState::unrevoked_partitions;
        next.pending_revocation = revoked;
    }
    return next;
}

// One step towards the target: gives up first, gets what is free afterwards.
CurrentAssignment advance(const ReconcileInput& input) {
    const CurrentAssignment& current = input.current;
    const Assignment target = subscribed_part(input, input.target);
    CurrentAssignment next = current;
    next.assigned = intersection(current.assigned, target);
    const Assignment revoked = difference(current.assigned, next.assigned);
    next.previous_epoch = current.epoch;
    if (!revoked.empty() && still_owns(input.owned, revoked)) {
        next.state = MemberState::unrevoked_partitions;
        next.pending_revocation = revoked;
        return next;
    }
    Assignment wanted = difference(target, next.assigned);
    bool waits = false;
    for (auto& [topic, partitions] : wanted) {
        waits |= std::erase_if(partitions, [&](std::int32_t partition) {
            // What the member itself was giving up is its own to take back.
            return input.has_owner(topic, partition) && !contains(current.pending_revocation, topic, partition);
        }) > 0;
    }
    std::erase_if(wanted, [](const auto& entry) { return entry.second.empty(); });
    next.assigned = united(next.assigned, wanted);
    next.pending_revocation.clear();
    next.epoch = input.target_epoch;
    next.state = waits ? MemberState::unreleased_partitions : MemberState::stable;
    return next;
}

}  // namespace

CurrentAssignment reconcile(const ReconcileInput& input) {
    const CurrentAssignment& current = input.current;
    switch (current.state) {
        case MemberState::stable:
            if (current.epoch != input.target_epoch) {
                return advance(input);
            }
            return input.subscription_changed ? drop_unsubscribed(input) : current;
        case MemberState::unrevoked_partitions:
            if (still_owns(input.owned, current.pending_revocation)) {
                return input.subscription_changed ? drop_unsubscribed(input) : current;
            }
            return advance(input);
        case MemberState::unreleased_partitions:
        case MemberState::unknown:
            return advance(input);
    }
    return current;
}

}  // namespace tideline::group
