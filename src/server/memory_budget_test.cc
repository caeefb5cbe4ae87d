#include "server/memory_budget.h"

#include <gtest/gtest.h>

#include "runtime/sim/world.h"

namespace tideline::server {
namespace {

TEST(MemoryBudget, LetsWaitersInByOrderOfArrivalWhenMemoryComesBack) {
    runtime::sim::SimWorld world(1);
    runtime::Shard& shard = world.add_shard();
    MemoryBudget budget(shard, 100);
    std::vector<int> order;
    auto take = [](MemoryBudget& from, std::uint64_t bytes, int id, std::vector<int>& log,
                   runtime::Event& until) -> runtime::Task<void> {
        MemoryBudget::Grant grant;
        bool admitted = co_await from.raise(grant, bytes);
        EXPECT_TRUE(admitted);
        log.push_back(id);
        co_await until.wait();
    };
    runtime::TaskScope scope(shard);
    runtime::Event first(shard);
    runtime::Event rest(shard);
    scope.spawn(take(budget, 80, 1, order, first));
    scope.spawn(take(budget, 90, 2, order, rest));
    scope.spawn(take(budget, 5, 3, order, rest));  // would fit, but must not overtake
    world.run_until_idle();
    EXPECT_EQ(order, (std::vector{1}));
    first.set();
    world.run_until_idle();
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
    rest.set();
    world.run_until_idle();
    EXPECT_EQ(budget.in_use_bytes(), 0u);
}

TEST(MemoryBudget, ARequestLargerThanTheBudgetIsLetInAlone) {
    runtime::sim::SimWorld world(1);
    runtime::Shard& shard = world.add_shard();
    MemoryBudget budget(shard, 100);
    bool in = false;
    auto take = [](MemoryBudget& from, bool& done) -> runtime::Task<void> {
        MemoryBudget::Grant grant;
        done = co_await from.raise(grant, 1000);
    };
    runtime::TaskScope scope(shard);
    scope.spawn(take(budget, in));
    world.run_until_idle();
    EXPECT_TRUE(in);
}

TEST(MemoryBudget, OneHalfReadRequestAtATimeMayPassTheLimit) {
    runtime::sim::SimWorld world(1);
    runtime::Shard& shard = world.add_shard();
    MemoryBudget budget(shard, 100);
    std::vector<int> raised;
    auto hold = [](MemoryBudget& from, int id, std::vector<int>& log, runtime::Event& until) -> runtime::Task<void> {
        MemoryBudget::Grant grant;
        bool first_part = co_await from.raise(grant, 50);
        bool whole = co_await from.raise(grant, 90);
        EXPECT_TRUE(first_part && whole);
        log.push_back(id);
        co_await until.wait();
    };
    runtime::TaskScope scope(shard);
    runtime::Event first(shard);
    runtime::Event second(shard);
    scope.spawn(hold(budget, 1, raised, first));
    scope.spawn(hold(budget, 2, raised, second));
    world.run_until_idle();
    EXPECT_EQ(raised, (std::vector{1}));  // the second holds its 50 and waits
    first.set();
    world.run_until_idle();
    EXPECT_EQ(raised, (std::vector{1, 2}));
    second.set();
    world.run_until_idle();
    EXPECT_EQ(budget.in_use_bytes(), 0u);
}

TEST(MemoryBudget, AHalfReadRequestMayPassTheLimitBehindANewOneThatDoesNotFit) {
    runtime::sim::SimWorld world(1);
    runtime::Shard& shard = world.add_shard();
    MemoryBudget budget(shard, 100);
    auto raise = [](MemoryBudget& from, MemoryBudget::Grant& grant, std::uint64_t bytes, bool& done) -> runtime::Task<void> {
        done = co_await from.raise(grant, bytes);
    };
    MemoryBudget::Grant one;
    MemoryBudget::Grant two;
    MemoryBudget::Grant fresh;
    bool one_is_in = false;
    bool two_is_in = false;
    bool fresh_is_in = false;
    runtime::TaskScope scope(shard);
    scope.spawn(raise(budget, one, 50, one_is_in));
    scope.spawn(raise(budget, two, 50, two_is_in));
    scope.spawn(raise(budget, one, 90, one_is_in));  // past the limit
    scope.spawn(raise(budget, fresh, 80, fresh_is_in));
    two_is_in = false;
    scope.spawn(raise(budget, two, 90, two_is_in));
    world.run_until_idle();
    EXPECT_FALSE(two_is_in);
    one.release();
    world.run_until_idle();
    EXPECT_TRUE(two_is_in);
    EXPECT_FALSE(fresh_is_in);
    two.release();
    world.run_until_idle();
    EXPECT_TRUE(fresh_is_in);
}

TEST(MemoryBudget, ACancelledWaitEndsWithNothing) {
    runtime::sim::SimWorld world(1);
    runtime::Shard& shard = world.add_shard();
    MemoryBudget budget(shard, 100);
    auto raise = [](MemoryBudget& from, MemoryBudget::Grant& grant, bool& ended, bool& got) -> runtime::Task<void> {
        got = co_await from.raise(grant, 80);
        ended = true;
    };
    MemoryBudget::Grant first;
    MemoryBudget::Grant second;
    bool ended = false;
    bool got = false;
    runtime::TaskScope scope(shard);
    scope.spawn(raise(budget, first, ended, got));
    ended = false;
    scope.spawn(raise(budget, second, ended, got));
    world.run_until_idle();
    EXPECT_FALSE(ended);
    budget.cancel(second);
    world.run_until_idle();
    EXPECT_TRUE(ended);
    EXPECT_FALSE(got);
    EXPECT_EQ(budget.in_use_bytes(), 80u);
}

TEST(MemoryBudget, WhatIsGivenBackLetsTheNextOneInAndEndsTheOverdraft) {
    runtime::sim::SimWorld world(1);
    runtime::Shard& shard = world.add_shard();
    MemoryBudget budget(shard, 100);
    std::vector<int> order;
    auto grow = [](MemoryBudget& from, std::uint64_t bytes, MemoryBudget::Grant& grant, int id, std::vector<int>& log) -> runtime::Task<void> {
        bool admitted = co_await from.raise(grant, bytes);
        EXPECT_TRUE(admitted);
        log.push_back(id);
    };
    runtime::TaskScope scope(shard);
    MemoryBudget::Grant first;
    MemoryBudget::Grant second;
    MemoryBudget::Grant third;
    scope.spawn(grow(budget, 40, first, 1, order));
    scope.spawn(grow(budget, 40, second, 2, order));
    scope.spawn(grow(budget, 140, first, 3, order));  // past the limit, since it holds something
    scope.spawn(grow(budget, 60, second, 4, order));
    scope.spawn(grow(budget, 10, third, 5, order));
    world.run_until_idle();
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
    budget.lower(first, 20);
    world.run_until_idle();
    EXPECT_EQ(order, (std::vector{1, 2, 3, 4, 5}));
    EXPECT_EQ(budget.in_use_bytes(), 90u);
    // Another may go past the limit now.
    scope.spawn(grow(budget, 200, second, 6, order));
    world.run_until_idle();
    EXPECT_EQ(order.back(), 6);
}

// A budget of `limit`, and grants that wait for it.
struct Bench {
    explicit Bench(std::uint64_t limit) : budget(shard, limit), scope(shard) {}

