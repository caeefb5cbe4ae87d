// The rules of task.h, scope.h and shard.h, which need a shard to run on.
#include "runtime/scope.h"

#include <gtest/gtest.h>

#include "runtime/sim/world.h"

namespace tideline::runtime::sim {
namespace {

using std::chrono::milliseconds;
using Log = std::vector<std::string>;

class ScopeTest : public testing::Test {
protected:
    SimWorld world{1};
    SimShard& shard = world.add_shard();
    Log log;
};

Task<int> answer(Log& log) {
    log.push_back("started");
    co_return 42;
}

Task<> say(Log& log, std::string what) {
    log.push_back(std::move(what));
    co_return;
}

Task<> say_after(Shard& shard, Log& log, std::string what, Duration delay) {
    co_await sleep_until(shard, shard.now() + delay);
    log.push_back(std::move(what));
}

Task<> say_around(Event& event, Log& log, std::string what) {
    log.push_back(what + " waits");
    co_await event.wait();
    log.push_back(what + " goes");
}

TEST_F(ScopeTest, ATaskStartsWhenItIsAwaitedAndGivesItsValue) {
    Task<int> task = answer(log);
    EXPECT_TRUE(log.empty());
    EXPECT_EQ(world.run(shard, std::move(task)), 42);
}

TEST_F(ScopeTest, ATaskThatNeverStartedOwnsNothingButItsFrame) {
    { Task<int> task = answer(log); }
    EXPECT_TRUE(log.empty());
}

TEST_F(ScopeTest, ASpawnedTaskRunsUntilItsFirstWait) {
    TaskScope scope(shard);
    Event event(shard);
    scope.spawn(say_around(event, log, "a"));
    EXPECT_EQ(log, Log{"a waits"});
    EXPECT_EQ(scope.running(), 1u);
    event.set();
    EXPECT_EQ(log, Log{"a waits"});  // set() does not run anybody itself
    world.run_until_idle();
    EXPECT_EQ(log, (Log{"a waits", "a goes"}));
    EXPECT_EQ(scope.running(), 0u);
}

TEST_F(ScopeTest, JoinReturnsWhenNoTaskIsLeftNotEvenOneSpawnedMeanwhile) {
    TaskScope scope(shard);
    auto spawn_more = [](Shard& on, TaskScope& into, Log& to) -> Task<> {
        co_await sleep_until(on, on.now() + milliseconds(1));
        into.spawn(say_after(on, to, "child", milliseconds(5)));
    };
    auto join = [](TaskScope& of, Log& to) -> Task<> {
        co_await of.join();
        to.push_back("joined");
    };
    scope.spawn(spawn_more(shard, scope, log));
    world.run(shard, join(scope, log));
    EXPECT_EQ(log, (Log{"child", "joined"}));
}

TEST_F(ScopeTest, AnEmptyScopeJoinsAtOnce) {
    TaskScope scope(shard);
    world.run(shard, scope.join());
    EXPECT_EQ(world.turns(), 1u);
}

TEST_F(ScopeTest, ParametersOfATaskGoBeforeTheScopeHearsOfItsEnd) {
    struct Noisy {
        Log* log;
        explicit Noisy(Log& to) : log(&to) {}
        Noisy(Noisy&& other) noexcept : log(std::exchange(other.log, nullptr)) {}
        ~Noisy() {
            if (log != nullptr) {
                log->push_back("parameter gone");
            }
        }
    };
    auto hold = [](Shard& on, Noisy noisy) -> Task<> { co_await yield_now(on); };
    auto join = [](TaskScope& of, Log& to) -> Task<> {
        co_await of.join();
        to.push_back("joined");
    };
    TaskScope scope(shard);
    scope.spawn(hold(shard, Noisy(log)));
    world.run(shard, join(scope, log));
    EXPECT_EQ(log, (Log{"parameter gone", "joined"}));
}

TEST_F(ScopeTest, AnEventWakesAllWhoWaitInOrderAndLetsLaterOnesThrough) {
    TaskScope scope(shard);
    Event event(shard);
    scope.spawn(say_around(event, log, "a"));
    scope.spawn(say_around(event, log, "b"));
    event.set();
    world.run_until_idle();
    EXPECT_EQ(log, (Log{"a waits", "b waits", "a goes", "b goes"}));
    scope.spawn(say_around(event, log, "c"));
    EXPECT_EQ(log.back(), "c goes");
    event.reset();
    scope.spawn(say_around(event, log, "d"));
    world.run_until_idle();
    EXPECT_EQ(log.back(), "d waits");
    event.set();
    world.run_until_idle();
}

Task<> wait_for(Event& event, Instant deadline, std::vector<bool>& outcomes) {
    bool in_time = co_await event.wait_until(deadline);
    outcomes.push_back(in_time);
}

TEST_F(ScopeTest, WaitUntilTellsTheEventFromTheDeadline) {
    TaskScope scope(shard);
    Event event(shard);
    std::vector<bool> outcomes;
    scope.spawn(wait_for(event, shard.now(), outcomes));
    EXPECT_EQ(outcomes, std::vector{false});  // the deadline has passed already
    scope.spawn(wait_for(event, shard.now() + milliseconds(10), outcomes));
    world.advance(milliseconds(9));
    EXPECT_EQ(scope.running(), 1u);
    world.advance(milliseconds(1));
    EXPECT_EQ(outcomes, (std::vector{false, false}));
    Instant before = world.now();
    scope.spawn(wait_for(event, before + milliseconds(10), outcomes));
    event.set();
    EXPECT_FALSE(world.run_until([] { return false; }));
    EXPECT_EQ(outcomes, (std::vector{false, false, true}));
    EXPECT_EQ(world.now(), before);  // its timer is gone, so nothing made time pass
}

TEST_F(ScopeTest, ADeadlineTakesOneWaiterOutAndLeavesTheOthers) {
    TaskScope scope(shard);
    Event event(shard);
    std::vector<bool> outcomes;
    scope.spawn(say_around(event, log, "a"));
    scope.spawn(wait_for(event, shard.now() + milliseconds(1), outcomes));
    scope.spawn(say_around(event, log, "b"));
    world.advance(milliseconds(2));
    EXPECT_EQ(outcomes, std::vector{false});
    event.set();
    world.run_until_idle();
    EXPECT_EQ(log, (Log{"a waits", "b waits", "a goes", "b goes"}));
}

// Whichever the seed lets go first, the waiter is resumed once and says that the event came.
TEST(ScopeWaitUntil, AnEventSetInTheTurnOfTheDeadlineWakesOnce) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SimWorld world(seed);
        SimShard& shard = world.add_shard();
        TaskScope scope(shard);
        auto event = std::make_unique<Event>(shard);
        std::vector<bool> outcomes;
        Instant deadline = shard.now() + milliseconds(1);
        // Added before the deadline's timer, so it runs first at the same instant.
        shard.add_timer(deadline, [&] {
            event->set();
            event.reset();  // an event may go as soon as it was set
        });
        scope.spawn(wait_for(*event, deadline, outcomes));
        world.advance(milliseconds(5));
        EXPECT_EQ(outcomes, std::vector{true}) << seed;
    }
}

