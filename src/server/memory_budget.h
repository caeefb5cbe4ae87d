// server/memory_budget.h: how much memory requests in flight may take on one shard.
//
// A connection that cannot get memory waits and is not read meanwhile: that is how the client is slowed. Small grants do not
// wait for large ones: a part of the limit is theirs, so that a client that asks for little is served beside those that ask
// for much.
// Shard: used only on the shard that made it.
#pragma once

#include <cstdint>
#include <deque>

#include "runtime/scope.h"

namespace tideline::server {

class MemoryBudget {
public:
    // What a grant may hold and still count as small.
    static constexpr std::uint64_t kSmallBytes = std::uint64_t{256} << 10;

    MemoryBudget(runtime::Shard& shard, std::uint64_t limit_bytes) : shard_(shard), limit_(limit_bytes) {}
    ~MemoryBudget() { TL_CHECK(!has_waiters()); }

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

    // Raises `grant`, which may be empty, to `bytes`, keeping what it holds meanwhile. Waits until that fits, in order of
    // arrival among the small and among the large; a grant larger than the whole budget is let in as the only large one. So
    // that many half-read requests cannot wait for each other for ever, one grant at a time that holds something may be raised
    // past the limit, whatever stands before it. False, and nothing changed, when the wait was cancelled.
    runtime::Task<bool> raise(Grant& grant, std::uint64_t bytes);
    // The same without waiting: false, and nothing changed, if it would have to.
    bool raise_now(Grant& grant, std::uint64_t bytes);
    // Counts what is there already, whether or not it fits.
    void count(Grant& grant, std::uint64_t bytes);
    // Gives back what `grant` holds over `bytes`.
    void lower(Grant& grant, std::uint64_t bytes);
    // Ends the wait of this grant, if it waits.
    void cancel(Grant& grant);
    bool has_waiters() const { return !small_waiting_.empty() || !large_waiting_.empty(); }

    std::uint64_t in_use_bytes() const { return in_use_; }
    std::uint64_t limit_bytes() const { return limit_; }

private:
    struct Waiting {
        std::uint64_t bytes;  // that the grant is to hold
        std::coroutine_handle<> task;
        Grant* grant;
        bool* is_admitted;
    };
    using Queue = std::deque<Waiting>;  // no longer than there are connections

    static bool is_large(std::uint64_t bytes) { return bytes > kSmallBytes; }
    Queue& queue_for(std::uint64_t bytes) { return is_large(bytes) ? large_waiting_ : small_waiting_; }
    bool fits(const Grant& grant, std::uint64_t bytes) const;
    // Lets a grant that holds something past the limit if no other is past it yet.
    bool overdraw(Grant& grant);
    void set(Grant& grant, std::uint64_t bytes);
    void admit(Queue& queue, Queue::iterator at);
    bool admit_past_the_limit(Queue& queue);
    void admit_waiters();

    runtime::Shard& shard_;
    std::uint64_t limit_;
    std::uint64_t in_use_ = 0;
    std::uint64_t large_in_use_ = 0;  // of that, what large grants hold
    bool has_overdraft_ = false;
    Queue small_waiting_;
    Queue large_waiting_;
};

}  // namespace tideline::server
