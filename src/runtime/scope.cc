#include "runtime/scope.h"

#include <utility>

namespace tideline::runtime {

void Event::set() {
    set_ = true;
    last_ = nullptr;
    Waiter* waiter = std::exchange(first_, nullptr);
    while (waiter != nullptr) {
        waiter->done = true;
        shard_.post(waiter->handle);
        waiter = waiter->next;
    }
}

// After set() the event may be gone before the waiter runs, so neither wait touches it again.
Task<void> Event::wait() {
    if (set_) {
        co_return;
    }
    Waiter waiter;
    co_await detail::Suspend{[&](std::coroutine_handle<> self) {
        waiter.handle = self;
        add(&waiter);
    }};
}

Task<bool> Event::wait_until(Instant deadline) {
    if (set_) {
        co_return true;
    }
    Shard& shard = shard_;
    if (deadline <= shard.now()) {
        co_return false;
    }
    Waiter waiter;
    TimerId timer = 0;
    co_await detail::Suspend{[&](std::coroutine_handle<> self) {
        waiter.handle = self;
        add(&waiter);
        timer = shard.add_timer(deadline, [this, &waiter] {
            // set() may have run in this very turn: then the task is already on its way.
            if (!waiter.done) {
                drop(&waiter);
                waiter.handle.resume();
            }
        });
    }};
    if (waiter.done) {
        shard.cancel_timer(timer);
    }
    co_return waiter.done;
}

void Event::add(Waiter* waiter) {
    waiter->previous = last_;
    (last_ == nullptr ? first_ : last_->next) = waiter;
    last_ = waiter;
}

void Event::drop(Waiter* waiter) {
    (waiter->previous == nullptr ? first_ : waiter->previous->next) = waiter->next;
    (waiter->next == nullptr ? last_ : waiter->next->previous) = waiter->previous;
}

Task<Mutex::Lock> Mutex::lock() {
    if (!locked_) {
        locked_ = true;
        co_return Lock(this);
    }
    Waiter waiter;
    co_await detail::Suspend{[&](std::coroutine_handle<> self) {
        waiter.handle = self;
        (last_ == nullptr ? first_ : last_->next) = &waiter;
        last_ = &waiter;
    }};
    co_return Lock(this);  // unlock() left it locked for us
}

void Mutex::unlock() {
    if (first_ == nullptr) {
        locked_ = false;
        return;
    }
    Waiter* next = first_;
    first_ = next->next;
    if (first_ == nullptr) {
        last_ = nullptr;
    }
    shard_.post(next->handle);
}

void TaskScope::spawn(Task<void> task) {
    ++running_;
    idle_.reset();
    detail::start(std::move(task), [this] {
        if (--running_ == 0) {
            idle_.set();
        }
    });
}

Task<void> TaskScope::join() {
    while (running_ > 0) {
        co_await idle_.wait();
    }
}

}  // namespace tideline::runtime
