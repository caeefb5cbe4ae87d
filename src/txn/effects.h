// txn/effects.h: what one step of a coordinator decided: records to append, answers to give, and what to do besides.
//
// The state has already changed. The driver appends the records and then, once they are durable, answers and acts.
#pragma once

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "coordinator/records.h"
#include "protocol/messages/describe_transactions.h"
#include "protocol/messages/end_txn.h"
#include "protocol/messages/init_producer_id.h"
#include "protocol/messages/list_transactions.h"
#include "txn/partitions.h"
#include "txn/types.h"

namespace tideline::txn {

using coordinator::Record;

// Instead of an answer: nothing was decided, since this takes a producer id that nobody had. The same request goes again, with one.
struct NeedsProducerId {
    friend bool operator==(const NeedsProducerId&, const NeedsProducerId&) = default;
};

// ErrorCode: of add(). vector: of verify(), in the order of the partitions.
using Reply = std::variant<ErrorCode, std::vector<ErrorCode>, NeedsProducerId, protocol::InitProducerIdResponse, protocol::EndTxnResponse,
                           std::vector<protocol::DescribeTransactionsResponse::TransactionState>,
                           std::vector<protocol::ListTransactionsResponse::TransactionState>>;

struct Answer {
    Ticket ticket = kNoTicket;
    Reply reply;
};

// Markers that end a transaction in its partitions. Coordinator::markers_written() wants to hear how that went.
struct WriteMarkers {
    std::string transactional_id;
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::int16_t transaction_version = 0;  // how strictly the partitions compare the epoch (KIP-1228)
    bool commit = false;
    PartitionList partitions;
};

// A timed-out transaction cannot be aborted without a new producer id: Coordinator::abort_timed_out().
struct FetchProducerId {
    std::string transactional_id;
};

using Action = std::variant<WriteMarkers, FetchProducerId>;

struct Effects {
    std::vector<Record> records;
    std::vector<Answer> answers;
    std::vector<Action> actions;

    void answer(Ticket ticket, Reply reply) { answers.push_back({ticket, std::move(reply)}); }
    bool empty() const { return records.empty() && answers.empty() && actions.empty(); }
};

}  // namespace tideline::txn
