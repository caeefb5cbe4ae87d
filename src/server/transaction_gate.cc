#include "server/transaction_gate.h"

#include "server/shard_server.h"

namespace tideline::server {

using runtime::Task;

namespace {

ErrorCode code_for_producer(ErrorCode code, TransactionSupport support) {
    if (code == ErrorCode::producer_fenced) {
        return ErrorCode::invalid_producer_epoch;  // what producers expect of a write
    }
    if (code == ErrorCode::transaction_abortable && support == TransactionSupport::old_errors) {
        return ErrorCode::invalid_txn_state;
    }
    return code;
}

}  // namespace

TransactionSupport transaction_support_of_produce(std::int16_t version) {
    if (version >= 12) {  // KIP-890, part 2
        return TransactionSupport::implicit_add;
    }
    return version >= 11 ? TransactionSupport::all_errors : TransactionSupport::old_errors;
}

TransactionSupport transaction_support_of_offset_commit(std::int16_t version) {
    if (version >= 5) {  // KIP-890, part 2
        return TransactionSupport::implicit_add;
    }
    return version >= 4 ? TransactionSupport::all_errors : TransactionSupport::old_errors;
}

Task<std::vector<ErrorCode>> ask_transaction_coordinator(ShardServer& here, TransactionCheck check, TransactionSupport support) {
    check.add = support == TransactionSupport::implicit_add;
    std::vector<ErrorCode> errors = co_await check_transaction(here, std::move(check));
    for (ErrorCode& error : errors) {
        error = code_for_producer(error, support);
    }
    co_return errors;
}

bool needs_verification(const ShardServer& here, TransactionSupport support) {
    return support == TransactionSupport::implicit_add || here.config()->boolean("transaction.partition.verification.enable");
}

}  // namespace tideline::server
