#include "cli/txn/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideline::cli {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kNow = 1'000'000;
const TopicPartition kPlace{"orders", 0};

OpenTransaction open_transaction() {
    return {.at = kPlace, .producer_id = 7, .producer_epoch = 3, .first_offset = 40, .last_write_ms = kNow - 1000};
}

CoordinatedTransaction coordinated(std::string state) {
    return {.transactional_id = "billing",
            .coordinator = {.id = 1},
            .state = std::move(state),
            .producer_id = 7,
            .producer_epoch = 3,
            .timeout_ms = 60'000,
            .start_ms = kNow - 20'000,
            .partitions = {kPlace}};
}

Verdict judged(const CoordinatedTransaction* by_producer, const CoordinatedTransaction* by_id = nullptr, std::string named = "",
               std::int64_t now_ms = kNow) {
    OpenTransaction transaction = open_transaction();
    transaction.transactional_id = std::move(named);
    return judge(transaction, {.by_producer = by_producer, .by_id = by_id, .now_ms = now_ms, .abort_interval_ms = 10'000});
}

TEST(Verdict, AKnownTransactionRunsUntilItsTimeIsUp) {
    CoordinatedTransaction known = coordinated("Ongoing");
    Verdict verdict = judged(&known);
    EXPECT_EQ(verdict.condition, Condition::running);
    EXPECT_EQ(verdict.ends_ms, kNow + 40'000);
    EXPECT_THAT(verdict.action, HasSubstr("40 s"));
}

TEST(Verdict, AfterThatTheCoordinatorIsGivenTheTimeItTakesToNotice) {
    CoordinatedTransaction known = coordinated("Ongoing");
    EXPECT_EQ(judged(&known, nullptr, "", kNow + 41'000).condition, Condition::overdue);
    EXPECT_EQ(judged(&known, nullptr, "", kNow + 69'999).condition, Condition::overdue);
    Verdict late = judged(&known, nullptr, "", kNow + 70'000);
    EXPECT_EQ(late.condition, Condition::stuck);
    EXPECT_THAT(late.action, HasSubstr("broker 1"));
}

TEST(Verdict, WhatIsDecidedIsEnding) {
    for (const char* state : {"PrepareCommit", "PrepareAbort"}) {
        CoordinatedTransaction known = coordinated(state);
        EXPECT_EQ(judged(&known).condition, Condition::ending) << state;
    }
}

TEST(Verdict, ATransactionThatItsCoordinatorHasEndedHangs) {
    for (const char* state : {"Empty", "CompleteCommit", "CompleteAbort"}) {
        CoordinatedTransaction known = coordinated(state);
        known.partitions.clear();
        Verdict verdict = judged(&known);
        EXPECT_EQ(verdict.condition, Condition::hanging) << state;
        EXPECT_THAT(verdict.cause, HasSubstr(state));
        EXPECT_FALSE(verdict.ends_ms);
    }
}

TEST(Verdict, APartitionThatWasNeverAddedHangs) {
    CoordinatedTransaction known = coordinated("Ongoing");
    known.partitions = {{"orders", 1}};
    Verdict verdict = judged(&known);
    EXPECT_EQ(verdict.condition, Condition::hanging);
    EXPECT_THAT(verdict.cause, HasSubstr("transaction.partition.verification.enable"));
}

TEST(Verdict, AnEarlierEpochLeftSomethingBehind) {
    CoordinatedTransaction known = coordinated("Empty");
    known.producer_epoch = 4;
    EXPECT_THAT(judged(&known).cause, HasSubstr("epoch 3 left behind"));
}

TEST(Verdict, AnUnknownProducerHangsAndTheCauseNamesWhatIsKnown) {
    EXPECT_EQ(judged(nullptr).condition, Condition::hanging);
    EXPECT_THAT(judged(nullptr).cause, HasSubstr("no coordinator knows producer 7"));
    EXPECT_THAT(judged(nullptr, nullptr, "billing").cause, HasSubstr("no coordinator knows transactional id 'billing'"));
    CoordinatedTransaction successor = coordinated("Ongoing");
    successor.producer_id = 8;
    EXPECT_THAT(judged(nullptr, &successor, "billing").cause, HasSubstr("belongs to producer 8 by now"));
}

TEST(Duration, IsSaidAsAPersonWould) {
    EXPECT_EQ(duration_text(-5), "0.0 s");
    EXPECT_EQ(duration_text(840), "0.8 s");
    EXPECT_EQ(duration_text(42'000), "42 s");
    EXPECT_EQ(duration_text(125'000), "2 min 5 s");
    EXPECT_EQ(duration_text(12'000'000), "3 h 20 min");
    EXPECT_EQ(duration_text(200'000'000), "2 d 7 h");
}

}  // namespace
}  // namespace tideline::cli
