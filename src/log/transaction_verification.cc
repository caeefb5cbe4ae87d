#include "log/transaction_verification.h"

#include <algorithm>
#include <vector>

namespace tideline::log {

VerificationGuard TransactionVerifications::begin(const VerificationRequest& request) {
    auto [at, is_new] = entries_.try_emplace(request.producer_id);
    Entry& entry = at->second;
    if (is_new) {
        entry = {.guard = ++last_guard_,
                 .since_ms = request.now_ms,
                 .lowest_sequence = request.base_sequence,
                 .epoch = request.producer_epoch,
                 .bumps_epochs = request.bumps_epochs};
        by_age_.emplace(entry.guard, request.producer_id);
        if (entries_.size() > capacity_) {
            forget(by_age_.begin()->second);
        }
        return last_guard_;
    }
    if (request.producer_epoch == entry.epoch) {
        entry.lowest_sequence = std::min(entry.lowest_sequence, request.base_sequence);
    } else if (request.producer_epoch > entry.epoch) {
        entry.epoch = request.producer_epoch;
        entry.lowest_sequence = request.base_sequence;
    }
    return entry.guard;
}

const TransactionVerifications::Entry* TransactionVerifications::find(std::int64_t producer_id) const {
    auto found = entries_.find(producer_id);
    return found == entries_.end() ? nullptr : &found->second;
}

bool TransactionVerifications::allows(std::int64_t producer_id, VerificationGuard guard) const {
    if (guard == kUnguarded) {
        return true;
    }
    const Entry* entry = find(producer_id);
    return guard != kNoGuard && entry != nullptr && entry->guard == guard;
}

void TransactionVerifications::note_written(const record::BatchHeader& batch) {
    const Entry* entry = find(batch.producer_id);
    if (entry == nullptr) {
        return;
    }
    // A marker of version 2 has the epoch of the producer's next transaction: a question with that epoch is about the next
    // one, which the marker does not end.
    bool is_about_next = entry->bumps_epochs && batch.is_control() && batch.producer_epoch == entry->epoch;
    if (!is_about_next) {
        forget(batch.producer_id);
    }
}

void TransactionVerifications::expire(std::int64_t now_ms, std::int64_t age_ms) {
    std::vector<std::int64_t> old;
    for (const auto& [id, entry] : entries_) {
        if (now_ms - entry.since_ms >= age_ms) {
            old.push_back(id);
        }
    }
    std::ranges::for_each(old, [this](std::int64_t id) { forget(id); });
}

void TransactionVerifications::forget(std::int64_t producer_id) {
    auto found = entries_.find(producer_id);
    by_age_.erase(found->second.guard);
    entries_.erase(found);
}

}  // namespace tideline::log
