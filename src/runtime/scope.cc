#include "runtime/scope.h"

#include <algorithm>

namespace tideline::runtime {

void Event::set() {
    set_ = true;
    std::vector<Waiter*> woken = std::move(waiters_);
    waiters_.clear();
    for (Waiter* waiter : woken) {
        waiter->done = true;
        shard_.post(waiter->handle);
    }
}

Task<void> Event::wait() {
    if (set_) {
        co_return;
    }
    Waiter waiter;
    co_await detail::Suspend{[&](std::coroutine_handle<> self) {
        waiter.handle = self;
        waiters_.push_back(&waiter);
    }};
}

Task<bool> Event::wait_until(Instant deadline) {
    if (set_) {
        co_return true;
    }
    if (deadline <= shard_.now()) {
        co_return false;
    }
    Waiter waiter;
    TimerId timer = 0;
    co_await detail::Suspend{[&](std::coroutine_handle<> self) {
        waiter.handle = self;
        waiters_.push_back(&waiter);
        timer = shard_.add_timer(deadline, [this, &waiter] {
            // set() may have run in this very turn: then the task is already on its way.
            if (!waiter.done) {
                drop(&waiter);
                waiter.handle.resume();
            }
        });
    }};
    if (waiter.done) {
        shard_.cancel_timer(timer);
    }
    co_return waiter.done;
}

void Event::drop(Waiter* waiter) { std::erase(waiters_, waiter); }

Task<Mutex::Lock> Mutex::lock() {
    if (!locked_) {
        locked_ = true;
        co_return Lock(this);
    }
    co_await detail::Suspend{[this](std::coroutine_handle<> self) { waiting_.push_back(self); }};
    co_return Lock(this);  // unlock() left it locked for us
}

void Mutex::unlock() {
    if (waiting_.empty()) {
        locked_ = false;
        return;
    }
    std::coroutine_handle<> next = waiting_.front();
    waiting_.erase(waiting_.begin());
    shard_.post(next);
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
