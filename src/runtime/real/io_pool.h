// runtime/real/io_pool.h: the threads that may block, shared by all shards.
//
// Thread: run() from any; jobs run on the pool's threads in the order of the calls, several at a time. All signals are
// blocked there, so that one is always delivered to a thread that knows what to do with it.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/shard.h"

namespace tideline::runtime::real {

class IoPool {
public:
    explicit IoPool(unsigned threads);
    // Finishes what is queued.
    ~IoPool();

    // Runs `work` on a pool thread, then `then` on `shard`.
    void run(Shard& shard, Job work, Job then);

private:
    struct Item {
        Shard* shard;
        Job work;
        Job then;
    };
    void serve();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Item> queue_;
    bool stopping_ = false;
    std::vector<std::jthread> threads_;  // last: joined before the rest goes
};

// Blocks every signal in the calling thread while it lives; threads started meanwhile inherit that.
class SignalsBlocked {
public:
    SignalsBlocked();
    ~SignalsBlocked();

private:
    struct Saved;
    std::unique_ptr<Saved> saved_;
};

}  // namespace tideline::runtime::real
