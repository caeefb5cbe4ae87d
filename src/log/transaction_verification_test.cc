#include "log/transaction_verification.h"

#include <gtest/gtest.h>

namespace tideline::log {
namespace {

record::BatchHeader written(std::int64_t producer_id, std::int16_t epoch, bool is_marker) {
    record::BatchHeader header;
    header.producer_id = producer_id;
    header.producer_epoch = epoch;
    header.attributes = record::kTransactionalBit | (is_marker ? record::kControlBit : 0);
    return header;
}

TEST(TransactionVerifications, AGuardAllowsItsProducerUntilABatchIsWritten) {
    TransactionVerifications asked(10);
    VerificationGuard guard = asked.begin({.producer_id = 7, .producer_epoch = 1, .base_sequence = 0});
    EXPECT_TRUE(asked.allows(7, guard));
    EXPECT_FALSE(asked.allows(8, guard));
    EXPECT_FALSE(asked.allows(7, kNoGuard));
    asked.note_written(written(7, 1, false));
    EXPECT_FALSE(asked.allows(7, guard));
}

TEST(TransactionVerifications, AGuardIsNeverHandedOutTwice) {
    TransactionVerifications asked(10);
    VerificationGuard first = asked.begin({.producer_id = 7, .producer_epoch = 1, .base_sequence = 0});
    asked.note_written(written(7, 1, true));
    VerificationGuard second = asked.begin({.producer_id = 7, .producer_epoch = 1, .base_sequence = 0});
    EXPECT_NE(first, second);
    EXPECT_FALSE(asked.allows(7, first));
    EXPECT_TRUE(asked.allows(7, second));
}

TEST(TransactionVerifications, QuestionsOfOneProducerShareAGuardAndKeepTheLowestSequence) {
    TransactionVerifications asked(10);
    VerificationGuard guard = asked.begin({.producer_id = 7, .producer_epoch = 1, .base_sequence = 4});
    EXPECT_EQ(asked.begin({.producer_id = 7, .producer_epoch = 1, .base_sequence = 2}), guard);
    EXPECT_EQ(asked.begin({.producer_id = 7, .producer_epoch = 1, .base_sequence = 6}), guard);
    EXPECT_EQ(asked.find(7)->lowest_sequence, 2);
    asked.begin({.producer_id = 7, .producer_epoch = 2, .base_sequence = 5});
    EXPECT_EQ(asked.find(7)->lowest_sequence, 5) << "a new epoch counts from its own beginning";
    asked.begin({.producer_id = 7, .producer_epoch = 1, .base_sequence = 0});
    EXPECT_EQ(asked.find(7)->lowest_sequence, 5) << "an old epoch says nothing any more";
}

TEST(TransactionVerifications, AMarkerThatEndsTheTransactionBeforeLeavesTheQuestionAboutTheNext) {
    TransactionVerifications asked(10);
    VerificationGuard guard = asked.begin({.producer_id = 7, .producer_epoch = 3, .base_sequence = 0, .bumps_epochs = true});
    asked.note_written(written(7, 3, true));
    EXPECT_TRUE(asked.allows(7, guard));
    asked.note_written(written(7, 4, true));
    EXPECT_FALSE(asked.allows(7, guard));
}

TEST(TransactionVerifications, QuestionsThatNobodyAnsweredExpire) {
    TransactionVerifications asked(10);
    asked.begin({.producer_id = 7, .producer_epoch = 0, .base_sequence = 0, .now_ms = 1000});
    asked.begin({.producer_id = 8, .producer_epoch = 0, .base_sequence = 0, .now_ms = 1500});
    asked.expire(2000, 1000);
    EXPECT_EQ(asked.find(7), nullptr);
    EXPECT_NE(asked.find(8), nullptr);
}

TEST(TransactionVerifications, PastTheCapacityTheOldestQuestionIsForgotten) {
    TransactionVerifications asked(2);
    VerificationGuard first = asked.begin({.producer_id = 1, .producer_epoch = 0, .base_sequence = 0});
    VerificationGuard second = asked.begin({.producer_id = 2, .producer_epoch = 0, .base_sequence = 0});
    VerificationGuard third = asked.begin({.producer_id = 3, .producer_epoch = 0, .base_sequence = 0});
    EXPECT_EQ(asked.size(), 2u);
    EXPECT_FALSE(asked.allows(1, first));
    EXPECT_TRUE(asked.allows(2, second));
    EXPECT_TRUE(asked.allows(3, third));
}

}  // namespace
}  // namespace tideline::log
