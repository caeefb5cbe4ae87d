// group/coordinator_driver.h: runs one Coordinator over its log: loads it, appends what it decides, waits until that is
// durable, and then lets the answers go, in order.
//
//   start() ─► loading ─► active ─► stop()      a failed append: active ─► loading, from the log
//
// Deciding never waits for the disk: requests that come while records are being synced are decided at once and share
// the next sync. Answers that tell of nothing new wait for what was appended before them, too.
// Shard:  one. The shard, the journal and what the coordinator borrows must outlive the driver; join stop() before it goes.
#pragma once

#include <deque>
#include <map>

#include "group/coordinator.h"
#include "group/journal.h"
#include "runtime/scope.h"

namespace tideline::group {

// What a client is told when its records could not be appended or kept.
ErrorCode append_error_for_client(ErrorCode code);

class CoordinatorDriver {
public:
    using MakeCoordinator = std::function<std::unique_ptr<Coordinator>()>;
    using Decide = std::move_only_function<void(Coordinator&, Ticket, const Now&, Effects&)>;
    using Step = std::move_only_function<void(Coordinator&, const Now&, Effects&)>;

    // `make` is called for each load.
    CoordinatorDriver(runtime::Shard& shard, Journal& journal, MakeCoordinator make);
    ~CoordinatorDriver();

    // Begins to load.
    void start();
    // Answers NOT_COORDINATOR to everybody who waits, and returns when no task of the driver runs. That takes until the
    // journal's waits and reads have ended.
    runtime::Task<void> stop();

    bool is_active() const { return state_ == State::active; }
    // Null unless active. For looking only: what changes the state goes through ask() and run().
    const Coordinator* coordinator() const { return is_active() ? coordinator_.get() : nullptr; }

    // Lets the coordinator decide, and returns its reply once it may be told. What `decide` refers to must live until it
    // was called, which is before this waits. Errors: coordinator_load_in_progress, not_coordinator, and those of
    // append_error_for_client().
    //   auto reply = co_await driver.ask([&](auto& coordinator, auto ticket, auto& now, auto& out) {
    //       coordinator.heartbeat(ticket, client, request, now, out);
    //   });
    //   auto& response = std::get<protocol::HeartbeatResponse>(*reply);
    runtime::Task<base::Result<Reply>> ask(Decide decide);
    // A step without a request (topics_changed() and the like); does nothing unless active.
    void run(Step step);

private:
    enum class State : std::uint8_t { idle, loading, active, failed, stopped };
    struct Waiter;
    struct Held {
        std::int64_t end;  // may go when the log is durable up to here
        std::vector<Answer> answers;
    };

    Now now() const { return {.instant = shard_.now(), .wall_ms = shard_.wall_ms()}; }
    void carry_out(Effects& effects);
    base::Result<> append(const std::vector<Record>& records);
    void release(std::vector<Answer>& answers);
    void give_up_on(std::int64_t end, const base::Error& why);
    void let_go_of_coordinator(ErrorCode code_for_waiters);
    void reload(const base::Error& why);
    runtime::Task<void> release_when_durable();
    runtime::Task<void> load(std::chrono::milliseconds delay);
    runtime::Task<base::Result<>> replay_log(Coordinator& coordinator, std::uint64_t generation);
    void arm_timer();

    runtime::Shard& shard_;
    Journal& journal_;
    MakeCoordinator make_;
    std::unique_ptr<Coordinator> coordinator_;
    State state_ = State::idle;
    std::uint64_t generation_ = 0;  // of coordinators; a task of another one changes nothing

    Ticket last_ticket_ = kNoTicket;
    std::map<Ticket, Waiter*> waiters_;
    std::deque<Held> held_;
    std::int64_t appended_end_ = 0;
    std::int64_t durable_end_ = 0;
    bool releasing_ = false;

    runtime::TimerId timer_ = 0;
    Instant timer_at_ = kNever;  // kNever: none is set
    runtime::Event stopping_;
    runtime::TaskScope tasks_;
};

}  // namespace tideline::group
