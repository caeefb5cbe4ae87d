#include "runtime/real/page_cache.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

namespace tideline::runtime::real {

namespace {

// cachestat(2), Linux 6.5; the C library of this release does not know it yet. The number is the same everywhere.
constexpr long kSysCachestat = 451;
struct CachestatRange {
    std::uint64_t position;
    std::uint64_t size;
};
struct Cachestat {
    std::uint64_t cached_pages = 0;
    std::uint64_t others[4] = {};
};

// Older kernels: a byte here and there, without waiting. The holes between are at most one read-ahead window.
bool probe(int fd, std::uint64_t position, std::uint64_t size) {
    constexpr std::uint64_t kStep = 64 << 10;
    for (std::uint64_t at = 0; at < size; at += kStep) {
        std::uint64_t where = position + std::min(at + kStep, size) - 1;
        char byte;
        iovec vector{&byte, 1};
        if (::preadv2(fd, &vector, 1, static_cast<off_t>(where), RWF_NOWAIT) < 0) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool is_cached(int fd, std::uint64_t position, std::uint64_t size) {
    static const auto kPage = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    CachestatRange range{position, size};
    Cachestat found;
    if (::syscall(kSysCachestat, fd, &range, &found, 0) != 0) {
        return probe(fd, position, size);
    }
    std::uint64_t first = position / kPage;
    std::uint64_t last = (position + size - 1) / kPage;
    return found.cached_pages >= last - first + 1;
}

void read_into_cache(int fd, std::uint64_t position, std::uint64_t size) {
    constexpr std::uint64_t kChunk = 256 << 10;
    auto scratch = std::make_unique_for_overwrite<char[]>(kChunk);
    while (size > 0) {
        ssize_t got = ::pread(fd, scratch.get(), std::min(size, kChunk), static_cast<off_t>(position));
        if (got <= 0) {
            return;
        }
        position += static_cast<std::uint64_t>(got);
        size -= std::min(size, static_cast<std::uint64_t>(got));
    }
}

}  // namespace tideline::runtime::real
