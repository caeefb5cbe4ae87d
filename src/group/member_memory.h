// group/member_memory.h: what the members of classic groups may take together, over all coordinators of a broker.
//
// Of what members say of themselves only the protocol that was chosen is written, and only with the assignment: what they name
// besides, and whoever is in a rebalance, is in memory alone. Whoever would need more than there is, is told
// COORDINATOR_NOT_AVAILABLE and comes again.
// Thread: any. Asking and counting are two steps: coordinators that do so at the same moment may go past the limit by a member each.
#pragma once

#include <atomic>
#include <cstddef>

namespace tideline::group {

class MemberMemory {
public:
    explicit MemberMemory(std::size_t bytes_max) : bytes_max_(bytes_max) {}
    MemberMemory(const MemberMemory&) = delete;
    MemberMemory& operator=(const MemberMemory&) = delete;

    std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
    // Whether members may say so much more of themselves. An eighth is left for assignments, or those who are in could not go on.
    bool has_room_to_join(std::size_t more) const { return bytes() + more <= bytes_max_ - bytes_max_ / 8; }
    bool has_room_to_assign(std::size_t more) const { return bytes() + more <= bytes_max_; }

    // What one group takes has changed.
    void count(std::size_t before, std::size_t after) {
        bytes_.fetch_add(after - before, std::memory_order_relaxed);  // wraps around where it is less
    }

private:
    const std::size_t bytes_max_;
    std::atomic<std::size_t> bytes_ = 0;
};

}  // namespace tideline::group
