// runtime/real/splice_pipe.h: from a file to a socket in long strides, without a copy.
//
// sendfile(2) takes turns: 64 KiB of pages into a pipe of its own, and out of it into the socket. Whoever receives is woken, has read
// it and sleeps again before the next piece comes, and waking a thread on another core is what costs most. Through a larger pipe the
// pieces follow each other closely.
// Thread: one shard's. Owns two descriptors once something large was sent.
#pragma once

#include <cstdint>

#include <sys/types.h>

#include "runtime/real/fd.h"

namespace tideline::runtime::real {

class SplicePipe {
public:
    // As sendfile(2), over a socket that does not block: how many bytes were sent, 0 at the end of the file, -1 and errno. `more`: others
    // follow at once, the last packet may wait for them. Does what sendfile does where a pipe would gain nothing, or cannot be had.
    ssize_t send(int file, std::uint64_t position, int socket, std::uint64_t size, bool more);

private:
    bool open();
    void drop_rest();

    Fd out_;
    Fd in_;
};

}  // namespace tideline::runtime::real
