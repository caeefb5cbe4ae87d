// log/producer_snapshot.h: the file that spares a start from replaying the log: the producers as of one offset.
//
// `<offset, 20 digits>.snapshot`. Of each producer only the newest batch is kept; the log reads the others back
// from its own end.
// Errors:  kafka_storage_error when the bytes are not a snapshot: its owner forgets the file and takes an earlier one.
// Format:  docs/formats/log.md.
#pragma once

#include <span>
#include <vector>

#include "log/producer_state.h"
#include "log/types.h"

namespace tideline::log {

Bytes encode_producer_snapshot(std::span<const ProducerEntry> producers);
Result<std::vector<ProducerEntry>> decode_producer_snapshot(ByteView bytes);

}  // namespace tideline::log
