// cli/txn/abort_plan.h: what aborting a transaction would do, and whether it may be done.
//
// A transaction that its coordinator knows is aborted by fencing its producer, as a new one of the same id does. One that no
// coordinator will end is ended by abort markers in its partitions. Plain functions; txn_abort.cc carries the plan out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/txn/transaction_facts.h"

namespace tideline::cli {

struct AbortStep {
    TopicPartition at;
    std::optional<std::int64_t> first_offset;  // none: nothing was written here
    std::int64_t records = 0;
    std::int64_t bytes = 0;
    std::int64_t stable_now = -1;
    std::int64_t stable_after = -1;  // if nobody writes meanwhile
    std::optional<std::int64_t> next_holder;  // the producer that holds the partition back then
    std::vector<WaitingGroup> groups = {};    // that get on with reading, or have their offsets dropped
};

struct AbortPlan {
    std::string transactional_id;  // empty: nobody knows it
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    Verdict verdict;
    std::optional<ClientName> client;
    std::optional<std::int64_t> opened_ms;
    std::optional<CoordinatedTransaction> fenced;  // none: markers are written instead
    std::vector<OpenTransaction> open;             // in each partition
    std::vector<AbortStep> steps;                  // by topic and partition

    std::int64_t records() const;
    std::int64_t bytes() const;
};

// Of everything that `facts` tell of: the transaction that `chosen` is part of. `ends` are the partitions that its coordinator adds.
AbortPlan plan_abort(const TransactionFacts& facts, const OpenTransaction& chosen, const std::vector<PartitionState>& ends);
// The same for a transaction that wrote nothing yet.
AbortPlan plan_abort(const TransactionFacts& facts, const CoordinatedTransaction& chosen, const std::vector<PartitionState>& ends);

// Why it must not be aborted at all, or not without being told twice (`forced`); nullopt when it may be.
std::optional<Failure> why_not(const AbortPlan& plan, const TransactionFacts& facts, bool forced);

}  // namespace tideline::cli
