// server/transaction_markers.h: the ends of transactions, written to the partitions that took part in them.
//
// A marker is one control batch. In a partition of __consumer_offsets the group coordinator writes it, and takes over or drops
// the offsets of the transaction in the same step. A transaction has ended in a partition when its marker is durable there.
#pragma once

#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "runtime/shard.h"
#include "runtime/task.h"

namespace tideline::server {

class ShardServer;

struct MarkerTarget {
    std::string_view topic;  // of whoever wants the marker
    std::int32_t partition = 0;
    ErrorCode error = ErrorCode::none;  // filled in
};

struct TransactionMarker {
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::int32_t coordinator_epoch = 0;
    bool committed = false;
    std::int16_t transaction_version = 0;  // 2: an epoch counts once (KIP-1228)
    std::vector<MarkerTarget> targets;
};

// Writes all markers, each to all of its targets, some hundreds at a time, and returns when each is durable or has failed; `markers` outlives
// the call. What is not begun by the deadline is request_timed_out without having been written.
// A target's error: unknown_topic_or_partition when it is not here; not_leader_or_follower while the group coordinator of a
// partition of __consumer_offsets loads; invalid_producer_epoch and transaction_coordinator_fenced, both final;
// request_timed_out and kafka_storage_error, after which the marker may still be there. Writing one again does no harm.
runtime::Task<void> write_transaction_markers(ShardServer& here, std::vector<TransactionMarker>& markers, runtime::Instant deadline);

}  // namespace tideline::server
