// Commits and aborts: what a producer may end, and how far the end is told to the partitions.
#include "txn/coordinator.h"

namespace tideline::txn {

namespace {

protocol::EndTxnResponse end_answer(ErrorCode error, std::int64_t producer_id = kNoProducerId, std::int16_t epoch = kNoEpoch) {
    protocol::EndTxnResponse response;
    response.error_code = error;
    response.producer_id = producer_id;
    response.producer_epoch = epoch;
    return response;
}

bool bumps_epoch(std::int16_t version) { return version >= 2; }

}  // namespace

void Coordinator::end(Ticket ticket, const EndRequest& request, std::optional<std::int64_t> new_producer_id, const Now& now, Effects& out) {
    if (request.transactional_id.empty()) {
        return out.answer(ticket, end_answer(ErrorCode::invalid_request));
    }
    Entry* entry = find(request.transactional_id);
    if (entry == nullptr) {
        return out.answer(ticket, end_answer(ErrorCode::invalid_producer_id_mapping));
    }
    Transaction& transaction = entry->second;
    bool bumps = bumps_epoch(request.client_version);
    bool is_answered = !bumps && is_complete(transaction.state);
    auto wrong = bumps ? judge_bumping_end(transaction, request, is_answered) : judge_end(transaction, request);
    if (wrong != ErrorCode::none) {
        return out.answer(ticket, end_answer(wrong));
    }
    if (is_answered) {
        return out.answer(ticket, bumps ? end_answer(ErrorCode::none, transaction.producer_id, transaction.producer_epoch)
                                        : end_answer(ErrorCode::none));
    }
    if (needs_new_id(transaction, request.client_version) && !new_producer_id) {
        return out.answer(ticket, NeedsProducerId{});
    }
    prepare(*entry, request.commit ? State::prepare_commit : State::prepare_abort, request.client_version, new_producer_id, now, out);
    if (!bumps) {
        return out.answer(ticket, end_answer(ErrorCode::none));
    }
    // What the producer has from the next transaction on, even while this one is being completed.
    bool rotates = transaction.next_producer_id != kNoProducerId;
    out.answer(ticket, rotates ? end_answer(ErrorCode::none, transaction.next_producer_id, 0)
                               : end_answer(ErrorCode::none, transaction.producer_id, transaction.producer_epoch));
}

// EndTxn before v5: the epoch stays, so a repetition cannot be told from the end of the next transaction (KAFKA-17754).
ErrorCode Coordinator::judge_end(const Transaction& transaction, const EndRequest& request) const {
    if (transaction.producer_id != request.producer_id) {
        return ErrorCode::invalid_producer_id_mapping;
    }
    if (transaction.producer_epoch != request.producer_epoch) {
        return ErrorCode::producer_fenced;
    }
    switch (transaction.state) {
        case State::ongoing: return ErrorCode::none;
        case State::complete_commit: return request.commit ? ErrorCode::none : ErrorCode::invalid_txn_state;
        case State::complete_abort: return request.commit ? ErrorCode::invalid_txn_state : ErrorCode::none;
        case State::prepare_commit:
        case State::prepare_abort: return ErrorCode::concurrent_transactions;
        default: return ErrorCode::invalid_txn_state;
    }
}

// EndTxn v5 (KIP-890). `is_answered`: it is a repetition, and what it asked for is done.
ErrorCode Coordinator::judge_bumping_end(const Transaction& transaction, const EndRequest& request, bool& is_answered) const {
    if (is_prepared(transaction.state)) {
        return ErrorCode::concurrent_transactions;  // before all else: the producer may have its next id already
    }
    bool is_before_rotation = transaction.previous_producer_id == request.producer_id && request.producer_epoch == kLastEpoch &&
                              transaction.producer_epoch == 0;
    bool is_before_bump = transaction.producer_epoch == request.producer_epoch + 1;
    bool is_current = transaction.producer_epoch == request.producer_epoch;
    if (transaction.producer_id != request.producer_id && !is_before_rotation) {
        return ErrorCode::invalid_producer_id_mapping;
    }
    bool is_repetition = is_before_bump || is_before_rotation;
    if (!is_current && !(is_repetition && is_complete(transaction.state))) {
        return ErrorCode::producer_fenced;
    }
    if (transaction.state == State::ongoing) {
        return ErrorCode::none;
    }
    if (!is_current) {
        is_answered = request.commit == (transaction.state == State::complete_commit);
        // Only the coordinator itself can have aborted what its producer commits: the producer is fenced, but need not
        // give up for good (KAFKA-20785).
        return is_answered ? ErrorCode::none : request.commit ? ErrorCode::producer_fenced : ErrorCode::invalid_txn_state;
    }
    // Nothing was begun. To abort that is right: the producer may not know.
    return request.commit ? ErrorCode::invalid_txn_state : ErrorCode::none;
}

bool Coordinator::needs_new_id(const Transaction& transaction, std::int16_t version) const {
    return bumps_epoch(version) && is_exhausted(transaction.producer_epoch);
}

void Coordinator::prepare(Entry& entry, State state, std::int16_t version, std::optional<std::int64_t> new_producer_id, const Now& now,
                          Effects& out) {
    Transaction& transaction = entry.second;
    if (bumps_epoch(version)) {
        transaction.last_producer_epoch = std::min(transaction.producer_epoch, kLastEpoch);
        if (transaction.producer_epoch != kFencingEpoch) {
            ++transaction.producer_epoch;
        }
    }
    bool rotates = bumps_epoch(version) && is_exhausted(transaction.last_producer_epoch);
    transaction.next_producer_id = rotates ? new_producer_id.value_or(kNoProducerId) : kNoProducerId;
    transaction.previous_producer_id = transaction.producer_id;
    if (transaction.state != State::ongoing) {
        transaction.start_ms = now.wall_ms;  // it had none; the record wants one
    }
    transaction.state = state;
    transaction.update_ms = now.wall_ms;
    transaction.client_version = version;
    transaction.marker_attempts = 0;
    write(entry, out);
    if (transaction.partitions.empty()) {
        complete(entry, now, out);
    } else {
        send_markers(entry, out);
    }
}

// A new producer is there, or the time is over: whoever has the epoch is out.
void Coordinator::fence_and_abort(Entry& entry, std::optional<std::int64_t> new_producer_id, const Now& now, Effects& out) {
    Transaction& transaction = entry.second;
    if (!bumps_epoch(config_.transaction_version)) {
        if (transaction.producer_epoch != kFencingEpoch) {
            ++transaction.producer_epoch;
        }
        transaction.last_producer_epoch = kNoEpoch;
    }
    prepare(entry, State::prepare_abort, bumps_epoch(config_.transaction_version) ? config_.transaction_version : std::int16_t{0},
            new_producer_id, now, out);
}

}  // namespace tideline::txn
