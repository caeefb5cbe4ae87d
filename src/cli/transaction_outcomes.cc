#include "cli/transaction_outcomes.h"

#include <algorithm>

namespace tideline::cli {

using AbortedTransaction = protocol::FetchResponse::AbortedTransaction;

DecidedOutcomes::DecidedOutcomes(std::vector<AbortedTransaction> aborted) : aborted_(std::move(aborted)) {
    std::ranges::sort(aborted_, {}, &AbortedTransaction::first_offset);
}

RecordOutcome DecidedOutcomes::outcome_of(const record::BatchHeader& batch) {
    if (!batch.is_transactional()) {
        return RecordOutcome::committed;
    }
    go_to(batch.last_offset());
    return aborting_.contains(batch.producer_id) ? RecordOutcome::aborted : RecordOutcome::committed;
}

void DecidedOutcomes::pass_marker(const record::BatchHeader& marker) {
    // First take in what the answer begins behind: its records were before, its marker is this one.
    go_to(marker.base_offset);
    aborting_.erase(marker.producer_id);
}

void DecidedOutcomes::go_to(std::int64_t offset) {
    for (; next_ < aborted_.size() && aborted_[next_].first_offset <= offset; ++next_) {
        aborting_.insert(aborted_[next_].producer_id);
    }
}

void LaterMarkers::add(const record::BatchHeader& marker, bool committed) {
    by_producer_[marker.producer_id].push_back({marker.base_offset, committed});
}

RecordOutcome LaterMarkers::outcome_of(const record::BatchHeader& batch) const {
    if (!batch.is_transactional()) {
        return RecordOutcome::committed;
    }
    auto at = by_producer_.find(batch.producer_id);
    if (at == by_producer_.end()) {
        return RecordOutcome::open;
    }
    auto marker = std::ranges::upper_bound(at->second, batch.base_offset, {}, &Marker::offset);
    if (marker == at->second.end()) {
        return RecordOutcome::open;
    }
    return marker->committed ? RecordOutcome::committed : RecordOutcome::aborted;
}

}  // namespace tideline::cli
