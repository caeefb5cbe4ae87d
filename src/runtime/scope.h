// runtime/scope.h: who owns running tasks, and how a task waits for another.
//
//   TaskScope scope(shard);
//   scope.spawn(serve(stream));     // runs at once until its first wait
//   co_await scope.join();          // every spawned task has ended
// Shard: all of these are used on one shard only.
#pragma once

#include <coroutine>

#include "runtime/shard.h"

namespace tideline::runtime {

// A one-shot event: set() wakes everybody who waits, now and later; reset() arms it again.
class Event {
public:
    explicit Event(Shard& shard) : shard_(shard) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { TL_CHECK(first_ == nullptr); }

    bool is_set() const { return set_; }
    void set();
    void reset() { set_ = false; }

    Task<void> wait();
    // True when the event was set, false when `deadline` came first.
    Task<bool> wait_until(Instant deadline);

private:
    // Lies in the frame of the task that waits; linked so that a deadline takes it out of thousands at once.
    struct Waiter {
        std::coroutine_handle<> handle;
        bool done = false;
        Waiter* previous = nullptr;
        Waiter* next = nullptr;
    };
    void add(Waiter* waiter);
    void drop(Waiter* waiter);

    Shard& shard_;
    bool set_ = false;
    Waiter* first_ = nullptr;
    Waiter* last_ = nullptr;
};

// Lets at most one task in at a time, in order of arrival.
class Mutex {
public:
    explicit Mutex(Shard& shard) : shard_(shard) {}
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;
    ~Mutex() { TL_CHECK(!locked_ && first_ == nullptr); }

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
    struct Waiter {
        std::coroutine_handle<> handle;
        Waiter* next = nullptr;
    };
    void unlock();

    Shard& shard_;
    bool locked_ = false;
    Waiter* first_ = nullptr;
    Waiter* last_ = nullptr;
};

// Owns running tasks. Nothing is detached: the owner calls join() before the scope dies, and a destructor checks it.
class TaskScope {
public:
    explicit TaskScope(Shard& shard) : idle_(shard) { idle_.set(); }
    TaskScope(const TaskScope&) = delete;
    TaskScope& operator=(const TaskScope&) = delete;
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
