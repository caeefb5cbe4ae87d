#include "server/memory_budget.h"

#include <algorithm>

namespace tideline::server {

void MemoryBudget::Grant::release() {
    if (budget_ == nullptr) {
        return;
    }
    MemoryBudget* budget = std::exchange(budget_, nullptr);
    if (std::exchange(is_overdraft_, false)) {
        budget->has_overdraft_ = false;
    }
    budget->give_back(std::exchange(bytes_, 0));
}

runtime::Task<bool> MemoryBudget::raise(Grant& grant, std::uint64_t bytes) {
    TL_CHECK(bytes >= grant.bytes_);
    std::uint64_t more = bytes - grant.bytes_;
    bool is_admitted = (waiting_.empty() && fits(more)) || overdraw(grant);
    if (is_admitted) {
        in_use_ += more;
    } else {
        co_await runtime::detail::Suspend{
            [&](std::coroutine_handle<> self) { waiting_.push_back({more, self, &grant, &is_admitted}); }};
    }
    if (is_admitted) {
        grant.budget_ = this;
        grant.bytes_ = bytes;
    }
    co_return is_admitted;
}

void MemoryBudget::lower(Grant& grant, std::uint64_t bytes) {
    TL_CHECK(bytes <= grant.bytes_);
    in_use_ -= std::exchange(grant.bytes_, bytes) - bytes;
    if (grant.is_overdraft_ && in_use_ <= limit_) {
        grant.is_overdraft_ = has_overdraft_ = false;
    }
    admit_waiters();
}

void MemoryBudget::cancel(Grant& grant) {
    auto found = std::ranges::find(waiting_, &grant, &Waiting::grant);
    if (found != waiting_.end()) {
        shard_.post(found->task);
        waiting_.erase(found);
        admit_waiters();
    }
}

bool MemoryBudget::overdraw(Grant& grant) {
    if (grant.bytes_ == 0 || (has_overdraft_ && !grant.is_overdraft_)) {
        return false;
    }
    has_overdraft_ = true;
    grant.is_overdraft_ = true;
    return true;
}

void MemoryBudget::give_back(std::uint64_t bytes) {
    in_use_ -= bytes;
    admit_waiters();
}

void MemoryBudget::admit_waiters() {
    while (!waiting_.empty() && fits(waiting_.front().bytes)) {
        admit(waiting_.begin());
    }
    // What is in use belongs to requests that may all be waiting here: let one of them go on to its end.
    auto holder = std::ranges::find_if(waiting_, [](const Waiting& each) { return each.grant->bytes() > 0; });
    if (holder != waiting_.end() && overdraw(*holder->grant)) {
        admit(holder);
    }
}

void MemoryBudget::admit(std::deque<Waiting>::iterator at) {
    in_use_ += at->bytes;
    *at->is_admitted = true;
    shard_.post(at->task);
    waiting_.erase(at);
}

}  // namespace tideline::server
