// log/transaction_verification.h: producers whose transaction is being looked up at its coordinator, before their first write.
//
// A batch that would begin a transaction in a partition is written only if the coordinator knows that transaction as open, or
// it could never end: a late batch would hang the partition (KIP-890). The question takes time. A guard ties its answer
// to the partition as it was when it was asked: whatever begins or ends a transaction of the producer meanwhile takes the guard
// away, and a write that shows it then is refused.
// Decides only: no clock. Lost with the process, and so are the requests that hold guards.
// Source:  the behaviour of Kafka 4.2's VerificationStateEntry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>

#include "log/types.h"
#include "record/batch.h"

namespace tideline::log {

// Unique in one partition.
using VerificationGuard = std::uint64_t;
inline constexpr VerificationGuard kNoGuard = 0;
// Shown by writers that nobody asks for a guard (transaction.partition.verification.enable=false).
inline constexpr VerificationGuard kUnguarded = UINT64_MAX;

// One batch whose transaction is to be looked up.
struct VerificationRequest {
    std::int64_t producer_id = record::kNoProducerId;
    std::int16_t producer_epoch = record::kNoProducerEpoch;
    std::int32_t base_sequence = record::kNoSequence;
    bool bumps_epochs = false;  // a client of transaction version 2: each of its transactions has an epoch of its own
    std::int64_t now_ms = 0;
};

class TransactionVerifications {
public:
    struct Entry {
        VerificationGuard guard = kNoGuard;
        std::int64_t since_ms = 0;
        // The lowest sequence that was asked about. A later batch must not overtake one whose question failed and will be
        // asked again, or the sequences of the producer never come in order any more.
        std::int32_t lowest_sequence = record::kNoSequence;
        std::int16_t epoch = record::kNoProducerEpoch;
        bool bumps_epochs = false;
    };

    // Past `capacity` the oldest question is forgotten: its write is refused, and asked again.
    explicit TransactionVerifications(std::size_t capacity) : capacity_(capacity) {}

    // Questions of one producer share a guard.
    VerificationGuard begin(const VerificationRequest& request);
    const Entry* find(std::int64_t producer_id) const;
    // Whether a write that shows this guard may begin a transaction.
    bool allows(std::int64_t producer_id, VerificationGuard guard) const;
    // A transactional batch or a marker of the producer was written.
    void note_written(const record::BatchHeader& batch);
    void expire(std::int64_t now_ms, std::int64_t age_ms);
    std::size_t size() const { return entries_.size(); }

private:
    void forget(std::int64_t producer_id);

    std::size_t capacity_;
    std::unordered_map<std::int64_t, Entry> entries_;
    std::map<VerificationGuard, std::int64_t> by_age_;  // guards count up
    VerificationGuard last_guard_ = kNoGuard;
};

}  // namespace tideline::log
