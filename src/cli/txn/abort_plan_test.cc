#include "cli/txn/abort_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideline::cli {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kNow = 1'000'000;

OpenTransaction open_in(std::string topic, std::int64_t producer_id, std::int64_t first_offset) {
    return {.at = {std::move(topic), 0},
            .producer_id = producer_id,
            .producer_epoch = 3,
            .first_offset = first_offset,
            .last_write_ms = kNow,
            .opened_ms = kNow - 20'000,
            .records = 5,
            .bytes = 500};
}

CoordinatedTransaction coordinated(std::string id, std::int64_t producer_id, std::set<TopicPartition> partitions) {
    return {.transactional_id = std::move(id),
            .coordinator = {.id = 1},
            .state = "Ongoing",
            .producer_id = producer_id,
            .producer_epoch = 3,
            .timeout_ms = 60'000,
            .start_ms = kNow - 20'000,
            .partitions = std::move(partitions)};
}

// Producer 7 ("billing") holds orders-0 at 40 and is in payments-0; producer 8, whom nobody knows, is behind it in orders-0.
TransactionFacts sample() {
    TransactionFacts facts;
    facts.now_ms = kNow;
    facts.watched_since_ms = 0;
    facts.partitions = {{{"orders", 0}, 40, 100, {open_in("orders", 7, 40), open_in("orders", 8, 60)}},
                        {{"payments", 0}, 10, 30, {open_in("payments", 7, 10)}}};
    facts.free = {{{"silent", 0}, 5, 5}};
    facts.coordinated.emplace("billing", coordinated("billing", 7, {{"orders", 0}, {"payments", 0}, {"silent", 0}}));
    facts.groups = {{.at = {"orders", 0}, .group = "reports", .state = "Stable", .committed = 40},
                    {.at = {"orders", 0}, .group = "dirty", .state = "Stable", .committed = 70}};
    return facts;
}

std::vector<PartitionState> ends_of(const TransactionFacts& facts) {
    std::vector<PartitionState> ends = facts.partitions;
    ends.insert(ends.end(), facts.free.begin(), facts.free.end());
    return ends;
}

AbortPlan plan_of(const TransactionFacts& facts, std::size_t partition, std::size_t transaction) {
    return plan_abort(facts, facts.partitions[partition].open[transaction], ends_of(facts));
}

TEST(AbortPlan, AKnownTransactionIsFencedInAllItsPartitions) {
    TransactionFacts facts = sample();
    AbortPlan plan = plan_of(facts, 0, 0);
    ASSERT_TRUE(plan.fenced);
    EXPECT_EQ(plan.transactional_id, "billing");
    ASSERT_EQ(plan.steps.size(), 3U);
    EXPECT_EQ(plan.steps[0].stable_after, 60);  // producer 8 holds it then
    EXPECT_EQ(plan.steps[0].next_holder, 8);
    EXPECT_EQ(plan.steps[1].stable_after, 31);  // a marker comes behind the end
    EXPECT_EQ(plan.steps[2].first_offset, std::nullopt);
    EXPECT_EQ(plan.steps[2].stable_after, 6);
    EXPECT_EQ(plan.records(), 10);
    EXPECT_EQ(plan.bytes(), 1000);
}

TEST(AbortPlan, OneThatNobodyKnowsGetsMarkersWhereItHangs) {
    TransactionFacts facts = sample();
    AbortPlan plan = plan_of(facts, 0, 1);
    EXPECT_FALSE(plan.fenced);
    EXPECT_EQ(plan.verdict.condition, Condition::hanging);
    ASSERT_EQ(plan.open.size(), 1U);
    EXPECT_EQ(plan.open[0].producer_id, 8);
    ASSERT_EQ(plan.steps.size(), 1U);
    EXPECT_EQ(plan.steps[0].stable_after, 40);  // producer 7 holds it still
    EXPECT_EQ(plan.steps[0].next_holder, 7);
    EXPECT_FALSE(why_not(plan, facts, false));
}

