#include "group/group_table.h"

#include "base/check.h"

namespace tideline::group {

std::string_view name_of(GroupType type) { return type == GroupType::classic ? "classic" : "consumer"; }

GroupTable::~GroupTable() {
    for (const auto& [id, group] : groups_) {
        count(*group, 0);
    }
}

void GroupTable::count(Group& group, std::size_t bytes) {
    if (member_memory_ != nullptr && bytes != group.counted_bytes_) {
        member_memory_->count(std::exchange(group.counted_bytes_, bytes), bytes);
    }
}

Group* GroupTable::find(std::string_view id) const {
    auto found = groups_.find(id);
    return found == groups_.end() ? nullptr : found->second.get();
}

Group& GroupTable::put(std::unique_ptr<Group> group) {
    auto& slot = groups_[group->id()];
    if (slot) {
        by_serial_.erase(slot->serial_);
        count(*slot, 0);
    }
    slot = std::move(group);
    slot->serial_ = ++last_serial_;
    by_serial_[slot->serial_] = slot.get();
    count(*slot, slot->member_bytes());
    return *slot;
}

void GroupTable::erase(std::string_view id) {
    if (auto found = groups_.find(id); found != groups_.end()) {
        by_serial_.erase(found->second->serial_);
        count(*found->second, 0);
        groups_.erase(found);
    }
}

void GroupTable::for_each(const std::function<void(Group&)>& visit) const {
    for (const auto& [id, group] : groups_) {
        visit(*group);
    }
}

void GroupTable::schedule(Group& group) {
    count(group, group.member_bytes());
    auto deadline = group.next_deadline();
    if (deadline < group.scheduled_) {
        group.scheduled_ = deadline;
        wakes_.push({.when = deadline, .serial = group.serial_});
    }
}

Instant GroupTable::next_deadline() const { return wakes_.empty() ? kNever : wakes_.top().when; }

Group* GroupTable::take_due(Instant now) {
    while (!wakes_.empty() && wakes_.top().when <= now) {
        auto wake = wakes_.top();
        wakes_.pop();
        auto found = by_serial_.find(wake.serial);
        // A wake of a group that is gone, or that an earlier one overtook.
        if (found != by_serial_.end() && found->second->scheduled_ == wake.when) {
            found->second->scheduled_ = kNever;
            return found->second;
        }
    }
    return nullptr;
}

}  // namespace tideline::group
