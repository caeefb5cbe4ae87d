#include "runtime/timers.h"

namespace tideline::runtime {

TimerId TimerHeap::add(Instant when, Job job) {
    std::uint32_t index;
    if (free_slots_.empty()) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        index = free_slots_.back();
        free_slots_.pop_back();
    }
    slots_[index].job = std::move(job);
    heap_.emplace_back();
    sift_up(heap_.size() - 1, Entry{.when = when, .order = added_++, .slot = index});
    return TimerId{slots_[index].generation} << 32 | index;
}

bool TimerHeap::cancel(TimerId timer) {
    auto index = static_cast<std::uint32_t>(timer);
    auto generation = static_cast<std::uint32_t>(timer >> 32);
    if (index >= slots_.size() || slots_[index].generation != generation) {
        return false;
    }
    remove(slots_[index].heap_index);
    return true;
}

Job TimerHeap::take() { return remove(0); }

Job TimerHeap::remove(std::size_t heap_index) {
    std::uint32_t index = heap_[heap_index].slot;
    Job job = std::move(slots_[index].job);
    slots_[index].job = nullptr;
    ++slots_[index].generation;
    free_slots_.push_back(index);

    Entry last = heap_.back();
    heap_.pop_back();
    if (heap_index < heap_.size()) {
        if (heap_index > 0 && last.before(heap_[(heap_index - 1) / 2])) {
            sift_up(heap_index, last);
        } else {
            sift_down(heap_index, last);
        }
    }
    return job;
}

void TimerHeap::place(std::size_t heap_index, const Entry& entry) {
    heap_[heap_index] = entry;
    slots_[entry.slot].heap_index = static_cast<std::uint32_t>(heap_index);
}

void TimerHeap::sift_up(std::size_t heap_index, const Entry& entry) {
    while (heap_index > 0) {
        std::size_t parent = (heap_index - 1) / 2;
        if (!entry.before(heap_[parent])) {
            break;
        }
        place(heap_index, heap_[parent]);
        heap_index = parent;
    }
    place(heap_index, entry);
}

void TimerHeap::sift_down(std::size_t heap_index, const Entry& entry) {
    while (true) {
        std::size_t child = 2 * heap_index + 1;
        if (child >= heap_.size()) {
            break;
        }
        if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) {
            ++child;
        }
        if (!heap_[child].before(entry)) {
            break;
        }
        place(heap_index, heap_[child]);
        heap_index = child;
    }
    place(heap_index, entry);
}

}  // namespace tideline::runtime
