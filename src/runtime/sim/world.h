// runtime/sim/world.h: shards of one or many brokers in one thread, under one seed and a virtual clock.
//
//   SimWorld world(seed);
//   SimShard& shard = world.add_shard();
//   auto offset = world.run(shard, log.append(batch));
// The seed decides which shard goes next, how long the disk and the network take, and all random numbers: the same seed
// runs the same turns (trace_hash() tells). Within a shard tasks run in the order they became ready. Time stands still
// while anything is ready and then jumps to the next thing that is due.
// Owns:   its shards and, unless told otherwise, the one file system they share. Listeners, streams and scopes must go
//         before the world; it checks that no task is left that was ready to run.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/scope.h"
#include "runtime/sim/shard.h"

namespace tideline::runtime::sim {

class SimWorld {
public:
    // 2025-01-01T00:00:00Z, when every world begins.
    static constexpr std::int64_t kFirstWallMs = 1'735'689'600'000;

    explicit SimWorld(std::uint64_t seed);
    ~SimWorld();
    SimWorld(const SimWorld&) = delete;
    SimWorld& operator=(const SimWorld&) = delete;

    // With the world's own file system, or with one that outlives the world.
    SimShard& add_shard() { return add_shard(files_); }
    SimShard& add_shard(SimFileSystem& files, std::string host = "127.0.0.1");
    SimShard& shard(std::size_t index) { return *shards_[index]; }
    SimFileSystem& files() { return files_; }

    Instant now() const { return now_; }
    std::int64_t wall_ms() const;
    // The wall clock jumps, forwards or backwards; the monotonic one does not notice.
    void jump_wall(Duration by) { wall_jump_ += by; }

    // How long what is offloaded takes from now on, each time anew; 10 µs to 5 ms unless told otherwise.
    void set_disk_delay(Duration low, Duration high) { disk_delay_ = {low, high}; }

    // Runs until nothing is ready and no disk or network work is under way. Time passes as that work needs, and timers
    // that come due meanwhile run; nobody waits for a timer alone (see advance()), or a periodic one would never end.
    void run_until_idle();
    // Runs, timers too, until `done()` holds: true. False when nothing is left to do, or after `limit` of virtual time.
    bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::hours(24));
    // Runs all that is due within `by`, and ends at exactly that time.
    void advance(Duration by);
    // Runs `task` on `shard` to its end and returns its value; checks that it can end.
    template <class T>
    T run(Shard& shard, Task<T> task);

    // Folded from every turn taken: which shard, when, what kind, and the random numbers drawn.
    std::uint64_t trace_hash() const { return trace_hash_; }
    std::uint64_t turns() const { return turns_; }

    // For the parts of the world: runs `job` on `shard` at `when`; counts as work under way.
    void schedule(Instant when, SimShard& shard, Job job);
    Duration random_delay(Duration low, Duration high);
    Duration random_disk_delay() { return random_delay(disk_delay_.first, disk_delay_.second); }
    Random& chance() { return random_; }
    SimPorts& ports() { return ports_; }

private:
    friend class SimShard;
    struct Scheduled {
        SimShard* shard;
        Job job;
    };

    bool take_turn();  // false when nothing is ready
    std::optional<Instant> next_timer() const;
    void move_time_to(Instant when);
    void trace(std::uint64_t value);

    Random random_;
    Instant now_;
    Duration wall_jump_{};
    std::pair<Duration, Duration> disk_delay_{std::chrono::microseconds(10), std::chrono::milliseconds(5)};
    SimFileSystem files_;
    SimPorts ports_;
    std::vector<std::unique_ptr<SimShard>> shards_;
    SimShard* running_ = nullptr;
    std::map<std::pair<Instant, std::uint64_t>, Scheduled> scheduled_;
    std::uint64_t scheduled_count_ = 0;
    std::uint64_t turns_ = 0;
    std::uint64_t turns_at_this_time_ = 0;
    std::uint64_t trace_hash_ = 0xcbf29ce484222325u;
    bool ending_ = false;
};

template <class T>
T SimWorld::run(Shard& shard, Task<T> task) {
    if constexpr (std::is_void_v<T>) {
        bool done = false;
        shard.run_here([&, task = std::move(task)]() mutable { detail::start(std::move(task), [&] { done = true; }); });
        TL_CHECK(run_until([&] { return done; }));
    } else {
        std::optional<T> value;
        shard.run_here([&, task = std::move(task)]() mutable {
            detail::start(std::move(task), [&](T result) { value.emplace(std::move(result)); });
        });
        TL_CHECK(run_until([&] { return value.has_value(); }));
        return std::move(*value);
    }
}

}  // namespace tideline::runtime::sim
