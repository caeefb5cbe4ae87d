// log/replay.h: what stored batches say about their producers.
#pragma once

#include <optional>

#include "log/producer_state.h"
#include "log/segment.h"
#include "record/batch.h"
#include "record/control.h"

namespace tideline::log {

// The marker in a control batch of a transaction; nullopt when the batch is empty or no transaction's.
Result<std::optional<record::EndTxnMarker>> read_marker(const record::BatchView& batch);

// Takes a stored batch into the producer state, as a follower does: what is in the log is believed. Returns the row for the
// transaction index when it ends an aborted transaction.
Result<std::optional<AbortedTransaction>> replay_batch(Segment& segment, const FoundBatch& batch, ProducerState& producers);

}  // namespace tideline::log
