#include "runtime/scope.h"
#include "runtime/test_runtimes.h"

namespace tideline::runtime {
namespace {

using namespace std::chrono_literals;

template <class Runtime>
class Tasks : public OnBothRuntimes<Runtime> {};
TYPED_TEST_SUITE(Tasks, BothRuntimes);

Task<int> note(std::vector<int>& log, int id) {
    log.push_back(id);
    co_return id;
}

Task<void> note_twice(Shard& shard, std::vector<int>& log, int id) {
    log.push_back(id);
    co_await yield_now(shard);
    log.push_back(id + 100);
}

Task<void> starts_when_awaited(Shard&, Shard&) {
    std::vector<int> log;
    Task<int> task = note(log, 1);
    Task<int> never = note(log, 2);
    EXPECT_TRUE(log.empty());
    int result = co_await std::move(task);
    EXPECT_EQ(result, 1);
    EXPECT_EQ(log, std::vector{1});
}
TYPED_TEST(Tasks, StartWhenAwaitedAndNotBefore) { this->run(starts_when_awaited); }

Task<std::unique_ptr<int>> make_box() { co_return std::make_unique<int>(7); }
Task<void> returns_what_moves(Shard&, Shard&) {
    auto box = co_await make_box();
    EXPECT_EQ(*box, 7);
}
TYPED_TEST(Tasks, ReturnWhatOnlyMoves) { this->run(returns_what_moves); }

Task<void> long_chain_step(int depth) {
    if (depth > 0) {
        co_await long_chain_step(depth - 1);
    }
}
Task<void> loops_without_stack(Shard&, Shard&) {
    for (int i = 0; i < 100'000; ++i) {
        co_await long_chain_step(1);
    }
}
TYPED_TEST(Tasks, ThatNeverWaitDoNotGrowTheStack) { this->run(loops_without_stack); }

Task<void> yields(Shard& shard, Shard&) {
    std::vector<int> log;
    TaskScope scope(shard);
    scope.spawn(note_twice(shard, log, 1));
    scope.spawn(note_twice(shard, log, 2));
    EXPECT_EQ(log, (std::vector{1, 2}));  // each ran to its first wait before spawn() returned
    EXPECT_EQ(scope.running(), 2u);
    co_await scope.join();
    EXPECT_EQ(log, (std::vector{1, 2, 101, 102}));
    EXPECT_EQ(scope.running(), 0u);
    co_await scope.join();  // nothing left: returns at once
}
TYPED_TEST(Tasks, OfAScopeTakeTurnsAndAreJoined) { this->run(yields); }

Task<void> spawn_more(Shard& shard, TaskScope& scope, std::vector<int>& log, int left) {
    co_await yield_now(shard);
    log.push_back(left);
    if (left > 0) {
        scope.spawn(spawn_more(shard, scope, log, left - 1));
    }
}
Task<void> joins_late_ones(Shard& shard, Shard&) {
    std::vector<int> log;
    TaskScope scope(shard);
    scope.spawn(spawn_more(shard, scope, log, 3));
    co_await scope.join();
    EXPECT_EQ(log, (std::vector{3, 2, 1, 0}));
}
TYPED_TEST(Tasks, SpawnedWhileJoiningAreJoinedToo) { this->run(joins_late_ones); }

template <class Runtime>
class Events : public OnBothRuntimes<Runtime> {};
TYPED_TEST_SUITE(Events, BothRuntimes);

Task<void> wait_and_note(Event& event, std::vector<int>& log, int id) {
    co_await event.wait();
    log.push_back(id);
}
Task<void> wakes_all(Shard& shard, Shard&) {
    std::vector<int> log;
    Event event(shard);
    TaskScope scope(shard);
    for (int id : {1, 2, 3}) {
        scope.spawn(wait_and_note(event, log, id));
    }
    event.set();
    EXPECT_TRUE(log.empty());  // they run in a later turn, not inside set()
    co_await scope.join();
    EXPECT_EQ(log, (std::vector{1, 2, 3}));
    co_await wait_and_note(event, log, 4);  // still set
    EXPECT_EQ(log.back(), 4);
}
TYPED_TEST(Events, WakeAllWaitersInOrderAndStaySet) { this->run(wakes_all); }

Task<void> outlives_not(Shard& shard, Shard&) {
    std::vector<int> log;
    TaskScope scope(shard);
    {
        Event event(shard);
        scope.spawn(wait_and_note(event, log, 1));
        event.set();
    }
    co_await scope.join();
    EXPECT_EQ(log, std::vector{1});
}
TYPED_TEST(Events, MayGoBeforeTheTasksTheyWoke) { this->run(outlives_not); }

Task<void> wait_note_outcome(Event& event, Instant deadline, std::vector<int>& log, int id) {
    bool set = co_await event.wait_until(deadline);
    log.push_back(set ? id : -id);
}
Task<void> deadline_first(Shard& shard, Shard&) {
    Event event(shard);
    bool past = co_await event.wait_until(shard.now());
    EXPECT_FALSE(past);
    bool late = co_await event.wait_until(shard.now() + 1ms);
    EXPECT_FALSE(late);
    event.set();
    bool set = co_await event.wait_until(shard.now() - 1ms);
    EXPECT_TRUE(set);
}
TYPED_TEST(Events, TellADeadlineFromBeingSet) { this->run(deadline_first); }

Task<void> one_of_many_late(Shard& shard, Shard&) {
    std::vector<int> log;
    Event event(shard);
    TaskScope scope(shard);
    Instant soon = shard.now() + 1ms;
    Instant far = shard.now() + 1h;
    scope.spawn(wait_note_outcome(event, far, log, 1));
    scope.spawn(wait_note_outcome(event, soon, log, 2));
    scope.spawn(wait_note_outcome(event, far, log, 3));
    co_await sleep_until(shard, soon + 1ms);
    EXPECT_EQ(log, std::vector{-2});
    event.set();
    co_await scope.join();
    EXPECT_EQ(log, (std::vector{-2, 1, 3}));
}
TYPED_TEST(Events, DropOneLateWaiterAndKeepTheOthers) { this->run(one_of_many_late); }

Task<void> same_turn(Shard& shard, Shard&) {
    std::vector<int> log;
    Event event(shard);
    TaskScope scope(shard);
    Instant when = shard.now() + 1ms;
    shard.add_timer(when, [&event] { event.set(); });
    scope.spawn(wait_note_outcome(event, when, log, 1));
    co_await scope.join();
    EXPECT_EQ(log.size(), 1u);  // woken once, whichever of the two came first
    co_await sleep_until(shard, when + 1ms);
    EXPECT_TRUE(event.is_set());
}
TYPED_TEST(Events, SetInTheTurnOfTheDeadlineWakeOnce) { this->run(same_turn); }

template <class Runtime>
class Mutexes : public OnBothRuntimes<Runtime> {};
TYPED_TEST_SUITE(Mutexes, BothRuntimes);

Task<void> hold(Shard& shard, Mutex& mutex, int& inside, std::vector<int>& log, int id) {
    auto lock = co_await mutex.lock();
    EXPECT_EQ(++inside, 1);
    log.push_back(id);
    co_await yield_now(shard);
    --inside;
}
Task<void> one_at_a_time(Shard& shard, Shard&) {
    int inside = 0;
    std::vector<int> log;
    Mutex mutex(shard);
    TaskScope scope(shard);
    for (int id = 0; id < 5; ++id) {
        scope.spawn(hold(shard, mutex, inside, log, id));
    }
    co_await scope.join();
    EXPECT_EQ(log, (std::vector{0, 1, 2, 3, 4}));
}
TYPED_TEST(Mutexes, LetOneInAtATimeInOrderOfArrival) { this->run(one_at_a_time); }

template <class Runtime>
class Shards : public OnBothRuntimes<Runtime> {};
TYPED_TEST_SUITE(Shards, BothRuntimes);

Task<void> timers_in_order(Shard& shard, Shard&) {
    std::vector<int> log;
    Event last(shard);
    Instant now = shard.now();
    shard.add_timer(now + 2ms, [&] { log.push_back(3); last.set(); });
    shard.add_timer(now + 1ms, [&] { log.push_back(1); });
    TimerId cancelled = shard.add_timer(now + 1ms, [&] { log.push_back(99); });
    shard.add_timer(now + 1ms, [&] { log.push_back(2); });
    shard.cancel_timer(cancelled);
    co_await last.wait();
    EXPECT_EQ(log, (std::vector{1, 2, 3}));
    EXPECT_GE(shard.now(), now + 2ms);
    shard.cancel_timer(cancelled);  // long gone
}
TYPED_TEST(Shards, RunTimersInOrderAndNotTheCancelledOnes) { this->run(timers_in_order); }

Task<void> cancels_a_due_one(Shard& shard, Shard&) {
    bool ran = false;
    Event done(shard);
    TimerId second = 0;
    Instant when = shard.now() + 1ms;
    shard.add_timer(when, [&] { shard.cancel_timer(second); });
    second = shard.add_timer(when, [&] { ran = true; });
    shard.add_timer(when + 1ms, [&] { done.set(); });
    co_await done.wait();
    EXPECT_FALSE(ran);
}
TYPED_TEST(Shards, CancelATimerThatIsAlreadyDue) { this->run(cancels_a_due_one); }

Task<int> where_am_i(Shard& there, int add) {
    co_await yield_now(there);
    co_return static_cast<int>(there.index()) + add;
}
Task<void> calls_there(Shard& here, Shard& there) {
    int answer = co_await call_on(here, there, [&there] { return where_am_i(there, 10); });
    EXPECT_EQ(answer, 11);
    int own = co_await call_on(here, here, [&here] { return where_am_i(here, 20); });
    EXPECT_EQ(own, 20);
}
TYPED_TEST(Shards, CallEachOtherAndGetTheAnswerBack) { this->run(calls_there); }

Task<void> add_there(Shard& there, std::vector<int>& log, int id) {
    log.push_back(id);
    co_await yield_now(there);
}
Task<void> call_and_add(Shard& here, Shard& there, std::vector<int>& log, int id) {
    co_await call_on(here, there, [&] { return add_there(there, log, id); });
}
Task<void> keeps_order(Shard& here, Shard& there) {
    constexpr int kCalls = 1000;
    std::vector<int> log;  // touched on `there` only, until all calls have ended
    TaskScope scope(here);
    for (int id = 0; id < kCalls; ++id) {
        scope.spawn(call_and_add(here, there, log, id));
    }
    co_await scope.join();
    EXPECT_EQ(log.size(), std::size_t{kCalls});
    EXPECT_TRUE(std::ranges::is_sorted(log));
}
TYPED_TEST(Shards, RunTheJobsOfOneSenderInOrder) { this->run(keeps_order); }

Task<void> ping(Shard& here, Shard& there, int rounds) {
    for (int i = 0; i < rounds; ++i) {
        int answer = co_await call_on(here, there, [&there] { return where_am_i(there, 0); });
        EXPECT_EQ(answer, static_cast<int>(there.index()));
    }
}
Task<void> never_misses_a_wake_up(Shard& first, Shard& second) {
    TaskScope scope(first);
    scope.spawn(ping(first, second, 300));
    co_await call_on(first, second, [&] { return ping(second, first, 300); });
    co_await scope.join();
}
TYPED_TEST(Shards, MissNoWakeUpWhenBothFallAsleep) { this->run(never_misses_a_wake_up); }

Task<void> offload_one(Shard& shard, int id, std::vector<int>& log) {
    int result = co_await offload(shard, [id] { return id * 2; });
    EXPECT_EQ(result, id * 2);
    log.push_back(id);
}
Task<void> offloads_many(Shard& shard, Shard&) {
    constexpr int kJobs = 200;
    std::vector<int> log;
    TaskScope scope(shard);
    for (int id = 0; id < kJobs; ++id) {
        scope.spawn(offload_one(shard, id, log));
    }
    co_await scope.join();
    EXPECT_EQ(log.size(), std::size_t{kJobs});
    bool ran = false;
    co_await offload(shard, [&ran] { ran = true; });
    EXPECT_TRUE(ran);
    auto box = co_await offload(shard, [] { return std::make_unique<int>(5); });
    EXPECT_EQ(*box, 5);
}
TYPED_TEST(Shards, RunBlockingWorkElsewhereAndResumeHere) { this->run(offloads_many); }

}  // namespace
}  // namespace tideline::runtime
