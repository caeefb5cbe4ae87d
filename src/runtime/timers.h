// runtime/timers.h: the timers of one shard, earliest first, in the order of the calls when they are due together.
//
// A binary heap whose entries know their job and the other way round: a cancelled timer leaves nothing behind, so
// thousands of fetch timeouts set and cancelled a second cost no memory.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/shard.h"

namespace tideline::runtime {

class TimerHeap {
public:
    TimerId add(Instant when, Job job);
    // False when it has run or was cancelled before.
    bool cancel(TimerId timer);

    bool empty() const { return heap_.empty(); }
    std::size_t size() const { return heap_.size(); }
    Instant next() const { return heap_.front().when; }  // needs !empty()
    bool due(Instant now) const { return !heap_.empty() && heap_.front().when <= now; }
    // Takes the earliest timer out and returns its job; needs !empty().
    Job take();

private:
    struct Entry {
        Instant when;
        std::uint64_t order;
        std::uint32_t slot;
        bool before(const Entry& other) const { return when != other.when ? when < other.when : order < other.order; }
    };
    struct Slot {
        std::uint32_t generation = 1;  // a TimerId of an earlier use of this slot does not match
        std::uint32_t heap_index = 0;
        Job job;
    };

    Job remove(std::size_t heap_index);
    void place(std::size_t heap_index, const Entry& entry);
    void sift_up(std::size_t heap_index, const Entry& entry);
    void sift_down(std::size_t heap_index, const Entry& entry);

    std::vector<Entry> heap_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::uint64_t added_ = 0;
};

}  // namespace tideline::runtime
