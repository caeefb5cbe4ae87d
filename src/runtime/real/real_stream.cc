#include "runtime/real/real_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include <array>

#include "runtime/real/page_cache.h"
#include "runtime/real/real_shard.h"

namespace tideline::runtime::real {

// Marks a side as in use while it lives; two tasks on one side are a bug.
class RealStream::Use {
public:
    explicit Use(Side& side) : side_(side) { TL_CHECK(!std::exchange(side_.busy, true)); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() { side_.busy = false; }

private:
    Side& side_;
};

RealStream::~RealStream() {
    TL_CHECK(!read_.busy && !write_.busy);
    shard_.forget(*this);
}

Result<> RealStream::start(const SocketOptions& options) {
    int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (options.send_buffer_bytes > 0) {
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &options.send_buffer_bytes, sizeof(int));
    }
    if (options.receive_buffer_bytes > 0) {
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &options.receive_buffer_bytes, sizeof(int));
    }
    return shard_.watch(fd_.get(), *this);
}

auto RealStream::edge(Side& side) {
    return detail::Suspend{[&side](std::coroutine_handle<> self) {
        side.ready = Ready::no;
        side.waiting = self;
    }};
}

void RealStream::wake(Side& side) {
    if (auto waiting = std::exchange(side.waiting, {})) {
        shard_.post(waiting);
    }
}

std::unexpected<Error> RealStream::was_shut_down() const { return network_error("stream was shut down", ESHUTDOWN); }

void RealStream::on_events(std::uint32_t events) {
    constexpr std::uint32_t kGone = EPOLLHUP | EPOLLERR;
    hung_up_ |= (events & (kGone | EPOLLRDHUP)) != 0;
    std::coroutine_handle<> reader;
    if ((events & (EPOLLIN | EPOLLRDHUP | kGone)) != 0) {
        read_.ready = Ready::yes;
        reader = std::exchange(read_.waiting, {});
    }
    if ((events & (EPOLLOUT | kGone)) != 0) {
        write_.ready = Ready::yes;
        if (reader) {
            wake(write_);  // in a later turn: the reader may end this stream
        } else if (auto writer = std::exchange(write_.waiting, {})) {
            writer.resume();
        }
    }
    if (reader) {
        reader.resume();
    }
}

Task<Result<>> RealStream::readable() {
    Use use(read_);
    while (true) {
        if (shut_down_) {
            co_return was_shut_down();
        }
        if (read_.ready == Ready::yes || hung_up_) {
            co_return Result<>{};
        }
        if (read_.ready == Ready::maybe) {
            std::uint8_t byte;
            if (::recv(fd_.get(), &byte, 1, MSG_PEEK) >= 0 || errno != EAGAIN) {
                co_return Result<>{};
            }
        }
        co_await edge(read_);
    }
}

Task<Result<std::size_t>> RealStream::read_some(MutableByteView into) {
    constexpr unsigned kReadsPerTurn = 8;
    TL_CHECK(!into.empty());
    Use use(read_);
    while (true) {
        if (shut_down_) {
            co_return was_shut_down();
        }
        if (read_.ready == Ready::no && !hung_up_) {
            co_await edge(read_);
            continue;
        }
        if (reads_.spent(shard_.turn(), kReadsPerTurn)) {
            co_await yield_now(shard_);
            continue;
        }
        ssize_t got = ::recv(fd_.get(), into.data(), into.size(), 0);
        if (got >= 0) {
            bool drained = static_cast<std::size_t>(got) < into.size();
            read_.ready = drained ? Ready::no : Ready::maybe;
            co_return static_cast<std::size_t>(got);
        }
        if (errno == EAGAIN) {
            co_await edge(read_);
        } else if (errno != EINTR) {
            co_return network_error("receive failed");
        }
    }
}

void RealStream::Unsent::advance(std::size_t bytes) {
    while (!done() && bytes >= parts[part].size() - skip) {
        bytes -= parts[part].size() - skip;
        skip = 0;
        ++part;
    }
    skip += bytes;
}

int RealStream::send_now(Unsent& unsent, bool more) {
    constexpr std::size_t kPartsPerCall = 64;
    std::array<iovec, kPartsPerCall> vectors;
    std::size_t count = 0;
    std::size_t from = unsent.skip;
    std::size_t part = unsent.part;
    for (; part < unsent.parts.size() && count < kPartsPerCall; ++part) {
        ByteView bytes = unsent.parts[part].subspan(from);
        vectors[count++] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
        from = 0;
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    bool follows = more || part < unsent.parts.size();
    ssize_t sent = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | (follows ? MSG_MORE : 0));
    if (sent < 0) {
        return errno == EINTR ? 0 : errno;
    }
    unsent.advance(static_cast<std::size_t>(sent));
    return 0;
}

