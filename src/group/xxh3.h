// group/xxh3.h: the 64-bit XXH3 hash of bytes, with seed 0.
//
// Kafka keeps such a hash of a group's topics in the group's metadata record (KIP-1101); only the same function tells whether the
// topics of a group that another broker wrote have changed. Format: the XXH3 specification of xxHash 0.8.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace tideline::group {

std::uint64_t xxh3(base::ByteView bytes);

}  // namespace tideline::group
