// group/group_table.h: the groups of one coordinator by id, and which of them has the next timer.
//
// A group's deadline is looked at after each step that touched it, schedule(); heartbeats only move deadlines away, so
// they leave the heap alone and the group is asked again when the old instant comes. What the group's members take is counted
// at the same time.
#pragma once

#include <functional>
#include <memory>
#include <queue>
#include <unordered_map>

#include "group/group.h"
#include "group/member_memory.h"

namespace tideline::group {

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

class GroupTable {
public:
    GroupTable() = default;
    GroupTable(const GroupTable&) = delete;
    GroupTable& operator=(const GroupTable&) = delete;
    ~GroupTable();

    // Where members are counted, borrowed; nowhere without it. Needs an empty table.
    void count_members_in(MemberMemory& memory) { member_memory_ = &memory; }
    const MemberMemory* member_memory() const { return member_memory_; }

    Group* find(std::string_view id) const;
    // Takes the place of a group with the same id.
    Group& put(std::unique_ptr<Group> group);
    void erase(std::string_view id);
    std::size_t size() const { return groups_.size(); }
    // In no order that means anything; `visit` may not add or erase.
    void for_each(const std::function<void(Group&)>& visit) const;

    void schedule(Group& group);
    Instant next_deadline() const;
    // A group whose deadline has come, to be stepped and scheduled again; null when there is none.
    Group* take_due(Instant now);

private:
    struct Wake {
        Instant when;
        std::uint64_t serial;
        bool operator>(const Wake& other) const { return when != other.when ? when > other.when : serial > other.serial; }
    };
    void count(Group& group, std::size_t bytes);

    std::unordered_map<std::string, std::unique_ptr<Group>, TextHash, std::equal_to<>> groups_;
    std::unordered_map<std::uint64_t, Group*> by_serial_;
    std::priority_queue<Wake, std::vector<Wake>, std::greater<>> wakes_;
    std::uint64_t last_serial_ = 0;
    MemberMemory* member_memory_ = nullptr;
};

}  // namespace tideline::group
