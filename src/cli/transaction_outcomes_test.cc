#include "cli/transaction_outcomes.h"

#include <gtest/gtest.h>

namespace tideline::cli {
namespace {

record::BatchHeader batch(std::int64_t offset, std::int64_t producer_id, std::int32_t records = 1) {
    record::BatchHeader header;
    header.base_offset = offset;
    header.last_offset_delta = records - 1;
    header.producer_id = producer_id;
    header.attributes = record::kTransactionalBit;
    return header;
}

record::BatchHeader plain(std::int64_t offset) {
    record::BatchHeader header = batch(offset, record::kNoProducerId);
    header.attributes = 0;
    return header;
}

TEST(DecidedOutcomes, ARecordIsAbortedFromTheFirstOffsetOnTheListToTheMarker) {
    DecidedOutcomes outcomes({{.producer_id = 7, .first_offset = 12}});
    EXPECT_EQ(outcomes.outcome_of(batch(10, 7)), RecordOutcome::committed);
    outcomes.pass_marker(batch(11, 7));
    EXPECT_EQ(outcomes.outcome_of(batch(12, 7, 3)), RecordOutcome::aborted);
    EXPECT_EQ(outcomes.outcome_of(batch(15, 8)), RecordOutcome::committed);
    EXPECT_EQ(outcomes.outcome_of(batch(16, 7)), RecordOutcome::aborted);
    outcomes.pass_marker(batch(17, 7));
    EXPECT_EQ(outcomes.outcome_of(batch(18, 7)), RecordOutcome::committed);
}

TEST(DecidedOutcomes, AnAnswerThatBeginsInsideAnAbortedTransactionMayHoldItsMarkerAlone) {
    DecidedOutcomes outcomes({{.producer_id = 7, .first_offset = 5}});
    outcomes.pass_marker(batch(10, 7));
    EXPECT_EQ(outcomes.outcome_of(batch(20, 7)), RecordOutcome::committed);
}

TEST(DecidedOutcomes, TheListNeedsNoOrder) {
    DecidedOutcomes outcomes({{.producer_id = 7, .first_offset = 20}, {.producer_id = 7, .first_offset = 5}});
    EXPECT_EQ(outcomes.outcome_of(batch(6, 7)), RecordOutcome::aborted);
    outcomes.pass_marker(batch(10, 7));
    EXPECT_EQ(outcomes.outcome_of(batch(11, 7)), RecordOutcome::committed);
    EXPECT_EQ(outcomes.outcome_of(batch(20, 7)), RecordOutcome::aborted);
}

TEST(LaterMarkers, TheNextMarkerOfTheSameProducerDecides) {
    LaterMarkers markers;
    markers.add(batch(10, 7), true);
    markers.add(batch(20, 7), false);
    EXPECT_EQ(markers.outcome_of(batch(9, 7)), RecordOutcome::committed);
    EXPECT_EQ(markers.outcome_of(batch(11, 7)), RecordOutcome::aborted);
    EXPECT_EQ(markers.outcome_of(batch(21, 7)), RecordOutcome::open);
    EXPECT_EQ(markers.outcome_of(batch(9, 8)), RecordOutcome::open);
}

TEST(TransactionOutcomes, ARecordOutsideTransactionsIsCommitted) {
    EXPECT_EQ(DecidedOutcomes({{.producer_id = record::kNoProducerId, .first_offset = 0}}).outcome_of(plain(3)), RecordOutcome::committed);
    EXPECT_EQ(LaterMarkers().outcome_of(plain(3)), RecordOutcome::committed);
}

}  // namespace
}  // namespace tideline::cli
