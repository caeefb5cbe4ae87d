// runtime/shard.h: one core's event loop, seen from above: clock, timers, tasks, files, sockets, randomness.
//
// Everything above runtime/ reaches the outside world through a Shard. runtime/real runs one thread and one epoll loop
// per shard; runtime/sim runs all shards of all brokers in one thread under one seed and a virtual clock.
// Shard:  every member is called on the shard's own thread, except run_here().
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "runtime/files.h"
#include "runtime/network.h"
#include "runtime/task.h"

namespace tideline::runtime {

using Duration = std::chrono::nanoseconds;
// Monotonic; only differences mean anything.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

using Job = std::move_only_function<void()>;
using TimerId = std::uint64_t;

class Shard {
public:
    virtual ~Shard() = default;

    virtual unsigned index() const = 0;
    virtual Instant now() const = 0;            // read once per turn of the loop
    virtual std::int64_t wall_ms() const = 0;   // milliseconds since 1970, UTC; may jump
    virtual std::uint64_t random() = 0;         // 64 random bits

    // Resumes `task` in a later turn of this loop, in the order of the calls.
    virtual void post(std::coroutine_handle<> task) = 0;
    // From any thread: runs `job` on this shard, in order per calling thread. Wake-ups are batched.
    virtual void run_here(Job job) = 0;

    // Runs `job` here once `when` has come. cancel_timer() of a timer that has run does nothing.
    virtual TimerId add_timer(Instant when, Job job) = 0;
    virtual void cancel_timer(TimerId timer) = 0;

    // Runs `work` on a thread that may block, then `then` on this shard. See offload().
    virtual void run_blocking(Job work, Job then) = 0;

    virtual FileSystem& files() = 0;
    virtual Network& network() = 0;
};

namespace detail {
// Suspends, hands the handle to `start`, and resumes when somebody resumes the handle.
template <class Start>
struct Suspend {
    Start start;
    bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) { start(handle); }
    void await_resume() noexcept {}
};
template <class Start>
Suspend(Start) -> Suspend<Start>;
}  // namespace detail

// Lets every task that is ready go first.
inline Task<void> yield_now(Shard& shard) {
    co_await detail::Suspend{[&shard](std::coroutine_handle<> self) { shard.post(self); }};
}

inline Task<void> sleep_until(Shard& shard, Instant when) {
    co_await detail::Suspend{[&shard, when](std::coroutine_handle<> self) { shard.add_timer(when, [self] { self.resume(); }); }};
}

// Runs `work()` where blocking is allowed and returns what it returned. What `work` refers to must outlive the call.
template <class Work>
Task<std::invoke_result_t<Work&>> offload(Shard& shard, Work work) {
    using R = std::invoke_result_t<Work&>;
    if constexpr (std::is_void_v<R>) {
        co_await detail::Suspend{[&](std::coroutine_handle<> self) {
            shard.run_blocking([&work] { work(); }, [self] { self.resume(); });
        }};
    } else {
        std::optional<R> result;
        co_await detail::Suspend{[&](std::coroutine_handle<> self) {
            shard.run_blocking([&work, &result] { result.emplace(work()); }, [self] { self.resume(); });
        }};
        co_return std::move(*result);
    }
}

namespace detail {
struct Detached {
    struct promise_type {
        Detached get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() noexcept { std::abort(); }
    };
};

// Starts `task` and calls `done` with its result (void: with nothing) when it has ended.
template <class T, class Done>
Detached start(Task<T> task, Done done) {
    // The frame of the task, and with it its parameters, goes before anybody hears that it ended: they may refer to what
    // the waiting one owns, and it may wait on another thread.
    if constexpr (std::is_void_v<T>) {
        co_await std::move(task);
        { Task<T> ended = std::move(task); }
        done();
    } else {
        T value = co_await std::move(task);
        { Task<T> ended = std::move(task); }
        done(std::move(value));
    }
}
template <class>
struct TaskValue;
template <class T>
struct TaskValue<Task<T>> {
    using type = T;
};
}  // namespace detail

// Runs the task that `make()` returns on shard `there`, and returns its result here, on `here`. The frame of the caller
// waits, so `make` may refer to its locals; those must not be touched here meanwhile.
template <class Make>
Task<typename detail::TaskValue<std::invoke_result_t<Make&>>::type> call_on(Shard& here, Shard& there, Make make) {
    using R = typename detail::TaskValue<std::invoke_result_t<Make&>>::type;
    if (&here == &there) {
        if constexpr (std::is_void_v<R>) {
            co_await make();
            co_return;
        } else {
            co_return co_await make();
        }
    } else if constexpr (std::is_void_v<R>) {
        co_await detail::Suspend{[&](std::coroutine_handle<> self) {
            there.run_here([&make, &here, self] {
                detail::start(make(), [&here, self] { here.run_here([self] { self.resume(); }); });
            });
        }};
    } else {
        std::optional<R> result;
        co_await detail::Suspend{[&](std::coroutine_handle<> self) {
            there.run_here([&make, &here, &result, self] {
                detail::start(make(), [&here, &result, self](R value) {
                    result.emplace(std::move(value));
                    here.run_here([self] { self.resume(); });
                });
            });
        }};
        co_return std::move(*result);
    }
}

}  // namespace tideline::runtime
