#include "runtime/sim/world.h"

#include <gtest/gtest.h>

#include <set>

namespace tideline::runtime::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Three shards that yield, sleep, use the disk, draw numbers and call each other.
Task<> be_busy(SimWorld& world, SimShard& shard, std::vector<unsigned>& order) {
    for (int i = 0; i < 10; ++i) {
        order.push_back(shard.index());
        co_await yield_now(shard);
        co_await sleep_until(shard, shard.now() + microseconds(shard.random() % 100));
        co_await offload(shard, [] {});
        SimShard& next = world.shard((shard.index() + 1) % 3);
        next.run_here([&order, &next] { order.push_back(10 + next.index()); });
    }
}

struct Outcome {
    std::vector<unsigned> order;
    std::uint64_t hash = 0;
    Instant end;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome run_busy(std::uint64_t seed) {
    SimWorld world(seed);
    std::vector<std::unique_ptr<TaskScope>> scopes;
    for (int i = 0; i < 3; ++i) {
        world.add_shard();
    }
    Outcome outcome;
    for (std::size_t i = 0; i < 3; ++i) {
        scopes.push_back(std::make_unique<TaskScope>(world.shard(i)));
        scopes.back()->spawn(be_busy(world, world.shard(i), outcome.order));
    }
    EXPECT_FALSE(world.run_until([] { return false; }));
    outcome.hash = world.trace_hash();
    outcome.end = world.now();
    return outcome;
}

TEST(SimWorld, TheSameSeedRunsTheSameTurns) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        EXPECT_EQ(run_busy(seed), run_busy(seed)) << seed;
    }
}

TEST(SimWorld, DifferentSeedsRunDifferentTurns) {
    std::set<std::uint64_t> hashes;
    std::set<std::vector<unsigned>> orders;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Outcome outcome = run_busy(seed);
        hashes.insert(outcome.hash);
        orders.insert(outcome.order);
    }
    EXPECT_EQ(hashes.size(), 20u);
    EXPECT_GT(orders.size(), 15u);
}

TEST(SimWorld, TheSeedDecidesWhichShardGoesNext) {
    std::set<std::vector<unsigned>> orders;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SimWorld world(seed);
        std::vector<unsigned> order;
        for (int i = 0; i < 3; ++i) {
            world.add_shard();
        }
        for (std::size_t i = 0; i < 3; ++i) {
            world.shard(i).run_here([&order, i] { order.push_back(static_cast<unsigned>(i)); });
        }
        world.run_until_idle();
        orders.insert(order);
    }
    EXPECT_EQ(orders.size(), 6u);
}

TEST(SimWorld, WhatATestAskedForIsNotOvertakenByOtherShards) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SimWorld world(seed);
        SimShard& shard = world.add_shard();
        SimShard& other = world.add_shard();
        std::vector<int> order;
        other.run_here([&] { shard.run_here([&] { order.push_back(2); }); });
        shard.run_here([&] { order.push_back(1); });
        world.run_until_idle();
        EXPECT_EQ(order, (std::vector{1, 2})) << seed;
    }
}

TEST(SimWorld, JobsForAShardKeepTheOrderOfEachSender) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        SimWorld world(seed);
        for (int i = 0; i < 3; ++i) {
            world.add_shard();
        }
        std::vector<std::vector<int>> got(3);
        for (std::size_t sender = 0; sender < 3; ++sender) {
            world.shard(sender).run_here([&, sender] {
                for (int i = 0; i < 20; ++i) {
                    world.shard(0).run_here([&, sender, i] { got[sender].push_back(i); });
                }
            });
        }
        world.run_until_idle();
        for (const auto& each : got) {
            EXPECT_EQ(each.size(), 20u);
            EXPECT_TRUE(std::ranges::is_sorted(each));
        }
    }
}

TEST(SimWorld, BlockingWorkFinishesInAnyOrderAndThenComesAfterItsWork) {
    std::set<std::vector<int>> orders;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SimWorld world(seed);
        SimShard& shard = world.add_shard();
        std::vector<int> order;
        std::vector<bool> worked(3);
        for (int i = 0; i < 3; ++i) {
            auto at = static_cast<std::size_t>(i);
            shard.run_blocking([&worked, at] { worked[at] = true; },
                               [&, at, i] {
                                   EXPECT_TRUE(worked[at]);
                                   order.push_back(i);
                               });
        }
        EXPECT_FALSE(worked[0]);
        Instant before = world.now();
        world.run_until_idle();
        EXPECT_GT(world.now(), before);
        orders.insert(order);
    }
    EXPECT_EQ(orders.size(), 6u);
}

