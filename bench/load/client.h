// load/client.h: one non-blocking connection to a broker, and the clock.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "load/requests.h"

namespace tideline::load {

std::int64_t monotonic_ns();
std::int64_t thread_cpu_ns();

// Connects to 127.0.0.1, with TCP_NODELAY and cubic; -1 when nobody listens there. Non-blocking once it is connected.
int connect_to(std::uint16_t port);

class Client {
public:
    explicit Client(std::uint16_t port);
    Client(Client&& other) noexcept;
    Client& operator=(Client&&) = delete;
    ~Client();

    int fd() const { return fd_; }
    // Queues a frame; `rest` must live until it was sent.
    void queue(const Prefix& prefix, ByteView rest);
    bool has_unsent() const { return !unsent_.empty(); }
    // Writes as much as the socket takes.
    void send();
    // Reads once. False when the socket had nothing. Ends the program when the broker closed.
    bool receive(base::MutableByteView into, std::size_t& got);
    // Throws away up to `bytes` that have come in, without copying them. 0 when there are none.
    std::size_t discard(std::size_t bytes);

private:
    struct Frame {
        Prefix prefix;
        ByteView rest;
        std::size_t size() const { return Prefix::kBytes + rest.size(); }
    };
    int fd_;
    std::deque<Frame> unsent_;
    std::size_t sent_of_first_ = 0;
};

// The frames of a stream of answers, cut one by one.
class Frames {
public:
    // Room for more bytes; filled() says how many came.
    base::MutableByteView space();
    void filled(std::size_t bytes) { end_ += bytes; }
    // The next whole frame without its length, valid until space(); empty when there is none yet.
    ByteView next();

private:
    Bytes bytes_ = Bytes(64 << 10);
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace tideline::load
