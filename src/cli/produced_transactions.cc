#include "cli/produced_transactions.h"

#include <memory>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/terminal.h"

namespace tideline::cli {
namespace {

constexpr int kSliceMs = 100;
constexpr double kSecondsAfterInterrupt = 2;

using ErrorPointer = std::unique_ptr<rd_kafka_error_t, decltype(&rd_kafka_error_destroy)>;

}  // namespace

Outcome<> ProducedTransactions::take_over() { return drive(rd_kafka_init_transactions, "take over"); }

Outcome<> ProducedTransactions::send(const KeyedRecord& record) {
    if (!is_open_) {
        TL_TRY_VOID(begin());
    }
    TL_TRY_VOID(sender_.send(record));
    ++records_;
    // What is refused already will never be committed: better to stop here than at the end of a long input.
    if (!sender_.count().failed.empty()) {
        return abort_for_failed_records();
    }
    return records_ == options_.transaction_records ? end() : Outcome<>();
}

Outcome<> ProducedTransactions::finish(bool complete) {
    if (!is_open_) {
        return {};
    }
    return complete && !terminal::interrupted() ? end() : abort();
}

Outcome<> ProducedTransactions::begin() {
    ErrorPointer error(rd_kafka_begin_transaction(sender_.client().handle()), &rd_kafka_error_destroy);
    if (error) {
        return std::unexpected(
            sender_.client().failure(rd_kafka_error_code(error.get()), "begin a transaction", rd_kafka_error_string(error.get())));
    }
    is_open_ = true;
    must_abort_ = false;
    records_ = 0;
    return {};
}

// Waits for the records first: that takes the time, and until then Ctrl-C may still change the outcome.
Outcome<> ProducedTransactions::end() {
    while (!sender_.flush()) {
        waiting_();
        if (terminal::interrupted()) {
            return abort();
        }
    }
    if (!sender_.count().failed.empty()) {
        return abort_for_failed_records();
    }
    return options_.abort ? abort() : commit();
}

Outcome<> ProducedTransactions::commit() {
    auto committed = drive(rd_kafka_commit_transaction, "commit");
    if (!committed && must_abort_) {
        TL_TRY_VOID(abort());
    }
    is_open_ = false;
    if (committed) {
        ++count_.committed;
        count_.committed_records += records_;
    }
    return committed;
}

Outcome<> ProducedTransactions::abort() {
    is_open_ = false;
    TL_TRY_VOID(drive(rd_kafka_abort_transaction, "abort"));
    ++count_.aborted;
    count_.aborted_records += records_;
    return {};
}

Outcome<> ProducedTransactions::abort_for_failed_records() {
    const DeliveryCount& sent = sender_.count();
    const std::int64_t failed = sent.failed_total();
    const rd_kafka_resp_err_t error = sent.failed.begin()->first;
    TL_TRY_VOID(abort());
    return std::unexpected(Failure{exit_code_of(error),
                                   fmt::format("the transaction was aborted, since {} of its {} records could not be sent", failed, records_),
                                   fmt::format("{} records were committed in transactions before it", count_.committed_records),
                                   kafka_name(error)});
}

// Takes one of librdkafka's steps, which go on where they were when they are called again.
Outcome<> ProducedTransactions::drive(Step step, const char* doing) {
    KafkaClient& client = sender_.client();
    const double give_up_at = terminal::steady_seconds() + sender_.patience_seconds();
    std::optional<double> interrupted_at;
    for (;;) {
        ErrorPointer error(step(client.handle(), kSliceMs), &rd_kafka_error_destroy);
        if (!error) {
            return {};
        }
        waiting_();
        const double now = terminal::steady_seconds();
        if (terminal::interrupted()) {
            interrupted_at = interrupted_at.value_or(now);
        }
        const bool enough = now > give_up_at || (interrupted_at && now > *interrupted_at + kSecondsAfterInterrupt);
        if (rd_kafka_error_is_retriable(error.get()) != 0 && !enough) {
            continue;
        }
        must_abort_ = rd_kafka_error_txn_requires_abort(error.get()) != 0;
        return std::unexpected(client.failure(rd_kafka_error_code(error.get()),
                                              fmt::format("{} transaction '{}'", doing, *options_.transactional_id),
                                              rd_kafka_error_string(error.get())));
    }
}

}  // namespace tideline::cli
