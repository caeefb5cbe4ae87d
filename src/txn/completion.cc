// What happens without a producer: markers, time-outs, expiry, and what a load finds unfinished.
#include "base/log.h"
#include "protocol/messages/transaction_log_record.h"
#include "txn/coordinator.h"

namespace tideline::txn {

namespace {

constexpr std::int64_t kRetryMs = 50;
constexpr std::int64_t kRetryMsMax = 3'200;
constexpr std::int32_t kRetryDoublings = 6;

// Whether a partition needs no marker any more.
bool is_done(ErrorCode error) {
    switch (error) {
        case ErrorCode::none:
        case ErrorCode::unknown_topic_or_partition:
        // Somebody newer wrote there: what this transaction left is ended.
        case ErrorCode::invalid_producer_epoch:
        case ErrorCode::transaction_coordinator_fenced:
        case ErrorCode::unsupported_for_message_format:
        case ErrorCode::unsupported_version: return true;
        default: return false;
    }
}

std::int64_t retry_after_ms(std::int32_t attempts) {
    return std::min(kRetryMs << std::min(attempts, kRetryDoublings), kRetryMsMax);
}

}  // namespace

// ---- Markers ----

void Coordinator::send_markers(const Entry& entry, Effects& out) const {
    const auto& [id, transaction] = entry;
    out.actions.emplace_back(WriteMarkers{.transactional_id = id,
                                          .producer_id = transaction.producer_id,
                                          .producer_epoch = transaction.producer_epoch,
                                          .transaction_version = transaction.client_version,
                                          .commit = transaction.state == State::prepare_commit,
                                          .partitions = transaction.partitions.list()});
}

bool Coordinator::wants(const WriteMarkers& markers) const {
    const Transaction* transaction = find(markers.transactional_id);
    return transaction != nullptr && transaction->state == (markers.commit ? State::prepare_commit : State::prepare_abort) &&
           transaction->producer_id == markers.producer_id && transaction->producer_epoch == markers.producer_epoch;
}

void Coordinator::markers_written(const WriteMarkers& written, const std::vector<MarkerResult>& results, const Now& now, Effects& out) {
    if (!wants(written)) {
        return;
    }
    Entry* entry = find(written.transactional_id);
    Transaction& transaction = entry->second;
    for (const auto& [topic, partition, error] : results) {
        if (is_done(error)) {
            transaction.partitions.remove(topic, partition);
        }
    }
    if (transaction.partitions.empty()) {
        complete(*entry, now, out);
        return;
    }
    marker_retries_.emplace(now.in_ms(retry_after_ms(transaction.marker_attempts++)), entry->first);
}

void Coordinator::complete(Entry& entry, const Now& now, Effects& out) {
    Transaction& transaction = entry.second;
    transaction.previous_producer_id = transaction.producer_id;
    if (transaction.next_producer_id != kNoProducerId) {
        transaction.producer_id = transaction.next_producer_id;
        transaction.producer_epoch = 0;
        transaction.next_producer_id = kNoProducerId;
    }
    transaction.state = transaction.state == State::prepare_commit ? State::complete_commit : State::complete_abort;
    transaction.update_ms = now.wall_ms;
    write(entry, out);
}

// ---- Time ----

Instant Coordinator::next_deadline() const {
    auto deadline = std::min(abort_at_, expire_at_);
    return marker_retries_.empty() ? deadline : std::min(deadline, marker_retries_.begin()->first);
}

void Coordinator::tick(const Now& now, Effects& out) {
    while (!marker_retries_.empty() && marker_retries_.begin()->first <= now.instant) {
        auto due = marker_retries_.extract(marker_retries_.begin());
        Entry* entry = find(due.value().second);
        if (entry != nullptr && is_prepared(entry->second.state)) {
            send_markers(*entry, out);
        }
    }
    if (abort_at_ <= now.instant) {
        abort_at_ = now.in_ms(config_.abort_interval_ms);
        abort_overdue(now, out);
    }
    if (expire_at_ <= now.instant) {
        expire_at_ = now.in_ms(config_.expiry_interval_ms);
        remove_expired(now, out);
    }
}

void Coordinator::abort_overdue(const Now& now, Effects& out) {
    for (auto& entry : transactions_) {
        const auto& [id, transaction] = entry;
        bool is_overdue = transaction.state == State::ongoing && transaction.timeout_ms != kNoTimeout &&
                          transaction.started + std::chrono::milliseconds(transaction.timeout_ms) < now.instant;
        if (!is_overdue) {
            continue;
        }
        TL_LOG_INFO("transaction_timed_out", {"transactional_id", id}, {"producer_id", transaction.producer_id});
        if (needs_new_id(transaction, config_.transaction_version)) {
            out.actions.emplace_back(FetchProducerId{id});
        } else {
            fence_and_abort(entry, std::nullopt, now, out);
        }
    }
}

void Coordinator::abort_timed_out(const std::string& transactional_id, std::int64_t new_producer_id, const Now& now, Effects& out) {
    Entry* entry = find(transactional_id);
    // It may have ended meanwhile, or even begun again.
    if (entry != nullptr && entry->second.state == State::ongoing && needs_new_id(entry->second, config_.transaction_version)) {
        fence_and_abort(*entry, new_producer_id, now, out);
    }
}

void Coordinator::remove_expired(const Now& now, Effects& out) {
    std::erase_if(transactions_, [&](const Entry& entry) {
        const auto& [id, transaction] = entry;
        bool is_idle = transaction.state == State::empty || is_complete(transaction.state);
        bool is_expired = is_idle && transaction.update_ms <= now.wall_ms - config_.id_expiration_ms;
        if (is_expired) {
            out.records.push_back(make_tombstone(id));
        }
        return is_expired;
    });
}

// ---- Loading ----

base::Result<> Coordinator::replay(base::ByteView key, std::optional<base::ByteView> value) {
    TL_TRY(parts, coordinator::split_version(key));
    if (parts.number != protocol::TransactionLogKey::kRecordType) {
        return {};  // of the future
    }
    TL_TRY(name, coordinator::decode_body<protocol::TransactionLogKey>(parts.body, 0));
    if (!value) {
        transactions_.erase(name.transactional_id);
        return {};
    }
    auto read = read_transaction(*value);
    if (!read && read.error().code == ErrorCode::unsupported_version) {
        return {};
    }
    TL_TRY(transaction, std::move(read));
    transactions_.insert_or_assign(std::move(name.transactional_id), std::move(transaction));
    return {};
}

void Coordinator::finish_load(const Now& now, Effects& out) {
    abort_at_ = now.in_ms(config_.abort_interval_ms);
    expire_at_ = now.in_ms(config_.expiry_interval_ms);
    for (auto& entry : transactions_) {
        Transaction& transaction = entry.second;
        if (transaction.state == State::ongoing) {
            auto elapsed = std::clamp<std::int64_t>(now.wall_ms - transaction.start_ms, 0, Now::kFarthestMs);
            transaction.started = now.instant - std::chrono::milliseconds(elapsed);
        } else if (is_prepared(transaction.state) && transaction.partitions.empty()) {
            complete(entry, now, out);
        } else if (is_prepared(transaction.state)) {
            send_markers(entry, out);
        }
    }
}

}  // namespace tideline::txn
