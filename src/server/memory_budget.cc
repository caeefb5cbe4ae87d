#include "server/memory_budget.h"

namespace tideline::server {

void MemoryBudget::Grant::release() {
    if (budget_ != nullptr) {
        std::exchange(budget_, nullptr)->give_back(std::exchange(bytes_, 0));
    }
}

runtime::Task<MemoryBudget::Grant> MemoryBudget::acquire(std::uint64_t bytes) {
    if (waiting_.empty() && fits(bytes)) {
        in_use_ += bytes;
        co_return Grant(this, bytes);
    }
    co_await runtime::detail::Suspend{[this, bytes](std::coroutine_handle<> self) { waiting_.push_back({bytes, self}); }};
    co_return Grant(this, bytes);  // give_back() counted it for us
}

void MemoryBudget::give_back(std::uint64_t bytes) {
    in_use_ -= bytes;
    while (!waiting_.empty() && fits(waiting_.front().bytes)) {
        Waiting next = waiting_.front();
        waiting_.pop_front();
        in_use_ += next.bytes;
        shard_.post(next.task);
    }
}

}  // namespace tideline::server
