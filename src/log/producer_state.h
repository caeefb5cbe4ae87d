// log/producer_state.h: what a partition knows about the producers that wrote to it: epochs, sequences, open transactions.
//
// An idempotent producer numbers its batches; check() says whether the next one is new, a repetition of one of the last five,
// or out of order, with exactly Kafka's codes. apply() takes over what check() allowed, after the batch was written.
// Decides only: no files, no clock. Snapshots are in producer_snapshot.h.
// Source:  KIP-98, KIP-360 (unknown producers start anywhere), KIP-890 and KIP-1228 (markers under transaction version 2);
//          the behaviour of Kafka 4.2's ProducerStateManager.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "log/transaction_verification.h"
#include "log/types.h"
#include "record/batch.h"
#include "record/control.h"

namespace tideline::log {

enum class AppendOrigin {
    client,       // a produce request: everything is checked, offsets are assigned
    coordinator,  // a group or transaction coordinator, transaction markers: no sequences; offsets are assigned
    replication,  // fetched from the leader: offsets and epochs are taken as they are, producers are believed
    raft_leader   // the metadata log: offsets and epochs are the quorum's
};

struct ProducerStateConfig {
    std::int64_t producer_id_expiration_ms = 86'400'000;
    // Past this many producers the ones silent for longest, without an open transaction, are forgotten. A forgotten
    // producer goes on as an unknown one does: its next batch is accepted whatever its sequence.
    std::size_t max_producers = 100'000;
};

struct AbortedTransaction {
    std::int64_t producer_id = -1;
    Offset first_offset = kNoOffset;
    Offset last_offset = kNoOffset;  // of the abort marker
    Offset last_stable_offset = kNoOffset;

    friend bool operator==(const AbortedTransaction&, const AbortedTransaction&) = default;
};

// One of the last five batches.
struct BatchMetadata {
    std::int32_t last_sequence = record::kNoSequence;
    std::int32_t offset_delta = 0;
    Offset last_offset = kNoOffset;
    std::int64_t timestamp = record::kNoTimestamp;

    Offset first_offset() const { return last_offset - offset_delta; }
    std::int32_t first_sequence() const;

    friend bool operator==(const BatchMetadata&, const BatchMetadata&) = default;
};

inline constexpr std::size_t kRememberedBatches = 5;

struct ProducerEntry {
    std::int64_t producer_id = record::kNoProducerId;
    std::int16_t producer_epoch = record::kNoProducerEpoch;
    std::uint8_t batch_count = 0;
    std::int32_t coordinator_epoch = -1;
    std::int64_t last_timestamp = record::kNoTimestamp;
    Offset transaction_first_offset = kNoOffset;  // kNoOffset: no open transaction
    std::array<BatchMetadata, kRememberedBatches> batches{};  // the oldest first; batch_count of them

    bool has_batches() const { return batch_count > 0; }
    std::int32_t last_sequence() const { return has_batches() ? batches[batch_count - 1].last_sequence : record::kNoSequence; }
    Offset last_data_offset() const { return has_batches() ? batches[batch_count - 1].last_offset : kNoOffset; }
    std::int32_t last_offset_delta() const { return has_batches() ? batches[batch_count - 1].offset_delta : 0; }
    bool has_open_transaction() const { return transaction_first_offset != kNoOffset; }

    const BatchMetadata* find_duplicate(const record::BatchHeader& batch) const;
    void set_epoch(std::int16_t epoch);  // another epoch forgets the batches
    void add_batch(const BatchMetadata& batch);

    friend bool operator==(const ProducerEntry& a, const ProducerEntry& b);
};

// The end of a transaction that had data in this partition.
struct CompletedTransaction {
    std::int64_t producer_id = -1;
    Offset first_offset = kNoOffset;
    Offset last_offset = kNoOffset;  // of the marker
    bool is_aborted = false;
};

// The effect of one batch on one producer, not yet applied.
struct ProducerUpdate {
    ProducerEntry entry;
    bool starts_transaction = false;
    std::optional<CompletedTransaction> completed;
};

class ProducerState {
public:
    explicit ProducerState(ProducerStateConfig config) : config_(config) {}

    // The batch already stored that `batch` repeats, among the last five of its producer.
    std::optional<BatchMetadata> find_duplicate(const record::BatchHeader& batch) const;

    // Judges a data batch, or a control batch with its marker, whose offsets are assigned; changes nothing.
    // Errors: invalid_producer_epoch, out_of_order_sequence_number, invalid_txn_state, transaction_coordinator_fenced.
    // transaction_version is the one of WriteTxnMarkers, -1 when unknown; `asked` what is being asked about this producer at
    // the transaction coordinator, if anything is.
    Result<ProducerUpdate> check(const record::BatchHeader& batch, const std::optional<record::EndTxnMarker>& marker,
                                 AppendOrigin origin, std::int16_t transaction_version,
                                 const TransactionVerifications::Entry* asked = nullptr) const;

    // A batch that check() has passed could not be written: nothing but that batch may follow. Otherwise the next one in the pipeline
    // of a producer that is not known yet would be taken, with whatever sequence, and this one be refused for ever.
    void not_written(const record::BatchHeader& batch);

    // The row for the transaction index when the update ends a transaction by aborting it.
    std::optional<AbortedTransaction> aborted_by(const ProducerUpdate& update) const;
    // Takes over what check() returned. Returns aborted_by().
    std::optional<AbortedTransaction> apply(const ProducerUpdate& update);

    // Everything before `offset` is reflected here; the offset of the next snapshot.
    Offset end_offset() const { return end_offset_; }
    void set_end_offset(Offset offset) { end_offset_ = offset; }

    // The first offset that a read_committed reader may not pass, or nullopt: open transactions, and finished ones whose
    // marker is at or above the high watermark. Forgets finished ones below it.
    std::optional<Offset> first_unstable_offset(Offset high_watermark);
    std::optional<Offset> first_open_transaction() const;
    bool has_open_transaction(std::int64_t producer_id, std::int16_t producer_epoch) const;

    // Forgets who has been silent for producer.id.expiration.ms and has no open transaction. Returns how many.
    std::size_t expire(std::int64_t now_ms);
    bool is_expired(const ProducerEntry& entry, std::int64_t now_ms) const;
    void set_expiration_ms(std::int64_t producer_id_expiration_ms) { config_.producer_id_expiration_ms = producer_id_expiration_ms; }

    void clear(Offset end_offset);
    void load(const ProducerEntry& entry);

    const ProducerEntry* find(std::int64_t producer_id) const;
    std::size_t size() const { return producers_.size(); }
    std::size_t evicted_total() const { return evicted_total_; }
    // Sorted by producer id.
    std::vector<ProducerEntry> entries() const;

private:
    struct EndedTransaction {
        Offset first_offset = kNoOffset;
        Offset last_offset = kNoOffset;  // of the marker
    };
    void make_room();
    Result<> check_first(const record::BatchHeader& batch) const;

    ProducerStateConfig config_;
    std::unordered_map<std::int64_t, ProducerEntry> producers_;
    struct Awaited {
        std::int16_t producer_epoch;
        std::int32_t sequence;
    };
    std::unordered_map<std::int64_t, Awaited> awaited_;  // producers of which nothing is known but a batch that was not written
    std::map<Offset, std::int64_t> open_;  // producer id by first offset
    // Finished, marker not yet below the high watermark: in the order of the markers, and their first offsets.
    std::deque<EndedTransaction> unreplicated_;
    std::set<Offset> unreplicated_firsts_;
    Offset end_offset_ = 0;
    std::size_t evicted_total_ = 0;
};

}  // namespace tideline::log
