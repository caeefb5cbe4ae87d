// runtime/sim/shard.h: one shard of a SimWorld: its queues, which the world empties one turn at a time.
//
// Shard:  all shards of a world share one thread; what they do to each other goes through the world.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "runtime/random.h"
#include "runtime/shard.h"
#include "runtime/sim/files.h"
#include "runtime/sim/network.h"
#include "runtime/timers.h"

namespace tideline::runtime::sim {

class SimWorld;

class SimShard final : public Shard {
public:
    SimShard(SimWorld& world, unsigned index, SimFileSystem& files, std::string host, std::uint64_t seed);
    ~SimShard() override;

    unsigned index() const override { return index_; }
    Instant now() const override;
    std::int64_t wall_ms() const override;
    std::uint64_t random() override;
    void post(std::coroutine_handle<> task) override;
    void run_here(Job job) override;
    TimerId add_timer(Instant when, Job job) override;
    void cancel_timer(TimerId timer) override;
    void run_blocking(Job work, Job then) override;
    SimFileSystem& files() override { return files_; }
    SimNetwork& network() override { return network_; }

    SimWorld& world() { return world_; }
    const std::string& host() const { return host_; }

private:
    friend class SimWorld;
    struct Ready {
        std::coroutine_handle<> task;  // or, when empty:
        Job job;
    };

    bool has_work() const { return !ready_.empty() || !mail_.empty() || timers_.due(now()); }
    // Takes one of: the next ready task, the earliest due timer, the next job of one of the senders.
    Ready take_work(Random& random);
    Job take_mail(std::map<int, std::deque<Job>>::iterator from);

    SimWorld& world_;
    unsigned index_;
    SimFileSystem& files_;
    std::string host_;
    Random random_;
    std::deque<Ready> ready_;
    std::map<int, std::deque<Job>> mail_;  // by the sender's index, -1 for the test itself; no empty queues
    TimerHeap timers_;
    SimNetwork network_;
};

}  // namespace tideline::runtime::sim
