"""Planted bugs of transactions: the coordinator, its driver, the partitions it reaches, and offsets inside of them."""

from mutant import Mutant, Unit


def scenario(name):
    """One of src/txn/scenarios."""
    return Unit("tl_txn_test", f"Transactions/Scenarios.GoAsTheirTranscriptSays/{name}")


TRANSACTION_DRIVER = "TransactionDriver."
LOG = "PartitionLogTransactions."

TRANSACTION_MUTANTS = [
    Mutant("EndTxn does not look at the epoch", "src/txn/end.cc",
           "if (!is_current && !(is_repetition && is_complete(transaction.state))) {", "if (!is_current && !is_repetition && transaction.producer_epoch < 0) {",
           scenario("h12_delayed_end")),
    Mutant("the older EndTxn does not look at the epoch", "src/txn/end.cc",
           "if (transaction.producer_epoch != request.producer_epoch) {", "if (transaction.producer_epoch < 0) {", scenario("fencing")),
    Mutant("an older epoch may add partitions", "src/txn/coordinator.cc",
           "    if (transaction.producer_epoch != request.producer_epoch) {\n        return out.answer(ticket, ErrorCode::producer_fenced);\n    }\n    bool begins",
           "    bool begins", scenario("h13_hanging")),
    Mutant("an end raises no epoch", "src/txn/end.cc",
           "        if (transaction.producer_epoch != kFencingEpoch) {\n            ++transaction.producer_epoch;\n        }\n    }\n    bool rotates",
           "    }\n    bool rotates", scenario("fencing")),
    Mutant("a transaction is complete without its markers", "src/txn/end.cc",
           "if (transaction.partitions.empty()) {\n        complete(entry, now, out);",
           "if (transaction.partitions.size() < 10) {\n        complete(entry, now, out);", scenario("fencing")),
    Mutant("a partition that refused its marker counts as done", "src/txn/completion.cc",
           "        if (is_done(error)) {", "        if (is_done(error) || partition >= 0) {", scenario("h19_ambiguous_error")),
    Mutant("markers of an older end count for the next", "src/txn/completion.cc",
           "transaction->producer_id == markers.producer_id && transaction->producer_epoch == markers.producer_epoch;",
           "transaction->producer_id == markers.producer_id;",
           Unit("tl_txn_test", TRANSACTION_DRIVER + "MarkersOfAnOlderEndDoNotCompleteTheNext")),
    Mutant("what was prepared is forgotten at a load", "src/txn/completion.cc",
           "        } else if (is_prepared(transaction.state)) {\n            send_markers(entry, out);",
           "        } else if (transaction.producer_id < 0) {\n            send_markers(entry, out);",
           Unit("tl_txn_test", TRANSACTION_DRIVER + "WhatIsPreparedIsCompletedAfterARestart")),
    Mutant("answers and markers leave before the decision is durable", "src/coordinator/driver_body.h",
           "if (appended_end_ <= durable_end_) {", "if (appended_end_ <= durable_end_ || !effects.records.empty()) {",
           Unit("tl_txn_test", TRANSACTION_DRIVER + "NeitherAnswersNorWritesMarkersBeforeTheDecisionIsDurable")),
    Mutant("the record of a rotation forgets the next producer id", "src/txn/transaction.cc",
           "    value.next_producer_id = transaction.next_producer_id;\n", "", scenario("rotation")),
    Mutant("a member's old epoch commits offsets in a transaction", "src/group/consumer_group_view.cc",
           "    return check_epoch(claim.generation_or_epoch, *claimed);\n",
           "    return claim.is_transactional ? base::Result<>{} : check_epoch(claim.generation_or_epoch, *claimed);\n",
           Unit("tl_group_test", "ConsumerGroupInCoordinator.HoldsOffsetsOfATransactionToTheEpochOfTheirMember")),
    Mutant("the last stable offset is one too far", "src/log/partition_log.cc",
           "std::max(*unstable, log_start_offset_) : high_watermark;", "std::max(*unstable + 1, log_start_offset_) : high_watermark;",
           Unit("tl_log_test", LOG + "H10ReadersOfCommittedRecordsStopAtTheOldestOpenTransaction")),
    Mutant("a transaction has ended before its marker is below the high watermark", "src/log/partition_log.cc",
           "producers_.first_unstable_offset(high_watermark);", "producers_.first_unstable_offset(next_offset_);",
           Unit("tl_log_test", LOG + "ATransactionHasEndedWhenItsMarkerIsBelowTheHighWatermark")),
    Mutant("the index of aborted transactions is not rebuilt", "src/log/recovery.cc",
           "        TL_TRY_VOID(segment.transactions().append(*aborted));\n", "",
           Unit("tl_log_test", "CrashTest.AbortedTransactions")),
    Mutant("a snapshot of producers forgets open transactions", "src/log/producer_snapshot.cc",
           "out.write_int64(entry.transaction_first_offset);", "out.write_int64(kNoOffset);",
           Unit("tl_log_test", LOG + "AnOpenTransactionSurvivesACleanStopAndACrash")),
    Mutant("the list of aborted transactions misses those that end behind the fetch", "src/log/transaction_index.cc",
           "if (row.last_offset >= from && row.first_offset < to) {", "if (row.last_offset >= from && row.last_offset < to) {",
           Unit("tl_log_test", LOG + "H11TheStableOffsetAndTheAbortedListAgreeWithTheRecordsAfterEveryStep")),
    Mutant("a guard is worth something behind the marker", "src/log/transaction_verification.cc",
           "return guard != kNoGuard && entry != nullptr && entry->guard == guard;", "return guard != kNoGuard && (entry == nullptr || entry->guard <= guard);",
           Unit("tl_log_test", LOG + "H13AnAnswerThatTheMarkerOvertookIsWorthNothing")),
    Mutant("a batch overtakes one whose question failed", "src/log/producer_state.cc",
           "if (asked != nullptr && batch.base_sequence > asked->lowest_sequence) {",
           "if (asked != nullptr && batch.base_sequence < 0) {",
           Unit("tl_log_test", LOG + "ABatchDoesNotOvertakeOneWhoseQuestionFailed")),
    Mutant("a stable fetch of offsets does not see what is pending", "src/group/offset_fetch.cc",
           "bool may_wait = require_stable && store_.has_pending(request.group_id);", "bool may_wait = false && require_stable;",
           Unit("tl_group_test", "DriverTest.OffsetsOfATransactionCountWhenItsMarkerIsDurable")),
    Mutant("offsets of an aborted transaction are committed", "src/group/offset_store.cc",
           "if (committed && (existing == nullptr || existing->order < offset.order)) {",
           "if ((committed || true) && (existing == nullptr || existing->order < offset.order)) {",
           Unit("tl_group_test", "DriverTest.OffsetsOfAnAbortedTransactionAreForgotten")),
]