TEST_F(ScopeTest, AMutexLetsOneInAtATimeInOrderOfArrival) {
    auto work = [](Shard& on, Mutex& mutex, Log& to, std::string name) -> Task<> {
        auto lock = co_await mutex.lock();
        to.push_back(name + " in");
        co_await sleep_until(on, on.now() + milliseconds(1));
        to.push_back(name + " out");
    };
    Mutex mutex(shard);
    TaskScope scope(shard);
    scope.spawn(work(shard, mutex, log, "a"));
    scope.spawn(work(shard, mutex, log, "b"));
    scope.spawn(work(shard, mutex, log, "c"));
    world.advance(milliseconds(10));
    EXPECT_EQ(log, (Log{"a in", "a out", "b in", "b out", "c in", "c out"}));
}

TEST_F(ScopeTest, AFreedMutexIsNotTakenByANewcomerBeforeItsWaiter) {
    auto hold = [](Mutex& mutex, Event& until, Log& to, std::string name) -> Task<> {
        auto lock = co_await mutex.lock();
        to.push_back(std::move(name));
        co_await until.wait();
    };
    Mutex mutex(shard);
    TaskScope scope(shard);
    Event first(shard);
    Event rest(shard);
    rest.set();
    scope.spawn(hold(mutex, first, log, "a"));
    scope.spawn(hold(mutex, rest, log, "b"));
    first.set();
    auto late = [](Shard& on, TaskScope& into, Task<> task) -> Task<> {
        co_await yield_now(on);
        into.spawn(std::move(task));
    };
    scope.spawn(late(shard, scope, hold(mutex, rest, log, "c")));
    world.run_until_idle();
    EXPECT_EQ(log, (Log{"a", "b", "c"}));
}

