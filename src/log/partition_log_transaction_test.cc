// Transactions in a partition's log: who may write, how far readers of committed records get, what they have to filter.
#include <random>

#include "log/test_support.h"

namespace tideline::log {
namespace {

class PartitionLogTransactions : public LogTest {
protected:
    VerificationGuard guard_for(std::int64_t producer_id, std::int16_t epoch = 0, std::int32_t sequence = 0, bool bumps_epochs = false) {
        auto guard = log_->begin_verification(
            {.producer_id = producer_id, .producer_epoch = epoch, .base_sequence = sequence, .bumps_epochs = bumps_epochs, .now_ms = kNow});
        EXPECT_TRUE(guard);
        return guard ? *guard : kNoGuard;
    }
    // As a produce that asked before, or not at all.
    ErrorCode write(const TestBatch& batch, VerificationGuard guard) {
        auto written = log_->append(make_batch(batch), {.now_ms = kNow, .guard = guard});
        return written ? ErrorCode::none : written.error().code;
    }
    static ErrorCode code_of(const Result<AppendInfo>& result) { return result ? ErrorCode::none : result.error().code; }
    std::vector<AbortedTransaction> aborted(Offset from, Offset to) {
        auto found = log_->aborted_transactions(from, to);
        EXPECT_TRUE(found);
        return found ? *found : std::vector<AbortedTransaction>{};
    }
    Offset stable() { return log_->last_stable_offset(log_->next_offset()); }
};

// The marker is a few bytes more of a file, its row perhaps the first of another.
TEST_F(PartitionLogTransactions, AnAbortThatFindsTheDiskFullIsRefusedAndMayComeAgain) {
    for (std::uint64_t left = 0; left < 130; left += 10) {
        disk_.wipe();
        open();
        put({.producer_id = 7, .transactional = true});
        auto space = disk_.files().space("/");
        disk_.files().limit_capacity(space->total_bytes - space->usable_bytes + left);
        EXPECT_EQ(code_of(end_transaction(7, false)), left < 112 ? ErrorCode::kafka_storage_error : ErrorCode::none) << left;
        EXPECT_FALSE(log_->is_failed()) << left;
        disk_.files().end_faults();
        ASSERT_EQ(code_of(end_transaction(7, false)), ErrorCode::none) << left;
        EXPECT_EQ(aborted(0, 1).size(), 1u) << left;
        EXPECT_EQ(stable(), log_->next_offset()) << left;
        put({});
        reopen_clean();
        EXPECT_EQ(aborted(0, 1).size(), 1u) << left;
    }
}

// --- H13: a late produce must not hang the partition ---

TEST_F(PartitionLogTransactions, H13ATransactionalBatchThatNobodyAskedAboutIsRefused) {
    open();
    EXPECT_EQ(write({.producer_id = 7, .transactional = true}, kNoGuard), ErrorCode::invalid_txn_state);
    EXPECT_EQ(log_->next_offset(), 0);
    EXPECT_EQ(log_->producers().size(), 0u);
}

TEST_F(PartitionLogTransactions, H13AWriteBehindTheAbortMarkerIsRefused) {
    open();
    put({.producer_id = 7, .sequence = 0, .transactional = true});
    ASSERT_TRUE(end_transaction(7, false));
    EXPECT_EQ(write({.producer_id = 7, .sequence = 1, .transactional = true}, kNoGuard), ErrorCode::invalid_txn_state);
    EXPECT_EQ(stable(), log_->next_offset());
}

TEST_F(PartitionLogTransactions, H13AnAnswerThatTheMarkerOvertookIsWorthNothing) {
    open();
    // Asked, answered "open"; before the write comes, the transaction is aborted.
    VerificationGuard guard = guard_for(7);
    ASSERT_TRUE(end_transaction(7, false));
    EXPECT_EQ(write({.producer_id = 7, .transactional = true}, guard), ErrorCode::invalid_txn_state);
    // Nor does it help that the next transaction is being asked about by then.
    VerificationGuard next = guard_for(7);
    EXPECT_EQ(write({.producer_id = 7, .transactional = true}, guard), ErrorCode::invalid_txn_state);
    EXPECT_EQ(write({.producer_id = 7, .transactional = true}, next), ErrorCode::none);
}

TEST_F(PartitionLogTransactions, AnOpenTransactionNeedsNoFurtherQuestion) {
    open();
    put({.producer_id = 7, .sequence = 0, .transactional = true});
    EXPECT_EQ(guard_for(7), kNoGuard);
    EXPECT_EQ(write({.producer_id = 7, .sequence = 1, .transactional = true}, kNoGuard), ErrorCode::none);
}

TEST_F(PartitionLogTransactions, AnOldEpochIsRefusedBeforeAnybodyIsAsked) {
    open();
    put({.producer_id = 7, .producer_epoch = 3, .transactional = true});
    EXPECT_EQ(log_->begin_verification({.producer_id = 7, .producer_epoch = 2, .base_sequence = 0, .now_ms = kNow}).error().code,
              ErrorCode::invalid_producer_epoch);
    EXPECT_EQ(write({.producer_id = 7, .producer_epoch = 2, .transactional = true}, kNoGuard), ErrorCode::invalid_producer_epoch);
}

TEST_F(PartitionLogTransactions, ANewerEpochOfAnOpenTransactionIsAskedAbout) {
    open();
    put({.producer_id = 7, .producer_epoch = 3, .transactional = true});
    VerificationGuard guard = guard_for(7, 4);
    EXPECT_NE(guard, kNoGuard);
    EXPECT_EQ(write({.producer_id = 7, .producer_epoch = 4, .transactional = true}, kNoGuard), ErrorCode::invalid_txn_state);
}

TEST_F(PartitionLogTransactions, ABatchDoesNotOvertakeOneWhoseQuestionFailed) {
    open();
    (void)guard_for(7, 0, 0);  // its answer was an error that the client retries
    VerificationGuard guard = guard_for(7, 0, 5);
    EXPECT_EQ(write({.producer_id = 7, .sequence = 5, .transactional = true}, guard), ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(write({.producer_id = 7, .sequence = 0, .transactional = true}, guard), ErrorCode::none);
}

TEST_F(PartitionLogTransactions, ATransactionOfVersionTwoBeginsWithSequenceZero) {
    open();
    VerificationGuard guard = guard_for(7, 1, 4, true);
    EXPECT_EQ(write({.producer_id = 7, .producer_epoch = 1, .sequence = 4, .transactional = true}, guard),
              ErrorCode::out_of_order_sequence_number);
}

TEST_F(PartitionLogTransactions, ACoordinatorsBatchNeedsAGuardAsWell) {
    open();
    Bytes batch = make_batch({.producer_id = 7, .sequence = record::kNoSequence, .transactional = true});
    AppendOptions options{.origin = AppendOrigin::coordinator, .now_ms = kNow};
    EXPECT_EQ(code_of(log_->append(batch, options)), ErrorCode::invalid_txn_state);
    options.guard = guard_for(7);
    EXPECT_EQ(code_of(log_->append(batch, options)), ErrorCode::none);
}

TEST_F(PartitionLogTransactions, WithoutVerificationEverybodyMayBegin) {
    open();
    EXPECT_EQ(write({.producer_id = 7, .transactional = true}, kUnguarded), ErrorCode::none);
}

// --- H7, H8: repetitions, and the exact codes ---

TEST_F(PartitionLogTransactions, H7ARepeatedTransactionalBatchIsAnsweredWithItsFirstOffset) {
    open();
    for (std::int32_t i = 0; i < 5; ++i) {
        put({.producer_id = 7, .sequence = i, .transactional = true});
    }
    for (std::int32_t i = 0; i < 5; ++i) {
        auto again = log_->append(make_batch({.producer_id = 7, .sequence = i, .transactional = true}), {.now_ms = kNow});
        ASSERT_TRUE(again);
        EXPECT_TRUE(again->is_duplicate);
        EXPECT_EQ(again->base_offset, i);
    }
    // After the marker, too: the client may never have heard of its first answer.
    ASSERT_TRUE(end_transaction(7, true));
    EXPECT_TRUE(log_->append(make_batch({.producer_id = 7, .sequence = 4, .transactional = true}), {.now_ms = kNow})->is_duplicate);
}

TEST_F(PartitionLogTransactions, H8EachRefusalHasTheCodeThatTheClientUnderstands) {
    open();
    put({.producer_id = 7, .producer_epoch = 2, .sequence = 0, .transactional = true});
    EXPECT_EQ(write({.producer_id = 7, .producer_epoch = 2, .sequence = 5, .transactional = true}, kNoGuard),
              ErrorCode::out_of_order_sequence_number);
    EXPECT_EQ(write({.producer_id = 7, .producer_epoch = 2, .sequence = 1}, kNoGuard), ErrorCode::invalid_txn_state)
        << "not transactional, in the middle of a transaction";
    EXPECT_EQ(code_of(end_transaction(7, true, 1)), ErrorCode::invalid_producer_epoch);
    ASSERT_TRUE(end_transaction(7, true, 2, 5));
    EXPECT_EQ(code_of(end_transaction(7, true, 2, 4)), ErrorCode::transaction_coordinator_fenced);
}

TEST_F(PartitionLogTransactions, AMarkerOfVersionTwoNeedsAnEpochOfItsOwnAndMayBeRepeated) {
    open();
    put({.producer_id = 7, .producer_epoch = 2, .transactional = true});
    EXPECT_EQ(code_of(end_transaction(7, true, 2, 1, 2)), ErrorCode::invalid_producer_epoch);
    ASSERT_TRUE(end_transaction(7, true, 3, 1, 2));
    EXPECT_EQ(code_of(end_transaction(7, true, 3, 1, 2)), ErrorCode::none);
    EXPECT_EQ(stable(), log_->next_offset());
}

// --- H10, H11: nobody reads what was aborted or is still open ---

TEST_F(PartitionLogTransactions, H10ReadersOfCommittedRecordsStopAtTheOldestOpenTransaction) {
    open();
    put({});
    put({.producer_id = 1, .transactional = true});
    put({.producer_id = 2, .transactional = true});
    put({});
    EXPECT_EQ(stable(), 1);
    ASSERT_TRUE(end_transaction(2, true));
    EXPECT_EQ(stable(), 1) << "the older one is still open";
    ASSERT_TRUE(end_transaction(1, false));
    EXPECT_EQ(stable(), log_->next_offset());
    EXPECT_EQ(aborted(0, stable()), (std::vector<AbortedTransaction>{{1, 1, 5, 6}}));
}

TEST_F(PartitionLogTransactions, ATransactionHasEndedWhenItsMarkerIsBelowTheHighWatermark) {
    open();
    put({.producer_id = 1, .transactional = true});
    put({});
    ASSERT_TRUE(end_transaction(1, true));
    put({});
    EXPECT_EQ(log_->last_stable_offset(2), 0);
    EXPECT_EQ(log_->last_stable_offset(3), 3);
    EXPECT_EQ(log_->last_stable_offset(4), 4);
}

TEST_F(PartitionLogTransactions, TheStableOffsetIsNotBelowTheLogStart) {
    open();
    put({.producer_id = 1, .transactional = true});
    put({});
    put({});
    ASSERT_TRUE(log_->delete_records_before(2));
    EXPECT_EQ(stable(), 2);
    ASSERT_TRUE(end_transaction(1, false));
    EXPECT_EQ(stable(), 4);
    EXPECT_EQ(aborted(2, 4).size(), 1u);
}

// What a naive reader would compute from the records alone: the open transactions, and the list of the aborted ones.
struct Model {
    std::map<std::int64_t, Offset> open;                 // producer to first offset
    std::vector<std::pair<Offset, Offset>> ended;        // first offset, marker
    std::vector<AbortedTransaction> aborted;

    Offset stable(Offset high_watermark) const {
        Offset least = high_watermark;
        for (const auto& [id, first] : open) {
            least = std::min(least, first);
        }
        for (const auto& [first, marker] : ended) {
            least = marker >= high_watermark ? std::min(least, first) : least;
        }
        return least;
    }
};

// H11: the offset that is served up to and the list of what to filter are of one state, live and after every kind of restart.
TEST_F(PartitionLogTransactions, H11TheStableOffsetAndTheAbortedListAgreeWithTheRecordsAfterEveryStep) {
    config_.segment_bytes = 700;
    open();
    Model model;
    std::mt19937 random(17);
    std::map<std::int64_t, std::int32_t> sequences;
    for (int step = 0; step < 400; ++step) {
        std::int64_t id = static_cast<std::int64_t>(random() % 6);
        switch (random() % 8) {
            case 0:
            case 1: put({}); break;
            case 2:
            case 3:
            case 4: {
                Offset at = put({.producer_id = id, .sequence = sequences[id]++, .transactional = true});
                model.open.emplace(id, at);
                break;
            }
            case 5:
            case 6: {
                bool commit = random() % 2 == 0;
                auto marker = end_transaction(id, commit);
                ASSERT_TRUE(marker);
                if (auto open = model.open.extract(id); !open.empty()) {
                    Offset first = open.mapped();
                    model.ended.emplace_back(first, marker->base_offset);
                    if (!commit) {
                        model.aborted.push_back({id, first, marker->base_offset, model.stable(marker->base_offset + 1)});
                    }
                }
                break;
            }
            default:
                if (step % 20 == 0) {
                    random() % 2 == 0 ? reopen_unclean() : reopen_clean();
                    model.ended.clear();  // what was kept is durable
                }
        }
        Offset end = log_->next_offset();
        for (Offset high_watermark : {end, end - static_cast<Offset>(random() % 5)}) {
            // The high watermark never goes back.
            if (high_watermark == end) {
                ASSERT_EQ(log_->last_stable_offset(end), model.stable(end)) << step;
                std::erase_if(model.ended, [&](const auto& each) { return each.second < end; });
            }
        }
        Offset from = static_cast<Offset>(random() % static_cast<unsigned>(end + 1));
        Offset to = model.stable(end);
        std::vector<AbortedTransaction> found = from < to ? aborted(from, to) : std::vector<AbortedTransaction>{};
        for (const AbortedTransaction& each : model.aborted) {
            bool overlaps = from < to && each.last_offset >= from && each.first_offset < to;
            ASSERT_EQ(overlaps, std::ranges::find(found, each) != found.end()) << step << " of " << each.first_offset;
        }
    }
    EXPECT_GT(model.aborted.size(), 20u);
}

TEST_F(PartitionLogTransactions, AbortedTransactionsAreFoundByBinarySearchInALongIndex) {
    open();
    std::vector<AbortedTransaction> all;
    for (std::int32_t i = 0; i < 500; ++i) {
        Offset first = put({.producer_id = 1, .sequence = i, .transactional = true});
        ASSERT_TRUE(end_transaction(1, false));
        all.push_back({1, first, first + 1, first + 2});
    }
    EXPECT_EQ(aborted(0, 1000), all);
    EXPECT_EQ(aborted(500, 504), (std::vector<AbortedTransaction>{all[250], all[251]}));
    EXPECT_EQ(aborted(501, 503), (std::vector<AbortedTransaction>{all[250], all[251]}));
    EXPECT_EQ(aborted(998, 1000), (std::vector<AbortedTransaction>{all[499]}));
    EXPECT_TRUE(aborted(1000, 1001).empty());
}

// --- what survives ---

TEST_F(PartitionLogTransactions, AnOpenTransactionSurvivesACleanStopAndACrash) {
    config_.segment_bytes = 300;
    open();
    put({.producer_id = 7, .producer_epoch = 2, .transactional = true});
    for (int i = 0; i < 8; ++i) {
        put({});
    }
    ASSERT_GT(log_->sizes().segment_count, 2u);
    reopen_clean();
    EXPECT_EQ(stable(), 0);
    EXPECT_TRUE(log_->producers().has_open_transaction(7, 2));
    reopen_unclean(log_->next_offset());
    EXPECT_EQ(stable(), 0) << "the snapshot of an earlier segment knows it";
    ASSERT_TRUE(end_transaction(7, false, 2, 9));
    reopen_clean();
    EXPECT_EQ(stable(), log_->next_offset());
    EXPECT_EQ(log_->producers().find(7)->coordinator_epoch, 9);
    EXPECT_EQ(code_of(end_transaction(7, false, 2, 8)), ErrorCode::transaction_coordinator_fenced);
}

// The flush that made the marker durable covers the records; the indexes come with the flush behind the roll.
TEST_F(PartitionLogTransactions, AbortedRecordsStayHiddenWhenACrashTakesTheIndexOfASegmentRolledJustNow) {
    config_.segment_bytes = 200;
    open();
    put({.producer_id = 7, .transactional = true});
    ASSERT_TRUE(end_transaction(7, false));
    flush();
    Offset durable = log_->durable_offset();
    std::vector<AbortedTransaction> before = aborted(0, durable);
    ASSERT_EQ(before.size(), 1u);
    ASSERT_EQ(put({}), durable);
    ASSERT_EQ(log_->sizes().segment_count, 2u);
    auto index = disk_.files().open(path("00000000000000000000.txnindex"), runtime::OpenMode::read_write);
    ASSERT_TRUE(index && (*index)->truncate(0));
    reopen_unclean(durable);
    EXPECT_EQ(aborted(0, durable), before);
}

TEST_F(PartitionLogTransactions, TruncationBehindAMarkerOpensItsTransactionAgain) {
    open();
    put({.producer_id = 7, .transactional = true});
    ASSERT_TRUE(end_transaction(7, false));
    put({});
    ASSERT_TRUE(log_->truncate_to(1));
    EXPECT_EQ(stable(), 0);
    EXPECT_TRUE(aborted(0, 10).empty());
    ASSERT_TRUE(end_transaction(7, true));
    EXPECT_TRUE(aborted(0, 10).empty());
    EXPECT_EQ(stable(), 2);
}

TEST_F(PartitionLogTransactions, AnOpenTransactionWhoseRecordsWereDeletedIsStillOpen) {
    config_.segment_bytes = 300;
    config_.retention_bytes = 300;
    open();
    put({.producer_id = 7, .transactional = true});
    for (int i = 0; i < 8; ++i) {
        put({});
    }
    auto deleted = log_->delete_old_segments(log_->next_offset(), kNow);
    ASSERT_TRUE(deleted);
    ASSERT_GT(log_->log_start_offset(), 1);
    EXPECT_EQ(stable(), log_->log_start_offset());
    reopen_clean();
    EXPECT_EQ(stable(), log_->log_start_offset());
    ASSERT_TRUE(end_transaction(7, false));
    EXPECT_EQ(stable(), log_->next_offset());
}

}  // namespace
}  // namespace tideline::log
