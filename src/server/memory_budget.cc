#include "server/memory_budget.h"

#include <algorithm>

namespace tideline::server {

namespace {

// The part of the limit that only small grants may have.
constexpr std::uint64_t kReserveDivisor = 8;

}  // namespace

void MemoryBudget::Grant::release() {
    if (budget_ == nullptr) {
        return;
    }
    MemoryBudget* budget = std::exchange(budget_, nullptr);
    if (std::exchange(is_overdraft_, false)) {
        budget->has_overdraft_ = false;
    }
    budget->set(*this, 0);
    budget->admit_waiters();
}

runtime::Task<bool> MemoryBudget::raise(Grant& grant, std::uint64_t bytes) {
    bool is_admitted = raise_now(grant, bytes);
    if (!is_admitted) {
        co_await runtime::detail::Suspend{
            [&](std::coroutine_handle<> self) { queue_for(bytes).push_back({bytes, self, &grant, &is_admitted}); }};
    }
    co_return is_admitted;
}

bool MemoryBudget::raise_now(Grant& grant, std::uint64_t bytes) {
    TL_CHECK(bytes >= grant.bytes_);
    bool is_admitted = (queue_for(bytes).empty() && fits(grant, bytes)) || overdraw(grant);
    if (is_admitted) {
        set(grant, bytes);
    }
    return is_admitted;
}

void MemoryBudget::count(Grant& grant, std::uint64_t bytes) {
    TL_CHECK(bytes >= grant.bytes_);
    set(grant, bytes);
}

void MemoryBudget::lower(Grant& grant, std::uint64_t bytes) {
    TL_CHECK(bytes <= grant.bytes_);
    set(grant, bytes);
    if (grant.is_overdraft_ && (bytes == 0 || in_use_ <= limit_)) {
        grant.is_overdraft_ = has_overdraft_ = false;
    }
    admit_waiters();
}

void MemoryBudget::cancel(Grant& grant) {
    for (Queue* queue : {&small_waiting_, &large_waiting_}) {
        auto found = std::ranges::find(*queue, &grant, &Waiting::grant);
        if (found != queue->end()) {
            shard_.post(found->task);
            queue->erase(found);
            admit_waiters();
            return;
        }
    }
}

bool MemoryBudget::fits(const Grant& grant, std::uint64_t bytes) const {
    std::uint64_t more = bytes - grant.bytes_;
    std::uint64_t reserve = limit_ / kReserveDivisor;
    if (in_use_ == 0) {
        return true;
    }
    if (!is_large(bytes)) {
        return in_use_ + more <= limit_ || in_use_ - large_in_use_ + more <= reserve;
    }
    std::uint64_t other_large = large_in_use_ - (is_large(grant.bytes_) ? grant.bytes_ : 0);
    return other_large == 0 || (in_use_ + more <= limit_ && other_large + bytes <= limit_ - reserve);
}

bool MemoryBudget::overdraw(Grant& grant) {
    if (grant.bytes_ == 0 || (has_overdraft_ && !grant.is_overdraft_)) {
        return false;
    }
    has_overdraft_ = true;
    grant.is_overdraft_ = true;
    return true;
}

void MemoryBudget::set(Grant& grant, std::uint64_t bytes) {
    in_use_ = in_use_ - grant.bytes_ + bytes;
    large_in_use_ -= is_large(grant.bytes_) ? grant.bytes_ : 0;
    large_in_use_ += is_large(bytes) ? bytes : 0;
    grant.bytes_ = bytes;
    grant.budget_ = bytes > 0 ? this : nullptr;
}

void MemoryBudget::admit_waiters() {
    for (Queue* queue : {&small_waiting_, &large_waiting_}) {
        while (!queue->empty() && fits(*queue->front().grant, queue->front().bytes)) {
            admit(*queue, queue->begin());
        }
    }
    // What is in use belongs to requests that may all be waiting here: let one of them go on to its end.
    if (!admit_past_the_limit(small_waiting_)) {
        admit_past_the_limit(large_waiting_);
    }
}

bool MemoryBudget::admit_past_the_limit(Queue& queue) {
    auto holder = std::ranges::find_if(queue, [](const Waiting& each) { return each.grant->bytes() > 0; });
    if (holder == queue.end() || !overdraw(*holder->grant)) {
        return false;
    }
    admit(queue, holder);
    return true;
}

void MemoryBudget::admit(Queue& queue, Queue::iterator at) {
    set(*at->grant, at->bytes);
    *at->is_admitted = true;
    shard_.post(at->task);
    queue.erase(at);
}

}  // namespace tideline::server