TEST(SimWorld, RunUntilIdleDoesNotWaitForATimerAlone) {
    SimWorld world(1);
    SimShard& shard = world.add_shard();
    int rings = 0;
    std::function<void()> ring = [&] {
        ++rings;
        shard.add_timer(shard.now() + seconds(1), [&] { ring(); });
    };
    ring();
    world.run_until_idle();
    EXPECT_EQ(rings, 1);
    world.advance(seconds(10));
    EXPECT_EQ(rings, 11);
    EXPECT_TRUE(world.run_until([&] { return rings == 20; }));
    EXPECT_FALSE(world.run_until([] { return false; }, seconds(5)));
    EXPECT_EQ(rings, 25);
}

TEST(SimWorld, TimersRunInOrderAndNotOnceCancelled) {
    SimWorld world(1);
    SimShard& shard = world.add_shard();
    std::vector<int> order;
    Instant start = shard.now();
    TimerId victim = 0;
    shard.add_timer(start + milliseconds(2), [&] {
        order.push_back(2);
        shard.cancel_timer(victim);  // due at the same time
    });
    victim = shard.add_timer(start + milliseconds(2), [&] { order.push_back(3); });
    TimerId first = shard.add_timer(start + milliseconds(1), [&] {
        EXPECT_EQ(shard.now(), start + milliseconds(1));
        order.push_back(1);
    });
    world.advance(milliseconds(5));
    EXPECT_EQ(order, (std::vector{1, 2}));
    shard.cancel_timer(first);  // ran long ago
    EXPECT_EQ(world.now(), start + milliseconds(5));
}

TEST(SimWorld, ATimerInThePastRunsInALaterTurn) {
    SimWorld world(1);
    SimShard& shard = world.add_shard();
    bool ran = false;
    shard.add_timer(shard.now() - seconds(1), [&] { ran = true; });
    EXPECT_FALSE(ran);
    world.run_until_idle();
    EXPECT_TRUE(ran);
}

TEST(SimWorld, TimeStandsStillWhileAnythingIsReady) {
    SimWorld world(1);
    SimShard& shard = world.add_shard();
    bool rang = false;
    shard.add_timer(shard.now() + std::chrono::nanoseconds(1), [&] { rang = true; });
    auto spin = [](Shard& on, bool& stop) -> Task<> {
        Instant start = on.now();
        for (int i = 0; i < 100; ++i) {
            co_await yield_now(on);
        }
        EXPECT_EQ(on.now(), start);
        EXPECT_FALSE(stop);
    };
    world.run(shard, spin(shard, rang));
}

TEST(SimWorld, TheWallClockJumpsAndTheOtherDoesNotNotice) {
    SimWorld world(1);
    SimShard& shard = world.add_shard();
    EXPECT_EQ(shard.wall_ms(), SimWorld::kFirstWallMs);
    world.advance(milliseconds(1500));
    EXPECT_EQ(shard.wall_ms(), SimWorld::kFirstWallMs + 1500);
    Instant before = shard.now();
    world.jump_wall(-seconds(10));
    EXPECT_EQ(shard.wall_ms(), SimWorld::kFirstWallMs - 8500);
    EXPECT_EQ(shard.now(), before);
}

TEST(SimWorld, RunUntilSaysWhenNothingIsLeftToDo) {
    SimWorld world(1);
    SimShard& shard = world.add_shard();
    EXPECT_FALSE(world.run_until([] { return false; }));
    bool ran = false;
    shard.run_here([&] { ran = true; });
    EXPECT_TRUE(world.run_until([&] { return ran; }));
}

TEST(SimWorld, ShardsShareTheWorldsFilesUnlessGivenTheirOwn) {
    SimFileSystem own;
    SimWorld world(1);
    EXPECT_EQ(&world.add_shard().files(), &world.files());
    EXPECT_EQ(&world.add_shard().files(), &world.files());
    EXPECT_EQ(&world.add_shard(own).files(), &own);
}

TEST(SimWorld, EndsWithJobsAndTimersStillPending) {
    auto held = std::make_shared<int>(1);
    {
        SimWorld world(1);
        SimShard& shard = world.add_shard();
        shard.run_here([held] {});
        shard.add_timer(shard.now() + seconds(1), [held] {});
        shard.run_blocking([held] {}, [held] {});
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(SimWorld, EndsTheProcessWhenATaskThatIsReadyWouldBeLost) {
    EXPECT_DEATH(
        {
            SimWorld world(1);
            SimShard& shard = world.add_shard();
            detail::start(yield_now(shard), [] {});
        },
        "each.task");
}

}  // namespace
}  // namespace tideline::runtime::sim
