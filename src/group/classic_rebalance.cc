// ClassicProtocol: rebalances from the first join to the new generation.
#include "base/log.h"
#include "group/classic_answers.h"
#include "group/classic_protocol.h"
#include "group/records.h"

namespace tideline::group {

namespace {
using State = ClassicGroup::State;
}

void ClassicProtocol::rebalance_or_complete(ClassicGroup& group, const Now& now, Effects& out) {
    if (group.state() == State::preparing_rebalance) {
        maybe_complete_join(group, now, out);
    } else {
        prepare_rebalance(group, now, out);
    }
}

void ClassicProtocol::prepare_rebalance(ClassicGroup& group, const Now& now, Effects& out) {
    if (group.state() == State::completing_rebalance) {
        group.clear_assignments();
        propagate_assignment(group, ErrorCode::rebalance_in_progress, now, out);
    }
    group.pending_sync().clear();
    group.sync_deadline = kNever;
    bool is_initial = group.state() == State::empty;
    group.prepare(now.wall_ms);
    group.join_deadline_is_initial = is_initial;
    if (is_initial) {
        // The first member waits for others, so that a group that starts up together is assigned once (KIP-134).
        group.initial_delay_ms = environment_.config.initial_rebalance_delay_ms;
        group.initial_remaining_ms = std::max(group.rebalance_timeout_ms() - group.initial_delay_ms, 0);
        group.join_deadline = now.in_ms(group.initial_delay_ms);
    } else if (group.all_joined()) {
        complete_join(group, now, out);
    } else {
        group.join_deadline = now.in_ms(group.rebalance_timeout_ms());
    }
    environment_.groups.schedule(group);
}

void ClassicProtocol::maybe_complete_join(ClassicGroup& group, const Now& now, Effects& out) {
    // The first rebalance of a group ends with its delay, not with the last member that is known so far.
    if (group.state() == State::preparing_rebalance && group.previous_state() != State::empty && group.all_joined()) {
        complete_join(group, now, out);
    }
}

void ClassicProtocol::end_initial_delay(ClassicGroup& group, const Now& now, Effects& out) {
    if (!group.new_member_added || group.initial_remaining_ms == 0) {
        complete_join(group, now, out);
        return;
    }
    group.new_member_added = false;
    auto delay_ms = std::min(environment_.config.initial_rebalance_delay_ms, group.initial_remaining_ms);
    group.initial_remaining_ms = std::max(group.initial_remaining_ms - group.initial_delay_ms, 0);
    group.initial_delay_ms = delay_ms;
    group.join_deadline = now.in_ms(delay_ms);
}

void ClassicProtocol::complete_join(ClassicGroup& group, const Now& now, Effects& out) {
    group.join_deadline = kNever;
    group.join_deadline_is_initial = false;
    std::vector<std::string> absent;
    for (const auto& [id, member] : group.members()) {
        if (member.awaiting_join == kNoTicket && !member.instance_id) {
            absent.push_back(id);
        }
    }
    for (const auto& id : absent) {
        tell_of_removal(group, id, Removal::rebalance_missed);
        expel(group, id, out);
    }
    if (!group.elect_joined_leader() && group.member_count() > 0) {
        // Static members that are away keep the group; without anybody to lead, it waits on.
        group.join_deadline = now.in_ms(std::max(group.rebalance_timeout_ms(), 1));
        return;
    }
    group.next_generation(now.wall_ms);
    if (group.state() == State::empty) {
        protocol::GroupMetadataKey key;
        key.group = group.id();
        out.add(make_record(key, group.to_record(), kGroupMetadataVersion));
        return;
    }
    if (environment_.watcher != nullptr) {
        environment_.watcher->rebalanced(group.id());
    }
    for (auto& [id, member] : group.members()) {
        answer_join(group, member, joined(group, member, group.is_leader(id)), out);
        keep_alive(group, member, now);
        member.is_new = false;
        group.pending_sync().insert(id);
    }
    group.sync_deadline = now.in_ms(group.rebalance_timeout_ms());
}

void ClassicProtocol::expire_pending_sync(ClassicGroup& group, const Now& now, Effects& out) {
    group.sync_deadline = kNever;
    auto silent = group.pending_sync();
    if (silent.empty() || (group.state() != State::completing_rebalance && group.state() != State::stable)) {
        return;
    }
    for (const auto& id : silent) {
        tell_of_removal(group, id, Removal::sync_missed);
        expel(group, id, out);
    }
    prepare_rebalance(group, now, out);
}

void ClassicProtocol::expire_session(ClassicGroup& group, const std::string& member_id, const Now& now, Effects& out) {
    if (group.is_pending(member_id)) {
        drop_pending(group, member_id, now, out);
        return;
    }
    auto* member = group.find(member_id);
    // A rebalance that an earlier member's end completed may have answered and revived this one.
    if (member == nullptr || member->session_deadline > now.instant || member->is_excused()) {
        return;
    }
    TL_LOG_INFO("group_member_expired", {"group", group.id()}, {"member", member_id});
    tell_of_removal(group, member_id, Removal::session_expired);
    expel(group, member_id, out);
    if (group.state() == State::stable || group.state() == State::completing_rebalance) {
        prepare_rebalance(group, now, out);
    } else if (group.state() == State::preparing_rebalance && group.all_joined()) {
        complete_join(group, now, out);
    }
}

void ClassicProtocol::tell_of_removal(ClassicGroup& group, const std::string& member_id, Removal why) {
    const auto* member = environment_.watcher == nullptr ? nullptr : group.find(member_id);
    if (member != nullptr) {
        environment_.watcher->member_removed(group.id(), member_id, member->client_id, member->client_host, why);
    }
}

void ClassicProtocol::drop_pending(ClassicGroup& group, const std::string& member_id, const Now& now, Effects& out) {
    group.remove(member_id);
    if (group.state() == State::preparing_rebalance && group.all_joined()) {
        complete_join(group, now, out);
    }
}

void ClassicProtocol::expire(ClassicGroup& group, const Now& now, Effects& out) {
    for (const auto& id : group.take_expired(now.instant)) {
        expire_session(group, id, now, out);
    }
    if (group.join_deadline <= now.instant) {
        if (group.join_deadline_is_initial) {
            end_initial_delay(group, now, out);
        } else {
            complete_join(group, now, out);
        }
    }
    if (group.sync_deadline <= now.instant) {
        expire_pending_sync(group, now, out);
    }
    environment_.groups.schedule(group);
}

void ClassicProtocol::adopt(ClassicGroup& group, const Now& now) {
    for (auto& [id, member] : group.members()) {
        keep_alive(group, member, now);
    }
    environment_.groups.schedule(group);
}

void ClassicProtocol::finish_load(ClassicGroup& group, const Now& now, Effects& out) {
    adopt(group, now);
    if (group.member_count() > static_cast<std::size_t>(environment_.config.max_size)) {
        prepare_rebalance(group, now, out);
    }
    environment_.groups.schedule(group);
}

}  // namespace tideline::group
