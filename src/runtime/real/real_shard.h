// runtime/real/real_shard.h: one thread's event loop over epoll.
//
// A turn: due timers, what other threads sent, ready tasks; then one epoll_wait, whose events resume their tasks at once.
// The clock is read once, when epoll_wait returns.
// Thread: everything on the thread that runs loop(), except run_here() and stop(). Calls from elsewhere end the process:
// a race on these queues would show far from its cause.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <mutex>
#include <vector>

#include "runtime/random.h"
#include "runtime/real/fd.h"
#include "runtime/real/io_pool.h"
#include "runtime/real/real_network.h"
#include "runtime/real/splice_pipe.h"
#include "runtime/shard.h"
#include "runtime/timers.h"

namespace tideline::runtime::real {

class RealShard final : public Shard {
public:
    struct Shared {  // outlives every shard
        FileSystem& files;
        IoPool& pool;
        SharedPorts& ports;
        SocketOptions sockets;
    };
    RealShard(unsigned index, const Shared& shared);
    ~RealShard() override;

    unsigned index() const override { return index_; }
    Instant now() const override { return now_; }
    std::int64_t wall_ms() const override;
    std::uint64_t random() override;
    void post(std::coroutine_handle<> task) override;
    void run_here(Job job) override;
    TimerId add_timer(Instant when, Job job) override;
    void cancel_timer(TimerId timer) override;
    void run_blocking(Job work, Job then) override { shared_.pool.run(*this, std::move(work), std::move(then)); }
    FileSystem& files() override { return shared_.files; }
    Network& network() override { return network_; }

    // Runs turns on the calling thread until stop() was called and nothing is ready.
    void loop();
    void stop();  // any thread

    SplicePipe& splice_pipe() { return splice_pipe_; }
    // Counts turns, for those who bound what they do in one.
    std::uint64_t turn() const { return turn_; }

    // Calls source.on_events() with every new edge of `fd`. Closing the descriptor ends that; forget() also drops events
    // that were fetched already.
    Result<> watch(int fd, EventSource& source);
    void forget(EventSource& source);

private:
    struct Ready {
        std::coroutine_handle<> task;  // or, when null:
        Job job;
    };

    bool on_own_thread() const;
    void run_timers();
    void run_inbox();
    void run_ready();
    void wait_for_events();
    int epoll_wait_until(std::optional<Instant> deadline);

    static constexpr std::size_t kEventsPerTurn = 256;

    const unsigned index_;
    const Shared shared_;
    Fd epoll_;
    Fd wake_up_;
    Random random_;
    RealNetwork network_;
    SplicePipe splice_pipe_;
    TimerHeap timers_;
    Instant now_;
    std::uint64_t turn_ = 0;
    mutable std::uint64_t wall_turn_ = ~std::uint64_t{0};
    mutable std::int64_t wall_ms_ = 0;
    bool stopping_ = false;

    std::vector<Ready> ready_;
    std::vector<Ready> running_;

    std::array<epoll_event, kEventsPerTurn> events_;
    std::size_t next_event_ = 0;
    std::size_t event_count_ = 0;

    std::atomic<bool> looping_ = false;
    std::mutex inbox_mutex_;
    std::vector<Job> inbox_;
    std::vector<Job> received_;
    std::atomic<bool> has_mail_ = false;
    std::atomic<bool> asleep_ = false;  // set under the mutex, when the inbox is empty and the loop is about to wait
};

}  // namespace tideline::runtime::real
