#include "runtime/sim/world.h"

#include <algorithm>

namespace tideline::runtime::sim {

namespace {

// A loop of tasks that never wait would stop the clock; no honest simulation comes near.
constexpr std::uint64_t kTurnsWithoutTimeMax = 50'000'000;
constexpr Instant kFirstInstant{std::chrono::hours(1)};  // not zero: code may take that for "never"

}  // namespace

SimWorld::SimWorld(std::uint64_t seed) : random_(seed), now_(kFirstInstant) {}

SimWorld::~SimWorld() {
    for (const auto& shard : shards_) {
        for (const SimShard::Ready& each : shard->ready_) {
            TL_CHECK(!each.task);  // a task that was to run is still there: run_until_idle() or join its scope first
        }
    }
    // Jobs may own streams and tasks, whose ends want to schedule more.
    ending_ = true;
    scheduled_.clear();
    for (const auto& shard : shards_) {
        shard->ready_.clear();
        shard->mail_.clear();
        shard->timers_ = {};
    }
    ports_.listeners.clear();
}

SimShard& SimWorld::add_shard(SimFileSystem& files, std::string host) {
    auto index = static_cast<unsigned>(shards_.size());
    shards_.push_back(std::make_unique<SimShard>(*this, index, files, std::move(host), random_.next()));
    return *shards_.back();
}

std::int64_t SimWorld::wall_ms() const {
    return kFirstWallMs + std::chrono::floor<std::chrono::milliseconds>(now_ - kFirstInstant + wall_jump_).count();
}

void SimWorld::trace(std::uint64_t value) { trace_hash_ = (trace_hash_ ^ value) * 0x100000001b3u; }

Duration SimWorld::random_delay(Duration low, Duration high) {
    return low + Duration(random_.below(static_cast<std::uint64_t>((high - low).count()) + 1));
}

void SimWorld::schedule(Instant when, SimShard& shard, Job job) {
    if (!ending_) {
        scheduled_.emplace(std::pair(std::max(when, now_), ++scheduled_count_), Scheduled{&shard, std::move(job)});
    }
}

bool SimWorld::take_turn() {
    while (!scheduled_.empty() && scheduled_.begin()->first.first <= now_) {
        auto due = scheduled_.extract(scheduled_.begin());
        due.mapped().shard->ready_.push_back({.task = {}, .job = std::move(due.mapped().job)});
    }
    std::vector<SimShard*> able;
    for (const auto& shard : shards_) {
        if (shard->has_work()) {
            able.push_back(shard.get());
        }
    }
    if (able.empty()) {
        return false;
    }
    SimShard* next = able[random_.below(able.size())];
    SimShard::Ready work = next->take_work(random_);
    TL_CHECK(++turns_at_this_time_ < kTurnsWithoutTimeMax);
    ++turns_;
    trace(next->index());
    trace(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    trace(work.task ? 1 : 2);

    running_ = next;
    if (work.task) {
        work.task.resume();
    } else {
        work.job();
        work.job = nullptr;  // what it owned goes while its shard still runs
    }
    running_ = nullptr;
    return true;
}

std::optional<Instant> SimWorld::next_timer() const {
    std::optional<Instant> earliest;
    for (const auto& shard : shards_) {
        if (!shard->timers_.empty() && (!earliest || shard->timers_.next() < *earliest)) {
            earliest = shard->timers_.next();
        }
    }
    return earliest;
}

void SimWorld::move_time_to(Instant when) {
    TL_CHECK(when >= now_);
    now_ = when;
    turns_at_this_time_ = 0;
}

void SimWorld::run_until_idle() {
    while (true) {
        if (take_turn()) {
            continue;
        }
        if (scheduled_.empty()) {
            return;
        }
        Instant next = scheduled_.begin()->first.first;
        move_time_to(std::min(next, next_timer().value_or(next)));
    }
}

bool SimWorld::run_until(const std::function<bool()>& done, Duration limit) {
    Instant end = now_ + limit;
    while (!done()) {
        if (take_turn()) {
            continue;
        }
        std::optional<Instant> next = next_timer();
        if (!scheduled_.empty()) {
            next = std::min(next.value_or(Instant::max()), scheduled_.begin()->first.first);
        }
        if (!next || *next > end) {
            return false;
        }
        move_time_to(*next);
    }
    return true;
}

void SimWorld::advance(Duration by) {
    Instant end = now_ + by;
    run_until([] { return false; }, by);
    move_time_to(end);
}

}  // namespace tideline::runtime::sim
