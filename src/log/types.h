// log/types.h: the words every file of this room uses.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "base/uuid.h"

namespace tideline::log {

using base::Bytes;
using base::ByteView;
using base::Error;
using base::MutableByteView;
using base::Result;
using base::Uuid;

using Offset = std::int64_t;       // counts records
using LeaderEpoch = std::int32_t;  // -1: none

inline constexpr Offset kNoOffset = -1;
inline constexpr LeaderEpoch kNoEpoch = -1;

}  // namespace tideline::log
