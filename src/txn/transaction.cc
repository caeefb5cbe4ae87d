#include "txn/transaction.h"

#include "protocol/messages/transaction_log_record.h"

namespace tideline::txn {

namespace {

using protocol::TransactionLogKey;
using protocol::TransactionLogValue;

constexpr std::size_t kRecordOverhead = 256;  // fixed fields, tags and the record's own lengths

TransactionLogKey key_of(const std::string& transactional_id) {
    TransactionLogKey key;
    key.transactional_id = transactional_id;
    return key;
}

}  // namespace

coordinator::Record make_record(const std::string& transactional_id, const Transaction& transaction, std::int16_t transaction_version) {
    TransactionLogValue value;
    value.producer_id = transaction.producer_id;
    value.previous_producer_id = transaction.previous_producer_id;
    value.next_producer_id = transaction.next_producer_id;
    value.producer_epoch = transaction.producer_epoch;
    bool rotates = transaction.next_producer_id != kNoProducerId;
    value.next_producer_epoch = rotates ? std::int16_t{0} : transaction.last_producer_epoch;
    value.transaction_timeout_ms = transaction.timeout_ms;
    value.transaction_status = static_cast<std::int8_t>(transaction.state);
    value.transaction_last_update_timestamp_ms = transaction.update_ms;
    value.transaction_start_timestamp_ms = transaction.start_ms;
    value.client_transaction_version = transaction.client_version;
    if (transaction.state == State::empty) {
        value.transaction_partitions.reset();
    } else {
        for (auto& [topic, partitions] : transaction.partitions.list()) {
            value.transaction_partitions->push_back({.topic = std::move(topic), .partition_ids = std::move(partitions)});
        }
    }
    return coordinator::make_record(key_of(transactional_id), value, transaction_version >= 1 ? 1 : 0);
}

coordinator::Record make_tombstone(const std::string& transactional_id) { return coordinator::tombstone(key_of(transactional_id)); }

std::size_t record_overhead(const std::string& transactional_id) { return kRecordOverhead + transactional_id.size(); }

base::Result<Transaction> read_transaction(base::ByteView bytes) {
    TL_TRY(value, coordinator::decode_value<TransactionLogValue>(bytes));
    if (value.transaction_status < 0 || value.transaction_status > static_cast<std::int8_t>(State::complete_abort)) {
        return base::fail(ErrorCode::corrupt_message, "a transaction in a state that no record has", value.transaction_status);
    }
    Transaction out{.producer_id = value.producer_id,
                    .previous_producer_id = value.previous_producer_id,
                    .next_producer_id = value.next_producer_id,
                    .producer_epoch = value.producer_epoch,
                    .last_producer_epoch = value.next_producer_id != kNoProducerId ? kLastEpoch : value.next_producer_epoch,
                    .timeout_ms = value.transaction_timeout_ms,
                    .state = static_cast<State>(value.transaction_status),
                    .start_ms = value.transaction_start_timestamp_ms,
                    .update_ms = value.transaction_last_update_timestamp_ms,
                    .client_version = value.client_transaction_version};
    if (out.state != State::empty && value.transaction_partitions) {
        for (const auto& topic : *value.transaction_partitions) {
            for (auto partition : topic.partition_ids) {
                out.partitions.add(topic.topic, partition);
            }
        }
    }
    return out;
}

std::string print(const std::string& transactional_id, const Transaction& transaction) {
    std::string text = transactional_id + " " + std::string(name_of(transaction.state)) + " producer=" +
                       std::to_string(transaction.producer_id) + "/" + std::to_string(transaction.producer_epoch) + " before=" +
                       std::to_string(transaction.previous_producer_id) + "/" + std::to_string(transaction.last_producer_epoch);
    if (transaction.next_producer_id != kNoProducerId) {
        text += " next=" + std::to_string(transaction.next_producer_id);
    }
    text += " version=" + std::to_string(transaction.client_version) + " timeout=" + std::to_string(transaction.timeout_ms) + " start=" +
            std::to_string(transaction.start_ms) + " update=" + std::to_string(transaction.update_ms);
    for (const auto& [topic, partitions] : transaction.partitions.list()) {
        for (auto partition : partitions) {
            text += " " + topic + "-" + std::to_string(partition);
        }
    }
    return text;
}

}  // namespace tideline::txn
