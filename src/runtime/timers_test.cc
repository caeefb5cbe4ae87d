#include "runtime/timers.h"

#include <gtest/gtest.h>

#include <map>

#include "runtime/random.h"

namespace tideline::runtime {
namespace {

Instant at(std::int64_t tick) { return Instant(Duration(tick)); }

TEST(TimerHeap, GivesTheEarliestFirstAndEqualOnesInTheOrderOfTheCalls) {
    TimerHeap timers;
    std::vector<int> order;
    for (int i : {5, 1, 3, 1, 5}) {
        timers.add(at(i), [&order, i, n = timers.size()] { order.push_back(i * 10 + static_cast<int>(n)); });
    }
    EXPECT_EQ(timers.next(), at(1));
    while (timers.due(at(5))) {
        timers.take()();
    }
    EXPECT_EQ(order, (std::vector{11, 13, 32, 50, 54}));
}

TEST(TimerHeap, IsDueAtItsInstantAndNotBefore) {
    TimerHeap timers;
    EXPECT_FALSE(timers.due(at(100)));
    timers.add(at(10), [] {});
    EXPECT_FALSE(timers.due(at(9)));
    EXPECT_TRUE(timers.due(at(10)));
}

TEST(TimerHeap, ACancelledTimerLeavesNothingBehind) {
    TimerHeap timers;
    auto held = std::make_shared<int>(0);
    TimerId timer = timers.add(at(1), [held] {});
    EXPECT_TRUE(timers.cancel(timer));
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_TRUE(timers.empty());
    EXPECT_FALSE(timers.cancel(timer));
}

TEST(TimerHeap, TheIdOfATimerThatRanDoesNotCancelItsSuccessor) {
    TimerHeap timers;
    TimerId old = timers.add(at(1), [] {});
    timers.take()();
    timers.add(at(2), [] {});  // takes the same slot
    EXPECT_FALSE(timers.cancel(old));
    EXPECT_EQ(timers.size(), 1u);
}

TEST(TimerHeap, DoesWhatASortedTableDoes) {
    Random random(7);
    for (int round = 0; round < 20; ++round) {
        TimerHeap timers;
        std::map<std::pair<Instant, int>, TimerId> model;
        int ran = -1;
        for (int step = 0; step < 500; ++step) {
            std::uint64_t choice = random.below(4);
            if (choice < 2) {
                Instant when = at(static_cast<std::int64_t>(random.below(50)));
                model[{when, step}] = timers.add(when, [&ran, step] { ran = step; });
            } else if (!model.empty() && choice == 2) {
                auto victim = std::next(model.begin(), static_cast<std::ptrdiff_t>(random.below(model.size())));
                ASSERT_TRUE(timers.cancel(victim->second));
                model.erase(victim);
            } else if (!model.empty()) {
                ASSERT_EQ(timers.next(), model.begin()->first.first);
                timers.take()();
                ASSERT_EQ(ran, model.begin()->first.second);
                model.erase(model.begin());
            }
            ASSERT_EQ(timers.size(), model.size());
        }
    }
}

}  // namespace
}  // namespace tideline::runtime
