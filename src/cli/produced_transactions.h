// cli/produced_transactions.h: the transactions that `produce` puts its records in: one for all, or one for every so many.
//
// Thread:  one.
// Errors:  as KafkaClient::failure(). After one nothing more can be sent; finish() still leaves things in order.
#pragma once

#include <cstdint>
#include <functional>

#include "cli/record_sender.h"

namespace tideline::cli {

struct TransactionCount {
    std::int64_t committed = 0;
    std::int64_t committed_records = 0;
    std::int64_t aborted = 0;
    std::int64_t aborted_records = 0;
};

class ProducedTransactions {
public:
    // `options` has a transactional id; it and `sender`, which is open, outlive this. `waiting` is called some ten times a
    // second while brokers are waited for.
    ProducedTransactions(const ProduceOptions& options, RecordSender& sender, std::function<void()> waiting)
        : options_(options), sender_(sender), waiting_(std::move(waiting)) {}

    // Takes the transactional id over: whoever has it is fenced, and what it left open is aborted. Once, before send().
    Outcome<> take_over();
    // Sends in the open transaction; begins one, and ends it when it is full.
    Outcome<> send(const KeyedRecord& record);
    // Ends the open transaction: as the options say, or by aborting it when the input was not `complete` or after Ctrl-C.
    Outcome<> finish(bool complete);

    const TransactionCount& count() const { return count_; }

private:
    using Step = rd_kafka_error_t* (*)(rd_kafka_t*, int timeout_ms);
    Outcome<> begin();
    Outcome<> end();
    Outcome<> commit();
    Outcome<> abort();
    Outcome<> abort_for_failed_records();
    Outcome<> drive(Step step, const char* doing);

    const ProduceOptions& options_;
    RecordSender& sender_;
    std::function<void()> waiting_;
    bool is_open_ = false;
    bool must_abort_ = false;   // said by librdkafka of the open transaction
    std::int64_t records_ = 0;  // in the open transaction
    TransactionCount count_;
};

}  // namespace tideline::cli
