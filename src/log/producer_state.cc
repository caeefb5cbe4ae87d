#include "log/producer_state.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"

namespace tideline::log {

std::int32_t BatchMetadata::first_sequence() const {
    return last_sequence < 0 ? record::kNoSequence : record::decrement_sequence(last_sequence, offset_delta);
}

const BatchMetadata* ProducerEntry::find_duplicate(const record::BatchHeader& batch) const {
    if (batch.producer_epoch != producer_epoch) {
        return nullptr;
    }
    for (std::size_t i = 0; i < batch_count; ++i) {
        if (batches[i].first_sequence() == batch.base_sequence && batches[i].last_sequence == batch.last_sequence()) {
            return &batches[i];
        }
    }
    return nullptr;
}

void ProducerEntry::set_epoch(std::int16_t epoch) {
    if (epoch != producer_epoch) {
        producer_epoch = epoch;
        batch_count = 0;
    }
}

void ProducerEntry::add_batch(const BatchMetadata& batch) {
    if (batch_count == kRememberedBatches) {
        std::shift_left(batches.begin(), batches.end(), 1);
        --batch_count;
    }
    batches[batch_count++] = batch;
}

bool operator==(const ProducerEntry& a, const ProducerEntry& b) {
    return a.producer_id == b.producer_id && a.producer_epoch == b.producer_epoch && a.coordinator_epoch == b.coordinator_epoch &&
           a.last_timestamp == b.last_timestamp && a.transaction_first_offset == b.transaction_first_offset &&
           std::ranges::equal(std::span(a.batches).first(a.batch_count), std::span(b.batches).first(b.batch_count));
}

std::optional<BatchMetadata> ProducerState::find_duplicate(const record::BatchHeader& batch) const {
    const ProducerEntry* entry = find(batch.producer_id);
    const BatchMetadata* found = entry != nullptr ? entry->find_duplicate(batch) : nullptr;
    return found != nullptr ? std::optional(*found) : std::nullopt;
}

namespace {

constexpr std::int16_t kStrictMarkers = 2;  // the transaction version from which a marker's epoch must be a new one

Result<> check_epoch(const ProducerEntry& current, const record::BatchHeader& batch, AppendOrigin origin,
                     std::int16_t transaction_version) {
    bool strict = transaction_version >= kStrictMarkers;
    bool is_old = strict ? batch.producer_epoch <= current.producer_epoch : batch.producer_epoch < current.producer_epoch;
    if (!is_old || origin == AppendOrigin::replication) {
        return {};  // a follower takes what its leader took
    }
    if (strict && batch.producer_epoch == current.producer_epoch && !current.has_open_transaction()) {
        return {};  // the same marker once more: its transaction has ended already (KAFKA-19999)
    }
    return base::fail(ErrorCode::invalid_producer_epoch, "the producer epoch is older than the newest one seen", current.producer_epoch);
}

bool follows(std::int32_t last, std::int32_t next) {
    return static_cast<std::int64_t>(next) == static_cast<std::int64_t>(last) + 1 || (next == 0 && last == INT32_MAX);
}

Result<> check_sequence(const ProducerEntry& current, const record::BatchHeader& batch, const TransactionVerifications::Entry* asked) {
    if (asked != nullptr && asked->bumps_epochs && batch.base_sequence != 0 && !current.has_batches()) {
        return base::fail(ErrorCode::out_of_order_sequence_number, "a transaction's first batch does not have sequence 0",
                          batch.base_sequence);
    }
    if (asked != nullptr && batch.base_sequence > asked->lowest_sequence) {
        return base::fail(ErrorCode::out_of_order_sequence_number, "an earlier batch of the producer waits for its transaction",
                          asked->lowest_sequence);
    }
    // Nothing is known of this producer, perhaps because its records were deleted: it may go on with any sequence (KIP-360).
    if (current.producer_epoch == record::kNoProducerEpoch) {
        return {};
    }
    if (batch.producer_epoch != current.producer_epoch) {
        if (batch.base_sequence != 0) {
            return base::fail(ErrorCode::out_of_order_sequence_number, "a new producer epoch does not begin with sequence 0",
                              batch.base_sequence);
        }
        return {};
    }
    if (!follows(current.last_sequence(), batch.base_sequence)) {
        return base::fail(ErrorCode::out_of_order_sequence_number, "the sequence does not follow the last one",
                          current.last_sequence());
    }
    return {};
}

Result<ProducerUpdate> check_data(ProducerEntry entry, const record::BatchHeader& batch, AppendOrigin origin,
                                  const TransactionVerifications::Entry* asked) {
    TL_TRY_VOID(check_epoch(entry, batch, origin, -1));
    if (origin == AppendOrigin::client) {
        TL_TRY_VOID(check_sequence(entry, batch, asked));
    }
    entry.set_epoch(batch.producer_epoch);
    entry.add_batch({.last_sequence = batch.last_sequence(),
                     .offset_delta = batch.last_offset_delta,
                     .last_offset = batch.last_offset(),
                     .timestamp = batch.max_timestamp});
    entry.last_timestamp = batch.max_timestamp;
    if (entry.has_open_transaction() && !batch.is_transactional()) {
        return base::fail(ErrorCode::invalid_txn_state, "a batch outside of the producer's open transaction",
                          entry.transaction_first_offset);
    }
    bool starts = batch.is_transactional() && !entry.has_open_transaction();
    if (starts) {
        entry.transaction_first_offset = batch.base_offset;
    }
    return ProducerUpdate{entry, starts, std::nullopt};
}

Result<ProducerUpdate> check_marker(ProducerEntry entry, const record::BatchHeader& batch, const record::EndTxnMarker& marker,
                                    AppendOrigin origin, std::int16_t transaction_version) {
    TL_TRY_VOID(check_epoch(entry, batch, origin, transaction_version));
    if (entry.coordinator_epoch > marker.coordinator_epoch && origin != AppendOrigin::replication) {
        return base::fail(ErrorCode::transaction_coordinator_fenced, "a marker from an earlier epoch of the transaction coordinator",
                          entry.coordinator_epoch);
    }
    ProducerUpdate update;
    // A transaction that wrote nothing here moves no last stable offset and has no row in the index.
    if (entry.has_open_transaction()) {
        update.completed = CompletedTransaction{.producer_id = batch.producer_id,
                                                .first_offset = entry.transaction_first_offset,
                                                .last_offset = batch.base_offset,
                                                .is_aborted = marker.type == record::ControlType::abort};
    }
    entry.set_epoch(batch.producer_epoch);
    entry.coordinator_epoch = marker.coordinator_epoch;
    entry.transaction_first_offset = kNoOffset;
    entry.last_timestamp = batch.max_timestamp;
    update.entry = entry;
    return update;
}

}  // namespace

// Judges the first batch of a producer of which nothing is known.
Result<> ProducerState::check_first(const record::BatchHeader& batch) const {
    auto awaited = awaited_.find(batch.producer_id);
    if (awaited != awaited_.end() && awaited->second.producer_epoch == batch.producer_epoch &&
        awaited->second.sequence != batch.base_sequence) {
        return base::fail(ErrorCode::out_of_order_sequence_number, "an earlier batch of the producer could not be written",
                          awaited->second.sequence);
    }
    return {};
}

void ProducerState::not_written(const record::BatchHeader& batch) {
    constexpr std::size_t kAwaitedMax = 10'000;  // forgetting them costs what it cost before: an order that is not kept
    if (find(batch.producer_id) != nullptr) {
        return;  // its next sequence is known
    }
    if (awaited_.size() >= kAwaitedMax) {
        awaited_.clear();
    }
    awaited_.insert_or_assign(batch.producer_id, Awaited{batch.producer_epoch, batch.base_sequence});
}

Result<ProducerUpdate> ProducerState::check(const record::BatchHeader& batch, const std::optional<record::EndTxnMarker>& marker,
                                            AppendOrigin origin, std::int16_t transaction_version,
                                            const TransactionVerifications::Entry* asked) const {
    const ProducerEntry* found = find(batch.producer_id);
    if (found == nullptr && !marker && origin == AppendOrigin::client) {
        TL_TRY_VOID(check_first(batch));
    }
    ProducerEntry current = found != nullptr ? *found : ProducerEntry{.producer_id = batch.producer_id};
    return marker ? check_marker(current, batch, *marker, origin, transaction_version) : check_data(current, batch, origin, asked);
}

std::optional<AbortedTransaction> ProducerState::aborted_by(const ProducerUpdate& update) const {
    if (!update.completed || !update.completed->is_aborted) {
        return std::nullopt;
    }
    const CompletedTransaction& done = *update.completed;
    auto oldest = open_.begin();
    if (oldest != open_.end() && oldest->first == done.first_offset) {
        ++oldest;
    }
    Offset stable = oldest == open_.end() ? done.last_offset + 1 : oldest->first;
    return AbortedTransaction{done.producer_id, done.first_offset, done.last_offset, stable};
}

std::optional<AbortedTransaction> ProducerState::apply(const ProducerUpdate& update) {
    std::optional<AbortedTransaction> aborted = aborted_by(update);
    const ProducerEntry& entry = update.entry;
    TL_CHECK(entry.producer_id >= 0);
    producers_.insert_or_assign(entry.producer_id, entry);
    awaited_.erase(entry.producer_id);
    make_room();
    if (update.starts_transaction) {
        open_[entry.transaction_first_offset] = entry.producer_id;
    }
    if (update.completed) {
        const CompletedTransaction& done = *update.completed;
        open_.erase(done.first_offset);
        unreplicated_.push_back({done.first_offset, done.last_offset});
        unreplicated_firsts_.insert(done.first_offset);
    }
    return aborted;
}

std::optional<Offset> ProducerState::first_unstable_offset(Offset high_watermark) {
    while (!unreplicated_.empty() && unreplicated_.front().last_offset < high_watermark) {
        unreplicated_firsts_.erase(unreplicated_.front().first_offset);
        unreplicated_.pop_front();
    }
    std::optional<Offset> first = first_open_transaction();
    if (!unreplicated_firsts_.empty() && (!first || *unreplicated_firsts_.begin() < *first)) {
        first = *unreplicated_firsts_.begin();
    }
    return first;
}

std::optional<Offset> ProducerState::first_open_transaction() const {
    return open_.empty() ? std::nullopt : std::optional(open_.begin()->first);
}

bool ProducerState::has_open_transaction(std::int64_t producer_id, std::int16_t producer_epoch) const {
    const ProducerEntry* entry = find(producer_id);
    return entry != nullptr && entry->has_open_transaction() && entry->producer_epoch == producer_epoch;
}

bool ProducerState::is_expired(const ProducerEntry& entry, std::int64_t now_ms) const {
    return !entry.has_open_transaction() && now_ms - entry.last_timestamp >= config_.producer_id_expiration_ms;
}

std::size_t ProducerState::expire(std::int64_t now_ms) {
    return std::erase_if(producers_, [&](const auto& item) { return is_expired(item.second, now_ms); });
}

void ProducerState::make_room() {
    if (producers_.size() <= config_.max_producers) {
        return;
    }
    // A share at a time, so that a flood of new producers does not sort them all for each one.
    std::vector<std::pair<std::int64_t, std::int64_t>> idle;  // last timestamp, producer id
    for (const auto& [id, entry] : producers_) {
        if (!entry.has_open_transaction()) {
            idle.emplace_back(entry.last_timestamp, id);
        }
    }
    std::size_t count = std::min(idle.size(), producers_.size() - config_.max_producers + config_.max_producers / 8);
    std::ranges::nth_element(idle, idle.begin() + static_cast<std::ptrdiff_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
        producers_.erase(idle[i].second);
    }
    evicted_total_ += count;
    TL_LOG_WARN("producers_evicted", {"count", count}, {"limit", config_.max_producers});
}

void ProducerState::clear(Offset end_offset) {
    producers_.clear();
    awaited_.clear();
    open_.clear();
    unreplicated_.clear();
    unreplicated_firsts_.clear();
    end_offset_ = end_offset;
}

void ProducerState::load(const ProducerEntry& entry) {
    producers_.insert_or_assign(entry.producer_id, entry);
    if (entry.has_open_transaction()) {
        open_[entry.transaction_first_offset] = entry.producer_id;
    }
    make_room();
}

const ProducerEntry* ProducerState::find(std::int64_t producer_id) const {
    auto found = producers_.find(producer_id);
    return found == producers_.end() ? nullptr : &found->second;
}

std::vector<ProducerEntry> ProducerState::entries() const {
    std::vector<ProducerEntry> all;
    all.reserve(producers_.size());
    for (const auto& [id, entry] : producers_) {
        all.push_back(entry);
    }
    std::ranges::sort(all, {}, &ProducerEntry::producer_id);
    return all;
}

}  // namespace tideline::log
