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

}  // namespace
}  // namespace tideline::server
