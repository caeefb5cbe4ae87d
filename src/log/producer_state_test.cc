#include "log/producer_state.h"

#include <gtest/gtest.h>

#include "log/producer_snapshot.h"

namespace tideline::log {
namespace {

// One producer's view of a partition: appends batches one after another as a log would.
class Producers : public testing::Test {
protected:
    struct Batch {
        std::int64_t producer_id = 7;
        std::int16_t epoch = 0;
        std::int32_t sequence = 0;
        std::int32_t records = 1;
        bool transactional = false;
        std::int64_t timestamp = 1000;
    };

    record::BatchHeader header(const Batch& batch) const {
        record::BatchHeader header;
        header.base_offset = next_offset_;
        header.last_offset_delta = batch.records - 1;
        header.record_count = batch.records;
        header.producer_id = batch.producer_id;
        header.producer_epoch = batch.epoch;
        header.base_sequence = batch.sequence;
        header.max_timestamp = batch.timestamp;
        header.attributes = batch.transactional ? record::kTransactionalBit : 0;
        return header;
    }

    // What a client would be told: none for an accepted or repeated batch.
    ErrorCode append(const Batch& batch, AppendOrigin origin = AppendOrigin::client) {
        record::BatchHeader h = header(batch);
        if (origin == AppendOrigin::client && state_.find_duplicate(h)) {
            return ErrorCode::duplicate_sequence_number;
        }
        auto update = state_.check(h, std::nullopt, origin, -1);
        if (!update) {
            return update.error().code;
        }
        state_.apply(*update);
        next_offset_ = h.next_offset();
        state_.set_end_offset(next_offset_);
        return ErrorCode::none;
    }

    Result<std::optional<AbortedTransaction>> end_transaction(bool commit, std::int16_t epoch = 0, std::int32_t coordinator_epoch = 0,
                                                              std::int16_t transaction_version = 0, std::int64_t producer_id = 7) {
        record::BatchHeader h = header({.producer_id = producer_id, .epoch = epoch, .sequence = -1, .transactional = true});
        h.attributes |= record::kControlBit;
        record::EndTxnMarker marker{commit ? record::ControlType::commit : record::ControlType::abort, coordinator_epoch};
        TL_TRY(update, state_.check(h, marker, AppendOrigin::coordinator, transaction_version));
        auto aborted = state_.apply(update);
        next_offset_ = h.next_offset();
        state_.set_end_offset(next_offset_);
        return aborted;
    }

