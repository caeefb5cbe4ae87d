#include "runtime/real/real_shard.h"

#include <sys/eventfd.h>

#include "runtime/real/clock.h"
#include "runtime/real/scheduling.h"

namespace tideline::runtime::real {

namespace {
// Which shard's loop this thread runs: a job for oneself needs no lock.
thread_local const RealShard* t_running = nullptr;
}  // namespace

RealShard::RealShard(unsigned index, const Shared& shared)
    : index_(index),
      shared_(shared),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_up_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      random_(system_random()),
      network_(*this, shared.ports, shared.sockets),
      now_(monotonic_now()) {
    TL_CHECK(epoll_.open() && wake_up_.open());
    // Edge-triggered: every write is an edge, so the counter never has to be read back.
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
    TL_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_up_.get(), &event) == 0);
}

RealShard::~RealShard() = default;

std::int64_t RealShard::wall_ms() const {
    TL_CHECK(on_own_thread());
    if (wall_turn_ != turn_) {
        wall_ms_ = wall_clock_ms();
        wall_turn_ = turn_;
    }
    return wall_ms_;
}

std::uint64_t RealShard::random() {
    TL_CHECK(on_own_thread());
    return random_.next();
}

// Before the loop runs there is one thread only.
bool RealShard::on_own_thread() const { return t_running == this || !looping_.load(std::memory_order_relaxed); }

void RealShard::post(std::coroutine_handle<> task) {
    TL_CHECK(on_own_thread());
    ready_.push_back({.task = task, .job = {}});
}

TimerId RealShard::add_timer(Instant when, Job job) {
    TL_CHECK(on_own_thread());
    return timers_.add(when, std::move(job));
}

void RealShard::cancel_timer(TimerId timer) {
    TL_CHECK(on_own_thread());
    timers_.cancel(timer);
}

void RealShard::run_here(Job job) {
    if (t_running == this) {
        ready_.push_back({.task = {}, .job = std::move(job)});
        return;
    }
    bool wake = false;
    {
        std::lock_guard lock(inbox_mutex_);
        inbox_.push_back(std::move(job));
        has_mail_.store(true, std::memory_order_relaxed);
        // A wake-up across cores costs about 18 us; only the first of a batch pays it.
        wake = asleep_.exchange(false, std::memory_order_relaxed);
    }
    if (wake) {
        std::uint64_t one = 1;
        [[maybe_unused]] ssize_t written = ::write(wake_up_.get(), &one, sizeof one);
    }
}

void RealShard::stop() {
    run_here([this] { stopping_ = true; });
}

void RealShard::loop() {
    TL_CHECK(t_running == nullptr);
    t_running = this;
    looping_.store(true, std::memory_order_relaxed);
    ask_for_short_slices();
    now_ = monotonic_now();
    while (true) {
        run_timers();
        run_inbox();
        run_ready();
        if (stopping_ && ready_.empty() && !has_mail_.load(std::memory_order_relaxed)) {
            break;
        }
        wait_for_events();
    }
    looping_.store(false, std::memory_order_relaxed);
    t_running = nullptr;
}

void RealShard::run_timers() {
    while (timers_.due(now_)) {
        timers_.take()();
    }
}

void RealShard::run_inbox() {
    if (!has_mail_.load(std::memory_order_relaxed)) {
        return;
    }
    {
        std::lock_guard lock(inbox_mutex_);
        received_.swap(inbox_);
        has_mail_.store(false, std::memory_order_relaxed);
    }
    for (Job& job : received_) {
        job();
    }
    received_.clear();
}

void RealShard::run_ready() {
    running_.swap(ready_);
    for (Ready& each : running_) {
        if (each.task) {
            each.task.resume();
        } else {
            each.job();
        }
    }
    running_.clear();
}

void RealShard::wait_for_events() {
    std::optional<Instant> deadline;
    if (!ready_.empty()) {
        deadline = Instant::min();
    } else {
        if (!timers_.empty()) {
            deadline = timers_.next();
        }
        std::lock_guard lock(inbox_mutex_);
        if (inbox_.empty()) {
            asleep_.store(true, std::memory_order_relaxed);
        } else {
            deadline = Instant::min();
        }
    }
    int count = epoll_wait_until(deadline);
    asleep_.store(false, std::memory_order_relaxed);
    ++turn_;
    now_ = monotonic_now();
    event_count_ = count > 0 ? static_cast<std::size_t>(count) : 0;
    for (next_event_ = 0; next_event_ < event_count_;) {
        const epoll_event& event = events_[next_event_++];
        if (event.data.ptr != nullptr) {
            static_cast<EventSource*>(event.data.ptr)->on_events(event.events);
        }
    }
    event_count_ = 0;
}

int RealShard::epoll_wait_until(std::optional<Instant> deadline) {
    int count;
    if (!deadline) {
        count = ::epoll_wait(epoll_.get(), events_.data(), kEventsPerTurn, -1);
    } else if (*deadline <= now_) {
        count = ::epoll_wait(epoll_.get(), events_.data(), kEventsPerTurn, 0);
    } else {
        // `now_` is as old as this turn; a sleep measured from it would end late.
        Duration left = std::max(*deadline - monotonic_now(), Duration::zero());
        auto seconds = std::chrono::floor<std::chrono::seconds>(left);
        timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
        count = ::epoll_pwait2(epoll_.get(), events_.data(), kEventsPerTurn, &timeout, nullptr);
        if (count < 0 && (errno == ENOSYS || errno == EPERM)) {  // before Linux 5.11, or a strict sandbox
            auto ms = std::min<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count(), 60'000);
            count = ::epoll_wait(epoll_.get(), events_.data(), kEventsPerTurn, static_cast<int>(ms));
        }
    }
    TL_CHECK(count >= 0 || errno == EINTR);
    return count;
}

Result<> RealShard::watch(int fd, EventSource& source) {
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &source}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        return network_error("descriptor cannot be watched");
    }
    return {};
}

void RealShard::forget(EventSource& source) {
    for (std::size_t i = next_event_; i < event_count_; ++i) {
        if (events_[i].data.ptr == &source) {
            events_[i].data.ptr = nullptr;
        }
    }
}

}  // namespace tideline::runtime::real
