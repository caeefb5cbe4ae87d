// coordinator/driver.h: runs one coordinator over its log: loads it, appends what it decides, waits until that is
// durable, and then lets the answers go, in order.
//
//   start() ─► loading ─► active ─► stop()      a failed append: active ─► loading, from the log
//
// Deciding never waits for the disk: requests that come while records are being synced are decided at once and share
// the next sync. Answers that tell of nothing new wait for what was appended before them, too.
// Shard:  one. The shard, the journal and what the coordinator borrows must outlive the driver; join stop() before it goes.
//
// A kind of coordinator is a struct with
//   Machine    decides: next_deadline(), tick(now, out), finish_load(now, out)
//   Reply      what an ask() is answered with
//   Effects    of one step: `records`, `answers` (ticket and reply) and, if there is anything to do besides, `actions`
//   Action     one of these, NoAction if there are none
//              `transaction`, a std::optional<TransactionalWriter>, if steps may write records of a producer's transaction
//   kName      for log lines
//   replay()   static: feeds whole batches of the log, back to back, to a machine that is being loaded
// Its driver is made in one source file, which includes coordinator/driver_body.h and says `template class Driver<Kind>`.
#pragma once

#include <deque>
#include <map>

#include "coordinator/journal.h"
#include "coordinator/records.h"
#include "coordinator/types.h"
#include "runtime/scope.h"

namespace tideline::coordinator {

// What a client is told when its records could not be appended or kept.
ErrorCode append_error_for_client(ErrorCode code);

struct NoAction {};

template <class Kind>
class Driver {
public:
    using Machine = typename Kind::Machine;
    using Effects = typename Kind::Effects;
    using Reply = typename Kind::Reply;
    using Action = typename Kind::Action;
    using MakeCoordinator = std::function<std::unique_ptr<Machine>()>;
    using Decide = std::move_only_function<void(Machine&, Ticket, const Now&, Effects&)>;
    using Step = std::move_only_function<void(Machine&, const Now&, Effects&)>;
    using Perform = std::function<void(Action)>;

    // `make` is called for each load, `perform` for each action once what was appended before it is durable.
    Driver(runtime::Shard& shard, Journal& journal, MakeCoordinator make, Perform perform = {});
    ~Driver();

    // Begins to load.
    void start();
    // Answers NOT_COORDINATOR to everybody who waits, and returns when no task of the driver runs. That takes until the
    // journal's waits and reads have ended.
    runtime::Task<void> stop();

    bool is_active() const { return state_ == State::active; }
    // Null unless active. For looking only: what changes the state goes through ask() and run().
    const Machine* coordinator() const { return is_active() ? coordinator_.get() : nullptr; }

    // Lets the coordinator decide, and returns its reply once it may be told. What `decide` refers to must live until it
    // was called, which is before this waits. Errors: coordinator_load_in_progress, not_coordinator, and those of
    // append_error_for_client().
    //   auto reply = co_await driver.ask([&](auto& coordinator, auto ticket, auto& now, auto& out) {
    //       coordinator.heartbeat(ticket, client, request, now, out);
    //   });
    //   auto& response = std::get<protocol::HeartbeatResponse>(*reply);
    runtime::Task<base::Result<Reply>> ask(Decide decide);
    // Appends a batch that no step has decided, a transaction's marker, and lets the coordinator see it as in a load. Returns the
    // end of the log behind it. Errors: coordinator_load_in_progress, not_coordinator and those of the journal; then
    // nothing has changed.
    base::Result<std::int64_t> append_and_replay(base::ByteView batch, const JournalAppend& how);
    // A step without a request (topics_changed() and the like); does nothing unless active.
    void run(Step step);

private:
    enum class State : std::uint8_t { idle, loading, active, failed, stopped };
    struct Waiter;
    struct Held {
        std::int64_t end;  // may go when the log is durable up to here
        Effects effects;   // without its records
    };

    Now now() const { return {.instant = shard_.now(), .wall_ms = shard_.wall_ms()}; }
    void tell_limit();
    void carry_out(Effects& effects);
    base::Result<> check_active() const;
    base::Result<> append(const std::vector<Record>& records);
    void append_in_transaction(Effects& effects);
    void release(Effects& effects);
    void give_up_on(std::int64_t end, const base::Error& why);
    void let_go_of_coordinator(ErrorCode code_for_waiters);
    void reload(const base::Error& why);
    runtime::Task<void> release_when_durable();
    runtime::Task<void> load(std::chrono::milliseconds delay);
    runtime::Task<base::Result<>> replay_log(Machine& coordinator, std::uint64_t generation);
    void arm_timer();

    runtime::Shard& shard_;
    Journal& journal_;
    MakeCoordinator make_;
    Perform perform_;
    std::unique_ptr<Machine> coordinator_;
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

}  // namespace tideline::coordinator
