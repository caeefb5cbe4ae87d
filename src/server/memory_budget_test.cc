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
        auto grant = co_await from.acquire(bytes);
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
        auto grant = co_await from.acquire(1000);
        done = true;
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
        auto grant = co_await from.acquire(50);
        co_await from.raise(grant, 90);
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

}  // namespace
}  // namespace tideline::server