Task<Result<>> RealStream::write(std::span<const ByteView> parts, bool more) {
    Use use(write_);
    Unsent unsent{.parts = parts};
    unsent.advance(0);  // an empty first part
    while (!unsent.done()) {
        if (shut_down_) {
            co_return was_shut_down();
        }
        int error = send_now(unsent, more);
        if (error == EAGAIN) {
            co_await edge(write_);
        } else if (error != 0) {
            co_return network_error("send failed", error);
        }
    }
    co_return Result<>{};
}

Task<Result<>> RealStream::send_file(File& file, std::uint64_t position, std::uint64_t size, bool more) {
    constexpr std::uint64_t kChunk = 1 << 20;
    constexpr unsigned kChunksPerTurn = 2;
    Use use(write_);
    auto* real = dynamic_cast<RealFile*>(&file);
    bool keeps_up = true;
    while (size > 0) {
        if (shut_down_) {
            co_return was_shut_down();
        }
        if (real == nullptr) {
            co_return co_await send_copy(file, position, size, more);
        }
        if (file_chunks_.spent(shard_.turn(), kChunksPerTurn)) {
            co_await yield_now(shard_);
            continue;
        }
        int from = real->descriptor();
        std::uint64_t chunk = std::min(size, kChunk);
        if (!is_cached(from, position, chunk)) {
            co_await offload(shard_, [from, position, chunk] { read_into_cache(from, position, chunk); });
            if (shut_down_) {
                co_return was_shut_down();
            }
        }
        // A reader that does not keep up makes room in small steps: long strides would be dropped for the most part.
        auto offset = static_cast<off_t>(position);
        ssize_t sent = keeps_up ? shard_.splice_pipe().send(from, position, fd_.get(), chunk, more || chunk < size)
                                : ::sendfile(fd_.get(), from, &offset, chunk);
        keeps_up &= sent == static_cast<ssize_t>(chunk);
        if (sent > 0) {
            position += static_cast<std::uint64_t>(sent);
            size -= static_cast<std::uint64_t>(sent);
        } else if (sent == 0) {
            co_return network_error("the file ends before what is to be sent", EIO);
        } else if (errno == EAGAIN) {
            co_await edge(write_);
        } else if (errno == EINVAL || errno == ENOSYS) {
            real = nullptr;  // this file system cannot
        } else if (errno == EIO) {
            co_return storage_error("file cannot be read");
        } else if (errno != EINTR) {
            co_return network_error("file could not be sent");
        }
    }
    co_return Result<>{};
}

Task<Result<>> RealStream::send_copy(File& file, std::uint64_t position, std::uint64_t size, bool more) {
    constexpr std::uint64_t kChunk = 64 << 10;
    std::vector<std::uint8_t> buffer(std::min(size, kChunk));
    while (size > 0) {
        MutableByteView into(buffer.data(), std::min(size, kChunk));
        auto got = co_await offload(shard_, [&file, position, into] { return file.read_at(position, into); });
        if (!got) {
            co_return std::unexpected(got.error());
        }
        if (*got < into.size()) {
            co_return network_error("the file ends before what is to be sent", EIO);
        }
        position += *got;
        size -= *got;
        std::array<ByteView, 1> parts{into};
        Unsent unsent{.parts = parts};
        while (!unsent.done()) {
            if (shut_down_) {
                co_return was_shut_down();
            }
            int error = send_now(unsent, more || size > 0);
            if (error == EAGAIN) {
                co_await edge(write_);
            } else if (error != 0) {
                co_return network_error("send failed", error);
            }
        }
    }
    co_return Result<>{};
}

void RealStream::shut_down() {
    if (std::exchange(shut_down_, true)) {
        return;
    }
    ::shutdown(fd_.get(), SHUT_RDWR);
    wake(read_);
    wake(write_);
}

Task<Result<>> RealStream::connected(Instant deadline) {
    Use use(write_);
    bool late = false;
    TimerId timer = shard_.add_timer(deadline, [this, &late] {
        late = true;
        wake(write_);
    });
    if (write_.ready != Ready::yes) {
        co_await edge(write_);
    }
    shard_.cancel_timer(timer);
    if (late && write_.ready != Ready::yes) {
        co_return network_error("connect timed out", ETIMEDOUT);
    }
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
        co_return network_error("connect failed", error);
    }
    co_return Result<>{};
}

}  // namespace tideline::runtime::real
