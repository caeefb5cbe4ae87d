// record/xerial.h: the frame that snappy-java puts around snappy blocks. Internal to the codecs.
//
// 0x82 "SNAPPY" 0x00, int32 version, int32 oldest compatible version; then blocks, each behind an int32 length.
#pragma once

#include <array>
#include <cstring>

#include "base/bytes.h"

namespace tideline::record {

inline constexpr std::array<std::uint8_t, 16> kXerialHeader{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1};
inline constexpr std::size_t kXerialHeaderBytes = kXerialHeader.size();
inline constexpr std::size_t kXerialMagicBytes = 8;
inline constexpr std::size_t kXerialBlockBytes = 32 * 1024;  // uncompressed

inline bool has_xerial_magic(base::ByteView bytes) {
    return bytes.size() >= kXerialMagicBytes && std::memcmp(bytes.data(), kXerialHeader.data(), kXerialMagicBytes) == 0;
}

}  // namespace tideline::record
