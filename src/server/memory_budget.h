// server/memory_budget.h: how much memory requests in flight may take on one shard.
//
// A connection that cannot get memory waits and is not read meanwhile: that is how the client is slowed.
// Shard: used only on the shard that made it.
#pragma once

#include <cstdint>
#include <deque>

#include "runtime/scope.h"

namespace tideline::server {

class MemoryBudget {
public:
    MemoryBudget(runtime::Shard& shard, std::uint64_t limit_bytes) : shard_(shard), limit_(limit_bytes) {}
    ~MemoryBudget() { TL_CHECK(waiting_.empty()); }

    // Bytes taken from the budget until the grant dies.
    class [[nodiscard]] Grant {
    public:
        Grant() = default;
        Grant(MemoryBudget* budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {}
        Grant(Grant&& other) noexcept
            : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
        Grant& operator=(Grant&& other) noexcept {
            release();
            budget_ = std::exchange(other.budget_, nullptr);
            bytes_ = std::exchange(other.bytes_, 0);
            return *this;
        }
        ~Grant() { release(); }
        std::uint64_t bytes() const { return bytes_; }
        void release();

    private:
        MemoryBudget* budget_ = nullptr;
        std::uint64_t bytes_ = 0;
    };

    // Waits, in order of arrival, until `bytes` fit. A request larger than the whole budget is let in alone.
    runtime::Task<Grant> acquire(std::uint64_t bytes);

    std::uint64_t in_use_bytes() const { return in_use_; }
    std::uint64_t limit_bytes() const { return limit_; }

private:
    struct Waiting {
        std::uint64_t bytes;
        std::coroutine_handle<> task;
    };
    bool fits(std::uint64_t bytes) const { return in_use_ == 0 || in_use_ + bytes <= limit_; }
    void give_back(std::uint64_t bytes);

    runtime::Shard& shard_;
    std::uint64_t limit_;
    std::uint64_t in_use_ = 0;
    std::deque<Waiting> waiting_;
};

}  // namespace tideline::server