TEST_F(ScopeTest, YieldLetsEverythingThatIsReadyGoFirst) {
    auto yielder = [](Shard& on, Log& to) -> Task<> {
        to.push_back("before");
        co_await yield_now(on);
        to.push_back("after");
    };
    TaskScope scope(shard);
    Event event(shard);
    scope.spawn(say_around(event, log, "a"));
    event.set();
    scope.spawn(yielder(shard, log));
    world.run_until_idle();
    EXPECT_EQ(log, (Log{"a waits", "before", "a goes", "after"}));
}

TEST_F(ScopeTest, OffloadRunsItsWorkAndReturnsItsValue) {
    auto work = [](Shard& on, Log& to) -> Task<int> {
        co_await offload(on, [&] { to.push_back("worked"); });
        int value = co_await offload(on, [] { return 7; });
        co_return value;
    };
    EXPECT_EQ(world.run(shard, work(shard, log)), 7);
    EXPECT_EQ(log, Log{"worked"});
}

TEST_F(ScopeTest, OffloadCarriesAValueThatOnlyMoves) {
    auto work = [](Shard& on) -> Task<std::unique_ptr<int>> {
        auto value = co_await offload(on, [] { return std::make_unique<int>(3); });
        co_return value;
    };
    EXPECT_EQ(*world.run(shard, work(shard)), 3);
}

Task<unsigned> index_of_running(SimWorld& world, Shard& shard) {
    co_await yield_now(shard);
    co_return shard.index();
}

TEST_F(ScopeTest, CallOnRunsThereAndComesBack) {
    SimShard& other = world.add_shard();
    auto call = [](SimWorld& in, Shard& here, Shard& there, Log& to) -> Task<> {
        auto elsewhere = [&] { return index_of_running(in, there); };
        unsigned at = co_await call_on(here, there, elsewhere);
        to.push_back("there " + std::to_string(at));
        auto nothing = [&] { return say(to, "void"); };
        co_await call_on(here, there, nothing);
        auto same = [&] { return index_of_running(in, here); };
        at = co_await call_on(here, here, same);
        to.push_back("here " + std::to_string(at));
    };
    world.run(shard, call(world, shard, other, log));
    EXPECT_EQ(log, (Log{"there 1", "void", "here 0"}));
}

TEST_F(ScopeTest, SleepersWakeInTheOrderOfTheirTimes) {
    TaskScope scope(shard);
    scope.spawn(say_after(shard, log, "late", milliseconds(3)));
    scope.spawn(say_after(shard, log, "early", milliseconds(1)));
    scope.spawn(say_after(shard, log, "middle", milliseconds(2)));
    scope.spawn(say_after(shard, log, "middle too", milliseconds(2)));
    world.advance(milliseconds(2));
    EXPECT_EQ(log, (Log{"early", "middle", "middle too"}));
    world.advance(milliseconds(1));
    EXPECT_EQ(log.back(), "late");
}

TEST_F(ScopeTest, TheProcessEndsWhenAScopeDiesBeforeItsTasks) {
    EXPECT_DEATH(
        {
            TaskScope scope(shard);
            scope.spawn(say_after(shard, log, "x", milliseconds(1)));
        },
        "running_ == 0");
}

}  // namespace
}  // namespace tideline::runtime::sim
