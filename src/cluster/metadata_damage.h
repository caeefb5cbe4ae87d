// cluster/metadata_damage.h: telling a torn end of the metadata log from damage to what was durable.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "runtime/files.h"

namespace tideline::cluster {

// Checks every batch of every segment in `directory` and returns the offset up to which the log is sound; 0 when it is empty.
// What comes behind that may be cut off: it is the end of a write that was under way.  Blocks.
// Errors: corrupt_message, with the offset in `detail`, when whole batches lie behind the first one that cannot be read. One
//         batch is one sync, so that one had been durable, and cutting it off would forget topics without a word.
base::Result<std::int64_t> check_metadata_log(runtime::FileSystem& files, std::string_view directory);

}  // namespace tideline::cluster
