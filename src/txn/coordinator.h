// txn/coordinator.h: the transactions whose ids belong to one partition of __transaction_state, as a state machine.
//
// Each method is one step: it changes the state, and says in `Effects` what to append, to answer and to do. It reads no clock,
// appends nothing and sends nothing: CoordinatorDriver does. When an append fails the state is ahead of the log; then it is thrown
// away and built again from there.
// Each request has a ticket, which the step itself answers.
// Not here: authorization, and whether partitions exist (the server looks).
// Errors:  Kafka's, as Apache Kafka 4.2 gives them; PRODUCER_FENCED is INVALID_PRODUCER_EPOCH for old versions, which handlers see to.
#pragma once

#include <map>
#include <set>

#include "txn/config.h"
#include "txn/effects.h"
#include "txn/list_filter.h"
#include "txn/transaction.h"

namespace tideline::txn {

struct InitRequest {
    std::string transactional_id;
    std::int32_t timeout_ms = 0;
    // What the producer has, when it wants to go on from there (KIP-360).
    std::int64_t producer_id = kNoProducerId;
    std::int16_t producer_epoch = kNoEpoch;

    bool has_expectation() const { return producer_id != kNoProducerId || producer_epoch != kNoEpoch; }
};

struct PartitionsRequest {
    std::string transactional_id;
    std::int64_t producer_id = kNoProducerId;
    std::int16_t producer_epoch = kNoEpoch;
    PartitionList partitions;
    std::int16_t client_version = 0;  // the transaction.version of the producer: 0 if it adds partitions itself
};

struct EndRequest {
    std::string transactional_id;
    std::int64_t producer_id = kNoProducerId;
    std::int16_t producer_epoch = kNoEpoch;
    bool commit = false;
    std::int16_t client_version = 0;  // 2: every end bumps the epoch (EndTxn v5)
};

struct MarkerResult {
    std::string topic;
    std::int32_t partition = 0;
    ErrorCode error = ErrorCode::none;
};

class Coordinator {
public:
    // `config` is borrowed, and may change between steps.
    explicit Coordinator(const TransactionConfig& config) : config_(config), record_bytes_max_(config.record_bytes_max) {}
    // How large key and value of a record may be together, from now on.
    void limit_records(std::size_t bytes_max) { record_bytes_max_ = bytes_max; }

    // `new_producer_id`: one that nobody ever had, on the second call after NeedsProducerId.
    void init_producer_id(Ticket, const InitRequest&, std::optional<std::int64_t> new_producer_id, const Now&, Effects&);
    void add(Ticket, const PartitionsRequest&, const Now&, Effects&);
    // Whether the partitions are in the ongoing transaction of that producer (KIP-890). Changes nothing.
    void verify(Ticket, const PartitionsRequest&, const Now&, Effects&) const;
    void end(Ticket, const EndRequest&, std::optional<std::int64_t> new_producer_id, const Now&, Effects&);
    void describe(Ticket, const std::vector<std::string>& transactional_ids, const Now&, Effects&) const;
    void list(Ticket, const ListFilter&, const Now&, Effects&) const;

    // Whether markers that were asked for are still to be written.
    bool wants(const WriteMarkers& markers) const;
    // How WriteMarkers went; what it says of a transaction that has moved on counts for nothing. A partition that is unknown is gone.
    void markers_written(const WriteMarkers& written, const std::vector<MarkerResult>& results, const Now&, Effects&);
    // What FetchProducerId asked for.
    void abort_timed_out(const std::string& transactional_id, std::int64_t new_producer_id, const Now&, Effects&);

    // When tick() is due; kNever before finish_load().
    Instant next_deadline() const;
    // Aborts what takes too long, forgets ids that nobody uses, and sends markers again.
    void tick(const Now&, Effects&);

    // Loading: every record of the log in its order, tombstones without a value, then finish_load(), which ends what was prepared.
    // Types and versions from the future are skipped (they stay in the log).
    base::Result<> replay(base::ByteView key, std::optional<base::ByteView> value);
    void finish_load(const Now&, Effects&);

    // What a rebuild from the records brings back, for tests.
    std::string print_durable() const;
    std::size_t transaction_count() const { return transactions_.size(); }

private:
    using Entry = std::pair<const std::string, Transaction>;

    Entry* find(const std::string& transactional_id);
    const Transaction* find(const std::string& transactional_id) const;
    void write(const Entry& entry, Effects& out) const;

    ErrorCode judge_expectation(const Transaction& transaction, const InitRequest& request) const;
    std::int16_t next_epoch(const Transaction& transaction, const InitRequest& request, std::int16_t& last) const;
    bool fits(const std::string& transactional_id, const PartitionSet& partitions) const;

    ErrorCode judge_end(const Transaction& transaction, const EndRequest& request) const;
    ErrorCode judge_bumping_end(const Transaction& transaction, const EndRequest& request, bool& is_answered) const;
    bool needs_new_id(const Transaction& transaction, std::int16_t version) const;
    void prepare(Entry& entry, State state, std::int16_t version, std::optional<std::int64_t> new_producer_id, const Now&, Effects&);
    void fence_and_abort(Entry& entry, std::optional<std::int64_t> new_producer_id, const Now&, Effects&);
    void send_markers(const Entry& entry, Effects& out) const;
    void complete(Entry& entry, const Now&, Effects&);
    void abort_overdue(const Now&, Effects&);
    void remove_expired(const Now&, Effects&);

    const TransactionConfig& config_;
    std::size_t record_bytes_max_;
    std::map<std::string, Transaction> transactions_;
    std::set<std::pair<Instant, std::string>> marker_retries_;
    Instant abort_at_ = kNever;
    Instant expire_at_ = kNever;
};

}  // namespace tideline::txn
