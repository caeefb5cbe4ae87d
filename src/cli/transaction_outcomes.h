// cli/transaction_outcomes.h: what became of transactional batches, from what brokers tell and from markers in the log.
//
// Below the last stable offset the answer to a read_committed fetch lists the aborted transactions it touches. Beyond it
// nobody lists anything: there the next marker of the same producer decides, and without one the transaction is open.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "cli/record_view.h"
#include "protocol/messages/fetch.h"
#include "record/batch.h"

namespace tideline::cli {

// Judges the batches of one read_committed answer, which must be shown to it one after the other, markers too.
class DecidedOutcomes {
public:
    explicit DecidedOutcomes(std::vector<protocol::FetchResponse::AbortedTransaction> aborted);

    RecordOutcome outcome_of(const record::BatchHeader& batch);
    // A marker ends its producer's transaction.
    void pass_marker(const record::BatchHeader& marker);

private:
    void go_to(std::int64_t offset);

    std::vector<protocol::FetchResponse::AbortedTransaction> aborted_;  // by first offset
    std::size_t next_ = 0;
    std::set<std::int64_t> aborting_;  // producer ids whose aborted transaction has begun and not ended
};

// Judges batches by the markers behind them.
class LaterMarkers {
public:
    // Markers come in the order of their offsets.
    void add(const record::BatchHeader& marker, bool committed);
    RecordOutcome outcome_of(const record::BatchHeader& batch) const;

private:
    struct Marker {
        std::int64_t offset;
        bool committed;
    };
    std::map<std::int64_t, std::vector<Marker>> by_producer_;
};

}  // namespace tideline::cli
