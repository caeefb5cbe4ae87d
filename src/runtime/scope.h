// runtime/scope.h: who owns running tasks, and how a task waits for another.
//
//   TaskScope scope(shard);
//   scope.spawn(serve(stream));     // runs at once until its first wait
//   co_await scope.join();          // every spawned task has ended
// Shard: all of these are used on one shard only.
#pragma once

#include <vector>

#include "runtime/shard.h"

namespace tideline::runtime {

// A one-shot event: set() wakes everybody who waits, now and later; reset() arms it again.
class Event {
public:
    explicit Event(Shard& shard) : shard_(shard) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { TL_CHECK(waiters_.empty()); }

    bool is_set() const { return set_; }
    void set();
    void reset() { set_ = false; }

    Task<void> wait();
    // True when the event was set, false when `deadline` came first.
    Task<bool> wait_until(Instant deadline);

private:
    struct Waiter {
        std::coroutine_handle<> handle;
        bool done = false;
    };
    void drop(Waiter* waiter);

    Shard& shard_;
    bool set_ = false;
    std::vector<Waiter*> waiters_;
};

// Lets at most one task in at a time, in order of arrival.
class Mutex {
public:
    explicit Mutex(Shard& shard) : shard_(shard) {}
    ~Mutex() { TL_CHECK(!locked_ && waiting_.empty()); }

    class [[nodiscard]] Lock {
    public:
        explicit Lock(Mutex* mutex) : mutex_(mutex) {}
        Lock(Lock&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
        Lock& operator=(Lock&&) = delete;
        ~Lock() {
            if (mutex_ != nullptr) {
                mutex_->unlock();
            }
        }

    private:
        Mutex* mutex_;
    };

    Task<Lock> lock();

private:
    void unlock();

    Shard& shard_;
    bool locked_ = false;
    std::vector<std::coroutine_handle<>> waiting_;
};

// Owns running tasks. Nothing is detached: the owner calls join() before the scope dies, and a destructor checks it.
class TaskScope {
public:
    explicit TaskScope(Shard& shard) : idle_(shard) { idle_.set(); }
    ~TaskScope() { TL_CHECK(running_ == 0); }

    // Starts `task` at once; it runs until its first wait before spawn() returns.
    void spawn(Task<void> task);
    std::size_t running() const { return running_; }
    // Returns when no spawned task is left.
    Task<void> join();

private:
    std::size_t running_ = 0;
    Event idle_;
};

}  // namespace tideline::runtime
