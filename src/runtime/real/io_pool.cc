#include "runtime/real/io_pool.h"

#include <pthread.h>
#include <signal.h>

#include "runtime/real/scheduling.h"

namespace tideline::runtime::real {

struct SignalsBlocked::Saved {
    sigset_t mask;
};

SignalsBlocked::SignalsBlocked() : saved_(std::make_unique<Saved>()) {
    sigset_t all;
    sigfillset(&all);
    TL_CHECK(pthread_sigmask(SIG_SETMASK, &all, &saved_->mask) == 0);
}

SignalsBlocked::~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &saved_->mask, nullptr); }

IoPool::IoPool(unsigned threads) {
    TL_CHECK(threads > 0);
    SignalsBlocked blocked;
    for (unsigned i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { serve(); });
        pthread_setname_np(threads_.back().native_handle(), "tideline-io");
    }
}

IoPool::~IoPool() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
}

void IoPool::run(Shard& shard, Job work, Job then) {
    {
        std::lock_guard lock(mutex_);
        queue_.push_back({&shard, std::move(work), std::move(then)});
    }
    changed_.notify_one();
}

void IoPool::serve() {
    ask_for_short_slices();
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) {
            return;
        }
        Item item = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        item.work();
        // What `work` holds may live in the frame that `then` resumes: let go of it first.
        item.work = nullptr;
        item.shard->run_here(std::move(item.then));
        lock.lock();
    }
}

}  // namespace tideline::runtime::real
