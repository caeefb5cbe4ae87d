// txn/transaction.h: what a coordinator knows of one transactional id, and that as a record of __transaction_state.
//
// Kafka's record has no field for last_producer_epoch (KAFKA-20357), and one that it never uses: next_producer_epoch. Without a
// next producer id it holds the last epoch here, so that a retry is known as one after a restart. Kafka skips it.
// Format:  schema/coordinator/transaction_log_record.msg
#pragma once

#include <limits>

#include "coordinator/records.h"
#include "txn/partitions.h"
#include "txn/state.h"
#include "txn/types.h"

namespace tideline::txn {

inline constexpr std::int64_t kNoProducerId = -1;
inline constexpr std::int16_t kNoEpoch = -1;
// Never given to a producer, so that the last one can be fenced.
inline constexpr std::int16_t kFencingEpoch = std::numeric_limits<std::int16_t>::max();
inline constexpr std::int16_t kLastEpoch = kFencingEpoch - 1;
inline bool is_exhausted(std::int16_t epoch) { return epoch >= kLastEpoch; }

struct Transaction {
    std::int64_t producer_id = kNoProducerId;
    std::int64_t previous_producer_id = kNoProducerId;  // before the last change of any kind; differs after a rotation
    std::int64_t next_producer_id = kNoProducerId;      // of the producer once this transaction is complete, if epochs ran out
    std::int16_t producer_epoch = kNoEpoch;
    // What the producer had before it got producer_epoch. Who asks again with it did not hear the answer; kNoEpoch when
    // producer_epoch went to somebody else.
    std::int16_t last_producer_epoch = kNoEpoch;
    std::int32_t timeout_ms = 0;
    State state = State::empty;
    PartitionSet partitions;  // while ongoing or prepared: those that have no marker yet
    std::int64_t start_ms = -1;
    std::int64_t update_ms = -1;
    std::int16_t client_version = 0;  // the transaction.version by which the producer ends it

    // Not in the record.
    Instant started{};                    // start_ms on the monotonic clock, while ongoing
    std::int32_t marker_attempts = 0;     // while prepared
};

inline constexpr std::int32_t kNoTimeout = std::numeric_limits<std::int32_t>::max();  // of a two-phase commit (KIP-939)

coordinator::Record make_record(const std::string& transactional_id, const Transaction& transaction, std::int16_t transaction_version);
coordinator::Record make_tombstone(const std::string& transactional_id);
// What a record takes besides the partitions, at most.
std::size_t record_overhead(const std::string& transactional_id);

// Errors: corrupt_message; unsupported_version for a version from the future.
base::Result<Transaction> read_transaction(base::ByteView value);

// One line, for tests: everything that the record holds.
std::string print(const std::string& transactional_id, const Transaction& transaction);

}  // namespace tideline::txn
