// runtime/network.h: listeners and byte streams.
//
// Shard:  a stream is used only on the shard whose Network made it. At most one read and one write may be under way.
// Errors: network_exception with errno in `detail`; a peer that closed its side reads as 0 bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/files.h"
#include "runtime/task.h"

namespace tideline::runtime {

struct Address {
    std::string host;  // numeric for peers
    std::uint16_t port = 0;
};

class Stream {
public:
    virtual ~Stream() = default;  // closes

    // Returns when read_some() would not wait, so that an idle connection needs to hold no buffer.
    virtual Task<Result<>> readable() = 0;
    // Reads at least one byte unless the peer closed (0) or the stream was shut down (error).
    virtual Task<Result<std::size_t>> read_some(MutableByteView into) = 0;
    // Writes all parts. `more`: further bytes follow at once (MSG_MORE). `parts` and the bytes must live until it returns.
    virtual Task<Result<>> write(std::span<const ByteView> parts, bool more) = 0;
    // Sends `size` bytes of `file` from `position`, without copying them through user space where the kernel can. Also
    // fails when the file ends before that (EIO), and with the file's own error; a part may have been sent.
    virtual Task<Result<>> send_file(File& file, std::uint64_t position, std::uint64_t size, bool more) = 0;
    // Ends both directions: a read or write under way fails soon. Idempotent; may be called at any time on the shard.
    virtual void shut_down() = 0;
    virtual const Address& peer() const = 0;
};

class Listener {
public:
    virtual ~Listener() = default;

    // The next connection; an error when the listener was closed. Passing shortages (EMFILE, ECONNABORTED) are errors
    // with that errno: the caller decides to go on after a pause.
    virtual Task<Result<std::unique_ptr<Stream>>> accept() = 0;
    virtual void close() = 0;  // ends a waiting accept()
    virtual std::uint16_t port() const = 0;
};

class Network {
public:
    virtual ~Network() = default;

    // Port 0 takes a free one. `share_port`: several shards listen on the same port and the kernel spreads connections.
    virtual Result<std::unique_ptr<Listener>> listen(const Address& address, bool share_port) = 0;
    virtual Task<Result<std::unique_ptr<Stream>>> connect(const Address& address) = 0;
};

}  // namespace tideline::runtime
