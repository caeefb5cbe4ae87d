// server/transaction_gate.h: what the transaction coordinator has to say before a producer writes to a partition for the first time
// in a transaction.
//
// Older clients have named the partition with AddPartitionsToTxn, and it is only looked up; newer ones (transaction
// version 2) leave that to the broker, and it is added. What the coordinator answers is told in words that the client's version
// of the request knows.
// Source:  KIP-890; the behaviour of Kafka 4.2's AddPartitionsToTxnManager.
#pragma once

#include "server/transaction_service.h"

namespace tideline::server {

// What a client understands, by the version of its request.
enum class TransactionSupport {
    old_errors,  // not TRANSACTION_ABORTABLE
    all_errors,
    implicit_add
};
TransactionSupport transaction_support_of_produce(std::int16_t version);
TransactionSupport transaction_support_of_offset_commit(std::int16_t version);

// Asks about check.partitions (`check.add` is filled in); an error for each, in their order.
runtime::Task<std::vector<ErrorCode>> ask_transaction_coordinator(ShardServer& here, TransactionCheck check, TransactionSupport support);

// A partition that a produce is about to begin its transaction in.
struct NewPartition {
    base::Uuid topic_id;
    std::int32_t partition = -1;
};
// Asks whether the producer that `check` names may write there; its partitions are filled in. Returns for each, in their order, what
// the producer is told, or an error of code none. A producer of version 2 does not wait for its last transaction to be ended
// everywhere: that is waited for here, for a moment.
runtime::Task<std::vector<base::Error>> verify_new_partitions(ShardServer& here, TransactionCheck check, std::vector<NewPartition> partitions,
                                                              TransactionSupport support);

// Whether writes of this client need a guard of the log: see log::PartitionLog::begin_verification().
bool needs_verification(const ShardServer& here, TransactionSupport support);

}  // namespace tideline::server
