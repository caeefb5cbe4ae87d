// group/journal_replay.h: feeds the batches of a journal to a coordinator. Internal to the room.
#pragma once

#include "group/coordinator.h"

namespace tideline::group {

// Every record of `batches`, whole batches back to back. A record that cannot be read is skipped with a warning: what it
// held is lost, but not everybody else's. Errors: batches that cannot be read.
base::Result<> replay_batches(Coordinator& coordinator, base::ByteView batches, const Now& now);

}  // namespace tideline::group
