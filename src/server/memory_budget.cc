#include "server/memory_budget.h"

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

runtime::Task<MemoryBudget::Grant> MemoryBudget::acquire(std::uint64_t bytes) {
    if (waiting_.empty() && fits(bytes)) {
        in_use_ += bytes;
        co_return Grant(this, bytes);
    }
    co_await runtime::detail::Suspend{
        [this, bytes](std::coroutine_handle<> self) { waiting_.push_back({bytes, self, nullptr}); }};
    co_return Grant(this, bytes);  // admit_waiters() counted it for us
}

runtime::Task<void> MemoryBudget::raise(Grant& grant, std::uint64_t bytes) {
    TL_CHECK(bytes >= grant.bytes_);
    std::uint64_t more = bytes - grant.bytes_;
    grant.budget_ = this;
    if ((waiting_.empty() && fits(more)) || overdraw(&grant)) {
        in_use_ += more;
    } else {
        co_await runtime::detail::Suspend{
            [&](std::coroutine_handle<> self) { waiting_.push_back({more, self, &grant}); }};
    }
    grant.bytes_ = bytes;
}

bool MemoryBudget::overdraw(Grant* raised) {
    if (raised == nullptr || (has_overdraft_ && !raised->is_overdraft_)) {
        return false;
    }
    has_overdraft_ = true;
    raised->is_overdraft_ = true;
    return true;
}

void MemoryBudget::give_back(std::uint64_t bytes) {
    in_use_ -= bytes;
    admit_waiters();
}

void MemoryBudget::admit_waiters() {
    while (!waiting_.empty() && (fits(waiting_.front().bytes) || overdraw(waiting_.front().raised))) {
        Waiting next = waiting_.front();
        waiting_.pop_front();
        in_use_ += next.bytes;
        shard_.post(next.task);
    }
}

}  // namespace tideline::server