    ProducerState state_{ProducerStateConfig{.producer_id_expiration_ms = 1000, .max_producers = 8}};
    Offset next_offset_ = 0;
};

TEST_F(Producers, AnUnknownProducerMayStartAtAnySequence) { EXPECT_EQ(append({.sequence = 42}), ErrorCode::none); }

TEST_F(Producers, SequencesFollowEachOther) {
    EXPECT_EQ(append({.sequence = 0, .records = 3}), ErrorCode::none);
    EXPECT_EQ(append({.sequence = 3, .records = 2}), ErrorCode::none);
    EXPECT_EQ(append({.sequence = 6}), ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(append({.sequence = 4}), ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(append({.sequence = 5}), ErrorCode::none);
}

TEST_F(Producers, SequencesWrapFromTheLargestIntegerToZero) {
    EXPECT_EQ(append({.sequence = INT32_MAX - 1, .records = 2}), ErrorCode::none);
    EXPECT_EQ(append({.sequence = 0}), ErrorCode::none);
    EXPECT_EQ(append({.sequence = 1}), ErrorCode::none);
}

TEST_F(Producers, ABatchMayHoldTheWrapInside) {
    EXPECT_EQ(append({.sequence = INT32_MAX, .records = 3}), ErrorCode::none);
    EXPECT_EQ(append({.sequence = INT32_MAX, .records = 3}), ErrorCode::duplicate_sequence_number);
    EXPECT_EQ(append({.sequence = 2}), ErrorCode::none);
}

TEST_F(Producers, TheLastFiveBatchesAreRecognisedWhenTheyComeAgain) {
    for (std::int32_t i = 0; i < 7; ++i) {
        ASSERT_EQ(append({.sequence = i * 2, .records = 2}), ErrorCode::none);
    }
    EXPECT_EQ(append({.sequence = 2, .records = 2}), ErrorCode::out_of_order_sequence_number);
    auto again = state_.find_duplicate(header({.sequence = 4, .records = 2}));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->first_offset(), 4);
    EXPECT_EQ(again->last_offset, 5);
}

TEST_F(Producers, ABatchWithOnlyTheSameFirstSequenceIsNoRepetition) {
    ASSERT_EQ(append({.sequence = 0, .records = 2}), ErrorCode::none);
    EXPECT_EQ(append({.sequence = 0, .records = 3}), ErrorCode::out_of_order_sequence_number);
}

TEST_F(Producers, ANewEpochStartsAtSequenceZero) {
    ASSERT_EQ(append({.sequence = 0}), ErrorCode::none);
    EXPECT_EQ(append({.epoch = 1, .sequence = 1}), ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(append({.epoch = 1, .sequence = 0}), ErrorCode::none);
}

TEST_F(Producers, AnEarlierEpochIsFenced) {
    ASSERT_EQ(append({.epoch = 3}), ErrorCode::none);
    EXPECT_EQ(append({.epoch = 2, .sequence = 1}), ErrorCode::invalid_producer_epoch);
}

TEST_F(Producers, ANewEpochForgetsTheBatchesOfTheOldOne) {
    ASSERT_EQ(append({.sequence = 0}), ErrorCode::none);
    ASSERT_EQ(append({.epoch = 1, .sequence = 0}), ErrorCode::none);
    EXPECT_EQ(state_.find(7)->batch_count, 1);
    EXPECT_FALSE(state_.find_duplicate(header({.epoch = 0, .sequence = 0})));
}

TEST_F(Producers, AFollowerBelievesItsLeader) {
    ASSERT_EQ(append({.epoch = 3, .sequence = 5}), ErrorCode::none);
    EXPECT_EQ(append({.epoch = 3, .sequence = 99}, AppendOrigin::replication), ErrorCode::none);
    EXPECT_EQ(append({.epoch = 2, .sequence = 0}, AppendOrigin::replication), ErrorCode::none);
}

TEST_F(Producers, ABatchOutsideOfTheOpenTransactionIsRefused) {
    ASSERT_EQ(append({.sequence = 0, .transactional = true}), ErrorCode::none);
    EXPECT_EQ(append({.sequence = 1}), ErrorCode::invalid_txn_state);
    EXPECT_EQ(append({.sequence = 1, .transactional = true}), ErrorCode::none);
}

TEST_F(Producers, AnOpenTransactionIsUnstableFromItsFirstOffset) {
    ASSERT_EQ(append({.sequence = 0, .records = 4}), ErrorCode::none);
    ASSERT_EQ(append({.sequence = 4, .records = 2, .transactional = true}), ErrorCode::none);
    EXPECT_EQ(state_.first_unstable_offset(6), 4);
    EXPECT_TRUE(state_.has_open_transaction(7, 0));
    EXPECT_FALSE(state_.has_open_transaction(7, 1));
}

TEST_F(Producers, AFinishedTransactionStaysUnstableUntilItsMarkerIsReplicated) {
    ASSERT_EQ(append({.sequence = 0, .transactional = true}), ErrorCode::none);
    ASSERT_TRUE(end_transaction(true));
    EXPECT_EQ(state_.first_unstable_offset(1), 0);
    EXPECT_EQ(state_.first_unstable_offset(2), std::nullopt);
}

TEST_F(Producers, AnAbortedTransactionGivesARowForTheIndex) {
    ASSERT_EQ(append({.sequence = 0, .records = 3, .transactional = true}), ErrorCode::none);
    ASSERT_EQ(append({.producer_id = 8, .transactional = true}), ErrorCode::none);
    auto aborted = end_transaction(false);
    ASSERT_TRUE(aborted);
    EXPECT_EQ(*aborted, (AbortedTransaction{7, 0, 4, 3}));  // producer 8 holds the last stable offset at 3
    aborted = end_transaction(false, 0, 0, 0, 8);
    EXPECT_EQ(*aborted, (AbortedTransaction{8, 3, 5, 6}));
}

TEST_F(Producers, ACommitOrAnEmptyTransactionGivesNoRow) {
    ASSERT_EQ(append({.sequence = 0, .transactional = true}), ErrorCode::none);
    EXPECT_EQ(end_transaction(true), std::nullopt);
    EXPECT_EQ(end_transaction(false), std::nullopt);
}

TEST_F(Producers, AMarkerFromAnEarlierCoordinatorIsRefused) {
    ASSERT_TRUE(end_transaction(true, 0, 5));
    auto late = end_transaction(true, 0, 4);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::transaction_coordinator_fenced);
}

TEST_F(Producers, UnderTransactionVersionTwoAMarkerNeedsANewEpoch) {
    ASSERT_EQ(append({.epoch = 4, .transactional = true}), ErrorCode::none);
    auto same = end_transaction(false, 4, 0, 2);
    ASSERT_FALSE(same);
    EXPECT_EQ(same.error().code, ErrorCode::invalid_producer_epoch);
    EXPECT_TRUE(end_transaction(false, 5, 0, 2));
}

TEST_F(Producers, UnderTransactionVersionTwoARepeatedMarkerIsAccepted) {
    ASSERT_EQ(append({.epoch = 4, .transactional = true}), ErrorCode::none);
    ASSERT_TRUE(end_transaction(true, 5, 0, 2));
    EXPECT_TRUE(end_transaction(true, 5, 0, 2));
}

TEST_F(Producers, AfterAMarkerWithANewEpochTheProducerStartsAtSequenceZero) {
    ASSERT_EQ(append({.epoch = 4, .sequence = 0, .transactional = true}), ErrorCode::none);
    ASSERT_TRUE(end_transaction(true, 5, 0, 2));
    EXPECT_EQ(append({.epoch = 5, .sequence = 1, .transactional = true}), ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(append({.epoch = 5, .sequence = 0, .transactional = true}), ErrorCode::none);
}

TEST_F(Producers, SilentProducersExpireAndThoseWithAnOpenTransactionDoNot) {
    ASSERT_EQ(append({.producer_id = 1, .timestamp = 100}), ErrorCode::none);
    ASSERT_EQ(append({.producer_id = 2, .transactional = true, .timestamp = 100}), ErrorCode::none);
    ASSERT_EQ(append({.producer_id = 3, .timestamp = 900}), ErrorCode::none);
    EXPECT_EQ(state_.expire(1099), 0u);
    EXPECT_EQ(state_.expire(1100), 1u);
    EXPECT_EQ(state_.find(1), nullptr);
    EXPECT_NE(state_.find(2), nullptr);
}

TEST_F(Producers, PastTheLimitTheLongestSilentOnesAreForgotten) {
    for (std::int64_t id = 0; id < 9; ++id) {
        ASSERT_EQ(append({.producer_id = id, .transactional = id == 0, .timestamp = 100 + id}), ErrorCode::none);
    }
    EXPECT_EQ(state_.size(), 7u);
    EXPECT_EQ(state_.evicted_total(), 2u);
    EXPECT_NE(state_.find(0), nullptr) << "its transaction is open";
    EXPECT_EQ(state_.find(1), nullptr);
    EXPECT_EQ(state_.find(2), nullptr);
    EXPECT_NE(state_.find(8), nullptr);
}

TEST_F(Producers, ARefusedBatchChangesNothing) {
    ASSERT_EQ(append({.sequence = 0, .transactional = true}), ErrorCode::none);
    std::vector<ProducerEntry> before = state_.entries();
    EXPECT_NE(append({.sequence = 9, .transactional = true}), ErrorCode::none);
    EXPECT_NE(append({.sequence = 1}), ErrorCode::none);
    EXPECT_EQ(state_.entries(), before);
}

TEST_F(Producers, ASnapshotKeepsTheNewestBatchOfEachAndItsOpenTransaction) {
    ASSERT_EQ(append({.producer_id = 1, .sequence = 0, .records = 3}), ErrorCode::none);
    ASSERT_EQ(append({.producer_id = 1, .sequence = 3, .records = 2}), ErrorCode::none);
    ASSERT_EQ(append({.producer_id = 2, .epoch = 6, .transactional = true, .timestamp = 77}), ErrorCode::none);
    Bytes file = encode_producer_snapshot(state_.entries());
    EXPECT_EQ(file.size(), 10 + 2 * 46u);
    auto entries = decode_producer_snapshot(file);
    ASSERT_TRUE(entries);
    ProducerState loaded(ProducerStateConfig{});
    for (const ProducerEntry& entry : *entries) {
        loaded.load(entry);
    }
    EXPECT_EQ(loaded.find(1)->batch_count, 1);
    EXPECT_EQ(loaded.find(1)->last_sequence(), 4);
    EXPECT_EQ(loaded.find(1)->last_data_offset(), 4);
    EXPECT_EQ(loaded.first_open_transaction(), 5);
    EXPECT_EQ(encode_producer_snapshot(loaded.entries()), file);
}

TEST(ProducerSnapshot, IsRefusedWhenAnyByteIsWrong) {
    ProducerEntry entry{.producer_id = 5, .producer_epoch = 1};
    Bytes good = encode_producer_snapshot(std::span(&entry, 1));
    for (std::size_t at = 0; at < good.size(); ++at) {
        Bytes bad = good;
        bad[at] ^= 0x40;
        EXPECT_FALSE(decode_producer_snapshot(bad)) << at;
        EXPECT_FALSE(decode_producer_snapshot(ByteView(good).first(at))) << at;
    }
    EXPECT_TRUE(decode_producer_snapshot(good));
}

}  // namespace
}  // namespace tideline::log