TEST(AbortPlan, WhereAProducerHangsBesideItsOpenTransactionOnlyThatIsEnded) {
    TransactionFacts facts = sample();
    facts.coordinated.at("billing").partitions = {{"payments", 0}};
    AbortPlan plan = plan_of(facts, 0, 0);
    EXPECT_FALSE(plan.fenced);
    ASSERT_EQ(plan.steps.size(), 1U);
    EXPECT_EQ(plan.steps[0].at.topic, "orders");
    ASSERT_EQ(plan.open.size(), 1U);
}

TEST(AbortPlan, GroupsThatReadUncommittedRecordsDoNotWait) {
    TransactionFacts facts = sample();
    AbortPlan plan = plan_of(facts, 0, 0);
    ASSERT_EQ(plan.steps[0].groups.size(), 1U);
    EXPECT_EQ(plan.steps[0].groups[0].group, "reports");
}

TEST(AbortPlan, IsRefusedWhileTheProducerIsConnectedUnlessForced) {
    TransactionFacts facts = sample();
    facts.partitions[0].open[0].client = {.id = "app", .address = "10.0.0.7:4711", .is_connected = true};
    AbortPlan plan = plan_of(facts, 0, 0);
    auto refusal = why_not(plan, facts, false);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->exit, ExitCode::refused);
    EXPECT_THAT(refusal->message, HasSubstr("app at 10.0.0.7:4711"));
    EXPECT_THAT(refusal->hint, HasSubstr("--force"));
    EXPECT_FALSE(why_not(plan, facts, true));
    facts.partitions[0].open[0].client->is_connected = false;
    EXPECT_FALSE(why_not(plan_of(facts, 0, 0), facts, false));
}

TEST(AbortPlan, WhoIsNotKnownCountsAsAliveUntilTheTimeIsUp) {
    TransactionFacts facts = sample();
    EXPECT_TRUE(why_not(plan_of(facts, 0, 0), facts, false));
    EXPECT_FALSE(why_not(plan_of(facts, 0, 0), facts, true));
    facts.now_ms += 41'000;
    EXPECT_FALSE(why_not(plan_of(facts, 0, 0), facts, false));
}

TEST(AbortPlan, WhatIsCommittedIsNeverAborted) {
    TransactionFacts facts = sample();
    facts.coordinated.at("billing").state = "PrepareCommit";
    auto refusal = why_not(plan_of(facts, 0, 0), facts, true);
    ASSERT_TRUE(refusal);
    EXPECT_THAT(refusal->message, HasSubstr("committed already"));
}

TEST(AbortPlan, ATransactionWithoutAnyRecordCanBeAborted) {
    TransactionFacts facts = sample();
    facts.partitions.clear();
    facts.free = {{{"orders", 0}, 40, 40}};
    CoordinatedTransaction chosen = coordinated("billing", 7, {{"orders", 0}});
    AbortPlan plan = plan_abort(facts, chosen, ends_of(facts));
    ASSERT_EQ(plan.steps.size(), 1U);
    EXPECT_EQ(plan.steps[0].stable_after, 41);
    EXPECT_EQ(plan.records(), 0);
}

TEST(WaitingGroup, StandsBeforeAtOrBehindTheLastStableOffset) {
    PartitionState partition{{"orders", 0}, 40, 100};
    WaitingGroup group{.at = partition.at, .group = "g", .state = "Stable", .committed = 39};
    EXPECT_EQ(standing_of(group, partition), Standing::before);
    EXPECT_EQ(records_waited_for(group, partition), 60);
    group.committed = 40;
    EXPECT_EQ(standing_of(group, partition), Standing::waits);
    EXPECT_EQ(records_waited_for(group, partition), 60);
    group.committed = 41;
    EXPECT_EQ(standing_of(group, partition), Standing::reads_uncommitted);
    EXPECT_EQ(records_waited_for(group, partition), 0);
}

}  // namespace
}  // namespace tideline::cli
