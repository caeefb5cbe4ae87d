// runtime/real/page_cache.h: whether a range of a file can be read without waiting for the disk.
#pragma once

#include <cstdint>

namespace tideline::runtime::real {

// False also when the kernel cannot tell.
bool is_cached(int fd, std::uint64_t position, std::uint64_t size);
// Reads the range and drops it, so that it is cached. Blocks; stops early at the end of the file or on an error.
void read_into_cache(int fd, std::uint64_t position, std::uint64_t size);

}  // namespace tideline::runtime::real
