#include "runtime/sim/shard.h"

#include "runtime/sim/world.h"

namespace tideline::runtime::sim {

SimShard::SimShard(SimWorld& world, unsigned index, SimFileSystem& files, std::string host, std::uint64_t seed)
    : world_(world), index_(index), files_(files), host_(std::move(host)), random_(seed), network_(*this) {}

SimShard::~SimShard() = default;

Instant SimShard::now() const { return world_.now(); }

std::int64_t SimShard::wall_ms() const { return world_.wall_ms(); }

std::uint64_t SimShard::random() {
    std::uint64_t value = random_.next();
    world_.trace(value);
    return value;
}

void SimShard::post(std::coroutine_handle<> task) { ready_.push_back({.task = task, .job = {}}); }

void SimShard::run_here(Job job) {
    if (world_.running_ == this) {
        ready_.push_back({.task = {}, .job = std::move(job)});
    } else {
        mail_[world_.running_ == nullptr ? -1 : static_cast<int>(world_.running_->index())].push_back(std::move(job));
    }
}

TimerId SimShard::add_timer(Instant when, Job job) { return timers_.add(when, std::move(job)); }

void SimShard::cancel_timer(TimerId timer) { timers_.cancel(timer); }

void SimShard::run_blocking(Job work, Job then) {
    Instant when = world_.now() + world_.random_disk_delay();
    world_.schedule(when, *this, [this, work = std::move(work), then = std::move(then)]() mutable {
        work();
        work = nullptr;
        // Not at once: others may see what was done before its owner does.
        ready_.push_back({.task = {}, .job = std::move(then)});
    });
}

Job SimShard::take_mail(std::map<int, std::deque<Job>>::iterator from) {
    Job job = std::move(from->second.front());
    from->second.pop_front();
    if (from->second.empty()) {
        mail_.erase(from);
    }
    return job;
}

SimShard::Ready SimShard::take_work(Random& random) {
    // The test itself is never overtaken by those it set going.
    if (!mail_.empty() && mail_.begin()->first < 0) {
        return {.task = {}, .job = take_mail(mail_.begin())};
    }
    std::size_t own = ready_.empty() ? 0 : 1;
    std::size_t timer = timers_.due(now()) ? 1 : 0;
    std::size_t choice = random.below(own + timer + mail_.size());
    if (choice < own) {
        Ready next = std::move(ready_.front());
        ready_.pop_front();
        return next;
    }
    if (choice < own + timer) {
        return {.task = {}, .job = timers_.take()};
    }
    return {.task = {}, .job = take_mail(std::next(mail_.begin(), static_cast<std::ptrdiff_t>(choice - own - timer)))};
}

}  // namespace tideline::runtime::sim
