// group/journal_replay.h: feeds the batches of a journal to a coordinator, and makes batches of records. Internal to the room.
#pragma once

#include <span>

#include "group/coordinator.h"

namespace tideline::group {

// Every record of `batches`, whole batches back to back. A record that cannot be read is skipped with a warning: what it
// held is lost, but not everybody else's. Errors: batches that cannot be read.
base::Result<> replay_batches(Coordinator& coordinator, base::ByteView batches, const Now& now);

// The records as few batches of at most `bytes_max` each (a larger record makes a larger batch), in their order.
std::vector<base::Bytes> make_batches(std::span<const Record> records, std::size_t bytes_max, std::int64_t now_ms);

}  // namespace tideline::group
