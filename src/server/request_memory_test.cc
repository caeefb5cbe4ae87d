#include "server/request_memory.h"

#include <gtest/gtest.h>

#include "runtime/sim/world.h"

namespace tideline::server {
namespace {

class RequestMemoryTest : public testing::Test {
protected:
    static runtime::Task<void> take_one(RequestMemory& memory, std::size_t bytes, std::optional<bool>& out) {
        out = co_await memory.take(bytes);
    }
    // nullopt while it waits.
    std::optional<bool>& take(RequestMemory& memory, std::size_t bytes) {
        auto& result = results_.emplace_back();
        scope_.spawn(take_one(memory, bytes, result));
        world_.run_until_idle();
        return result;
    }

    runtime::sim::SimWorld world_{1};
    runtime::Shard& shard_ = world_.add_shard();
    MemoryBudget budget_{shard_, std::uint64_t{1} << 20};
    runtime::TaskScope scope_{shard_};
    std::deque<std::optional<bool>> results_;
};

TEST_F(RequestMemoryTest, LittleIsFreeAndMoreIsChargedAltogether) {
    RequestMemory memory(budget_);
    EXPECT_EQ(take(memory, kRequestBytesFree), true);
    EXPECT_EQ(budget_.in_use_bytes(), 0u);
    EXPECT_EQ(take(memory, 1), true);
    EXPECT_EQ(budget_.in_use_bytes(), kRequestBytesFree + 1);
    memory.keep(kRequestBytesFree);
    EXPECT_EQ(budget_.in_use_bytes(), 0u);
}

TEST_F(RequestMemoryTest, WhatIsMoreThanOneRequestMayHaveIsRefusedForGood) {
    RequestMemory memory(budget_);
    EXPECT_EQ(take(memory, kRequestBytesLeast - 1), true);  // more than the budget, and alone
    EXPECT_EQ(take(memory, 2), false);
    EXPECT_TRUE(memory.is_over());
    EXPECT_EQ(budget_.in_use_bytes(), kRequestBytesLeast - 1);
    EXPECT_EQ(RequestMemory(budget_).most(), kRequestBytesLeast);
    MemoryBudget larger(shard_, 3 * kRequestBytesLeast);
    EXPECT_EQ(RequestMemory(larger).most(), 3 * kRequestBytesLeast);
}

TEST_F(RequestMemoryTest, AResponseIsAllThatIsHeldOnceItIsThere) {
    RequestMemory memory(budget_);
    take(memory, 100'000);
    memory.hold_response(50'000);
    EXPECT_EQ(budget_.in_use_bytes(), 50'000u);
    RequestMemory small(budget_);
    small.hold_response(70'000);  // it needed little until then
    EXPECT_EQ(budget_.in_use_bytes(), 120'000u);
    memory.hold_response(10);
    EXPECT_EQ(budget_.in_use_bytes(), 70'000u);
    auto grant = small.release();
    EXPECT_EQ(grant.bytes(), 70'000u);
}

TEST_F(RequestMemoryTest, GivesWayWhenItHoldsMuchAndOthersWait) {
    RequestMemory memory(budget_);
    take(memory, 800'000);
    EXPECT_FALSE(memory.should_give_way());
    RequestMemory other(budget_);
    auto& waits = take(other, 800'000);
    EXPECT_EQ(waits, std::nullopt);
    EXPECT_TRUE(memory.should_give_way());
    RequestMemory small(budget_);
    take(small, 10'000);
    EXPECT_FALSE(small.should_give_way()) << "not before it is asked";
    small.ask_to_give_way();
    EXPECT_TRUE(small.should_give_way());
    memory.keep(0);
    world_.run_until_idle();
    EXPECT_EQ(waits, true);
}

TEST_F(RequestMemoryTest, AnEndedConnectionWaitsNoMore) {
    RequestMemory memory(budget_);
    take(memory, 800'000);
    RequestMemory other(budget_);
    auto& waits = take(other, 800'000);
    other.end();
    world_.run_until_idle();
    EXPECT_EQ(waits, false);
    EXPECT_FALSE(other.is_over());
    memory.keep(0);
    EXPECT_EQ(take(other, 10), false);
    EXPECT_EQ(budget_.in_use_bytes(), 0u);
}

}  // namespace
}  // namespace tideline::server
