#include "txn/coordinator.h"

#include "base/log.h"

namespace tideline::txn {

namespace {

constexpr std::size_t kIdBytesMax = std::numeric_limits<std::int16_t>::max();  // of a record's key

protocol::InitProducerIdResponse init_answer(ErrorCode error, std::int64_t producer_id = kNoProducerId, std::int16_t epoch = kNoEpoch) {
    protocol::InitProducerIdResponse response;
    response.error_code = error;
    response.producer_id = producer_id;
    response.producer_epoch = epoch;
    return response;
}

}  // namespace

Coordinator::Entry* Coordinator::find(const std::string& transactional_id) {
    auto found = transactions_.find(transactional_id);
    return found == transactions_.end() ? nullptr : &*found;
}

const Transaction* Coordinator::find(const std::string& transactional_id) const {
    auto found = transactions_.find(transactional_id);
    return found == transactions_.end() ? nullptr : &found->second;
}

void Coordinator::write(const Entry& entry, Effects& out) const {
    out.records.push_back(make_record(entry.first, entry.second, config_.transaction_version));
}

// ---- InitProducerId ----

void Coordinator::init_producer_id(Ticket ticket, const InitRequest& request, std::optional<std::int64_t> new_producer_id, const Now& now,
                                   Effects& out) {
    if (request.transactional_id.empty() || request.transactional_id.size() > kIdBytesMax) {
        return out.answer(ticket, init_answer(ErrorCode::invalid_request));
    }
    if (request.timeout_ms <= 0 || request.timeout_ms > config_.max_timeout_ms) {
        return out.answer(ticket, init_answer(ErrorCode::invalid_transaction_timeout));
    }
    Entry* entry = find(request.transactional_id);
    if (entry == nullptr) {
        if (!new_producer_id) {
            return out.answer(ticket, NeedsProducerId{});
        }
        entry = &*transactions_.emplace(request.transactional_id, Transaction{.producer_id = *new_producer_id}).first;
    }
    Transaction& transaction = entry->second;
    if (auto wrong = judge_expectation(transaction, request); wrong != ErrorCode::none) {
        return out.answer(ticket, init_answer(wrong));
    }
    if (transaction.state == State::ongoing) {
        if (needs_new_id(transaction, config_.transaction_version) && !new_producer_id) {
            return out.answer(ticket, NeedsProducerId{});
        }
        // The producer comes again, and gets an epoch that is higher still: this one is nobody's.
        fence_and_abort(*entry, new_producer_id, now, out);
        return out.answer(ticket, init_answer(ErrorCode::concurrent_transactions));
    }
    bool rotates = is_exhausted(transaction.producer_epoch) &&
                   (!request.has_expectation() || request.producer_epoch == transaction.producer_epoch);
    if (rotates && !new_producer_id) {
        return out.answer(ticket, NeedsProducerId{});
    }
    if (rotates) {
        transaction.previous_producer_id = transaction.producer_id;
        transaction.last_producer_epoch = request.has_expectation() ? transaction.producer_epoch : kNoEpoch;
        transaction.producer_id = *new_producer_id;
        transaction.producer_epoch = 0;
    } else {
        auto epoch = next_epoch(transaction, request, transaction.last_producer_epoch);
        if (epoch != transaction.producer_epoch) {  // the same request again may come a third time, with the id before
            transaction.previous_producer_id = transaction.producer_id;
        }
        transaction.producer_epoch = epoch;
    }
    transaction.state = State::empty;
    transaction.timeout_ms = request.timeout_ms;
    transaction.partitions = {};
    transaction.start_ms = -1;
    transaction.update_ms = now.wall_ms;
    write(*entry, out);
    out.answer(ticket, init_answer(ErrorCode::none, transaction.producer_id, transaction.producer_epoch));
}

ErrorCode Coordinator::judge_expectation(const Transaction& transaction, const InitRequest& request) const {
    if (is_prepared(transaction.state)) {
        return ErrorCode::concurrent_transactions;
    }
    bool is_new = transaction.producer_epoch == kNoEpoch;
    // An id that was given up for want of epochs may come again from a producer that did not hear of the new one.
    bool is_same_producer = request.producer_id == transaction.producer_id ||
                            (request.producer_id == transaction.previous_producer_id && is_exhausted(request.producer_epoch));
    if (request.has_expectation() && !is_new && !is_same_producer) {
        return ErrorCode::producer_fenced;
    }
    bool is_known_epoch =
        request.producer_epoch == transaction.producer_epoch || request.producer_epoch == transaction.last_producer_epoch;
    if (transaction.state != State::ongoing && request.has_expectation() && !is_new && !is_known_epoch) {
        return ErrorCode::producer_fenced;
    }
    return ErrorCode::none;
}

std::int16_t Coordinator::next_epoch(const Transaction& transaction, const InitRequest& request, std::int16_t& last) const {
    auto current = transaction.producer_epoch;
    auto bumped = static_cast<std::int16_t>(current + 1);
    if (!request.has_expectation()) {
        last = kNoEpoch;
        return bumped;
    }
    if (current == kNoEpoch || request.producer_epoch == current) {
        last = current;
        return bumped;
    }
    return current;  // the same request again; nobody else came in between, or `last` would be kNoEpoch
}

// ---- Partitions ----

void Coordinator::add(Ticket ticket, const PartitionsRequest& request, const Now& now, Effects& out) {
    if (request.transactional_id.empty()) {
        return out.answer(ticket, ErrorCode::invalid_request);
    }
    Entry* entry = find(request.transactional_id);
    if (entry != nullptr && is_prepared(entry->second.state)) {
        return out.answer(ticket, ErrorCode::concurrent_transactions);  // before all else: the producer may have its next id already
    }
    if (entry == nullptr || entry->second.producer_id != request.producer_id) {
        return out.answer(ticket, ErrorCode::invalid_producer_id_mapping);
    }
    Transaction& transaction = entry->second;
    if (transaction.producer_epoch != request.producer_epoch) {
        return out.answer(ticket, ErrorCode::producer_fenced);
    }
    bool begins = transaction.state != State::ongoing;
    if (!begins && transaction.partitions.contains_all(request.partitions)) {
        return out.answer(ticket, ErrorCode::none);
    }
    PartitionSet partitions = transaction.partitions;
    for (const auto& [topic, numbers] : request.partitions) {
        for (auto partition : numbers) {
            partitions.add(topic, partition);
        }
    }
    if (!fits(entry->first, partitions)) {
        // Kafka's code, except to a produce: there it makes old clients write twice.
        return out.answer(ticket, request.client_version >= 2 ? ErrorCode::transaction_abortable : ErrorCode::unknown_server_error);
    }
    if (begins) {
        transaction.start_ms = now.wall_ms;
        transaction.started = now.instant;
    }
    transaction.previous_producer_id = transaction.producer_id;
    transaction.state = State::ongoing;
    transaction.partitions = std::move(partitions);
    transaction.update_ms = now.wall_ms;
    transaction.client_version = request.client_version;
    write(*entry, out);
    out.answer(ticket, ErrorCode::none);
}

bool Coordinator::fits(const std::string& transactional_id, const PartitionSet& partitions) const {
    return record_overhead(transactional_id) + partitions.record_bytes() <= record_bytes_max_;
}

void Coordinator::verify(Ticket ticket, const PartitionsRequest& request, const Now& /*now*/, Effects& out) const {
    auto all = [&](ErrorCode error) { out.answer(ticket, std::vector<ErrorCode>(count_of(request.partitions), error)); };
    if (request.transactional_id.empty()) {
        return all(ErrorCode::invalid_request);
    }
    const Transaction* transaction = find(request.transactional_id);
    if (transaction == nullptr || transaction->producer_id != request.producer_id) {
        return all(ErrorCode::invalid_producer_id_mapping);
    }
    if (transaction->producer_epoch != request.producer_epoch) {
        return all(ErrorCode::producer_fenced);
    }
    if (is_prepared(transaction->state)) {
        return all(ErrorCode::concurrent_transactions);
    }
    std::vector<ErrorCode> errors;
    for (const auto& [topic, numbers] : request.partitions) {
        for (auto partition : numbers) {
            errors.push_back(transaction->partitions.contains(topic, partition) ? ErrorCode::none : ErrorCode::transaction_abortable);
        }
    }
    out.answer(ticket, std::move(errors));
}

// ---- Looking ----

void Coordinator::describe(Ticket ticket, const std::vector<std::string>& transactional_ids, const Now& /*now*/, Effects& out) const {
    std::vector<protocol::DescribeTransactionsResponse::TransactionState> states;
    for (const std::string& id : transactional_ids) {
        auto& state = states.emplace_back();
        state.transactional_id = id;
        const Transaction* transaction = find(id);
        if (id.empty() || transaction == nullptr) {
            state.error_code = id.empty() ? ErrorCode::invalid_request : ErrorCode::transactional_id_not_found;
            continue;
        }
        state.transaction_state = name_of(transaction->state);
        state.transaction_timeout_ms = transaction->timeout_ms;
        state.transaction_start_time_ms = transaction->start_ms;
        state.producer_id = transaction->producer_id;
        state.producer_epoch = transaction->producer_epoch;
        for (auto& [topic, partitions] : transaction->partitions.list()) {
            state.topics.push_back({.topic = std::move(topic), .partitions = std::move(partitions)});
        }
    }
    out.answer(ticket, std::move(states));
}

void Coordinator::list(Ticket ticket, const ListFilter& filter, const Now& now, Effects& out) const {
    std::vector<protocol::ListTransactionsResponse::TransactionState> states;
    for (const auto& [id, transaction] : transactions_) {
        if (filter.admits(id, transaction, now.wall_ms)) {
            states.push_back({.transactional_id = id,
                              .producer_id = transaction.producer_id,
                              .transaction_state = std::string(name_of(transaction.state))});
        }
    }
    out.answer(ticket, std::move(states));
}

std::string Coordinator::print_durable() const {
    std::string text;
    for (const auto& [id, transaction] : transactions_) {
        Transaction shown = transaction;
        if (is_prepared(shown.state)) {
            shown.partitions = {};  // which of them have their markers is not in the log
        }
        text += print(id, shown) + "\n";
    }
    return text;
}

}  // namespace tideline::txn
