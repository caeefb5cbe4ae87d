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
        Grant(Grant&& other) noexcept { take(other); }
        Grant& operator=(Grant&& other) noexcept {
            release();
            take(other);
            return *this;
        }
        ~Grant() { release(); }
        std::uint64_t bytes() const { return bytes_; }
        void release();

    private:
        friend class MemoryBudget;
        void take(Grant& other) {
            budget_ = std::exchange(other.budget_, nullptr);
            bytes_ = std::exchange(other.bytes_, 0);
            is_overdraft_ = std::exchange(other.is_overdraft_, false);
        }
        MemoryBudget* budget_ = nullptr;
        std::uint64_t bytes_ = 0;
        bool is_overdraft_ = false;
    };

    // Raises `grant`, which may be empty, to `bytes`, keeping what it holds meanwhile. Waits, in order of arrival, until that
    // fits; a request larger than the whole budget is let in alone. So that many half-read requests cannot wait for each other
    // for ever, one grant at a time that holds something may be raised past the limit, whatever stands before it.
    // False, and nothing changed, when the wait was cancelled.
    runtime::Task<bool> raise(Grant& grant, std::uint64_t bytes);
    // Gives back what `grant` holds over `bytes`.
    void lower(Grant& grant, std::uint64_t bytes);
    // Ends the wait of this grant, if it waits.
    void cancel(Grant& grant);
    bool has_waiters() const { return !waiting_.empty(); }

    std::uint64_t in_use_bytes() const { return in_use_; }
    std::uint64_t limit_bytes() const { return limit_; }

private:
    struct Waiting {
        std::uint64_t bytes;
        std::coroutine_handle<> task;
        Grant* grant;
        bool* is_admitted;
    };
    bool fits(std::uint64_t bytes) const { return in_use_ == 0 || in_use_ + bytes <= limit_; }
    // Lets a grant that holds something past the limit if no other is past it yet.
    bool overdraw(Grant& grant);
    void admit(std::deque<Waiting>::iterator at);
    void give_back(std::uint64_t bytes);
    void admit_waiters();

    runtime::Shard& shard_;
    std::uint64_t limit_;
    std::uint64_t in_use_ = 0;
    bool has_overdraft_ = false;
    std::deque<Waiting> waiting_;
};

}  // namespace tideline::server