    static runtime::Task<void> raise_one(MemoryBudget& from, MemoryBudget::Grant& grant, std::uint64_t bytes) {
        bool admitted = co_await from.raise(grant, bytes);
        EXPECT_TRUE(admitted);
    }
    void raise(MemoryBudget::Grant& grant, std::uint64_t bytes) {
        scope.spawn(raise_one(budget, grant, bytes));
        world.run_until_idle();
    }

    runtime::sim::SimWorld world{1};
    runtime::Shard& shard = world.add_shard();
    MemoryBudget budget;
    runtime::TaskScope scope;
};

constexpr std::uint64_t kMuch = 4 * MemoryBudget::kSmallBytes;

TEST(MemoryBudget, SmallGrantsDoNotWaitForLargeOnes) {
    Bench bench(2 * kMuch);
    MemoryBudget::Grant large;
    MemoryBudget::Grant waiting;
    bench.raise(large, kMuch);
    bench.raise(waiting, kMuch);
    EXPECT_EQ(waiting.bytes(), 0u);  // an eighth is for small ones
    MemoryBudget::Grant small;
    bench.raise(small, MemoryBudget::kSmallBytes);
    EXPECT_EQ(small.bytes(), MemoryBudget::kSmallBytes);
    large.release();
    bench.world.run_until_idle();
    EXPECT_EQ(waiting.bytes(), kMuch);
    waiting.release();
    small.release();
    EXPECT_EQ(bench.budget.in_use_bytes(), 0u);
}

TEST(MemoryBudget, SmallGrantsHaveTheirShareBesideALargeOneThatTakesMoreThanAll) {
    Bench bench(2 * kMuch);
    MemoryBudget::Grant large;
    bench.raise(large, 3 * kMuch);
    MemoryBudget::Grant first;
    MemoryBudget::Grant second;
    bench.raise(first, MemoryBudget::kSmallBytes);
    EXPECT_EQ(first.bytes(), MemoryBudget::kSmallBytes);
    bench.raise(second, MemoryBudget::kSmallBytes);
    EXPECT_EQ(second.bytes(), 0u);
    first.release();
    bench.world.run_until_idle();
    EXPECT_EQ(second.bytes(), MemoryBudget::kSmallBytes);
}

TEST(MemoryBudget, ALargeGrantIsLetInBesideSmallOnesOnlyIfNoOtherLargeOneIsThere) {
    Bench bench(2 * kMuch);
    MemoryBudget::Grant small;
    MemoryBudget::Grant large;
    MemoryBudget::Grant other;
    bench.raise(small, 100);
    bench.raise(large, 3 * kMuch);
    EXPECT_EQ(large.bytes(), 3 * kMuch);
    bench.raise(other, 3 * kMuch);
    EXPECT_EQ(other.bytes(), 0u);
    bench.budget.lower(large, 100);
    bench.world.run_until_idle();
    EXPECT_EQ(other.bytes(), 3 * kMuch);
    other.release();
    EXPECT_EQ(bench.budget.in_use_bytes(), 200u);
}

TEST(MemoryBudget, CountsWhatIsThereWhetherOrNotItFits) {
    Bench bench(100);
    MemoryBudget::Grant response;
    bench.budget.count(response, 300);
    MemoryBudget::Grant next;
    EXPECT_FALSE(bench.budget.raise_now(next, 10));
    bench.raise(next, 10);
    EXPECT_EQ(next.bytes(), 0u);
    response.release();
    bench.world.run_until_idle();
    EXPECT_EQ(next.bytes(), 10u);
}

}  // namespace
}  // namespace tideline::server
