#include "load/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "load/options.h"

namespace tideline::load {

namespace {

std::int64_t read_clock(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::int64_t monotonic_ns() { return read_clock(CLOCK_MONOTONIC); }
std::int64_t thread_cpu_ns() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

int connect_to(std::uint16_t port) {
    int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        die_errno("socket");
    }
    int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    constexpr std::string_view kCubic = "cubic";  // bbr paces with timers, which distorts loopback
    ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kCubic.data(), kCubic.size());
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        ::close(fd);
        return -1;
    }
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

Client::Client(std::uint16_t port) : fd_(connect_to(port)) {
    if (fd_ < 0) {
        die_errno("connect");
    }
}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), unsent_(std::move(other.unsent_)), sent_of_first_(other.sent_of_first_) {}

Client::~Client() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

void Client::queue(const Prefix& prefix, ByteView rest) { unsent_.push_back({prefix, rest}); }

void Client::send() {
    constexpr std::size_t kVectors = 256;
    std::array<iovec, kVectors> vectors;
    while (!unsent_.empty()) {
        std::size_t count = 0;
        std::size_t skip = sent_of_first_;
        for (Frame& frame : unsent_) {
            if (count + 2 > kVectors) {
                break;
            }
            if (skip < Prefix::kBytes) {
                vectors[count++] = {frame.prefix.bytes.data() + skip, Prefix::kBytes - skip};
                vectors[count++] = {const_cast<std::uint8_t*>(frame.rest.data()), frame.rest.size()};
            } else {
                std::size_t of_rest = skip - Prefix::kBytes;
                vectors[count++] = {const_cast<std::uint8_t*>(frame.rest.data()) + of_rest, frame.rest.size() - of_rest};
            }
            skip = 0;
        }
        msghdr message{};
        message.msg_iov = vectors.data();
        message.msg_iovlen = count;
        ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN) {
                return;
            }
            die_errno("send");
        }
        sent_of_first_ += static_cast<std::size_t>(sent);
        while (!unsent_.empty() && sent_of_first_ >= unsent_.front().size()) {
            sent_of_first_ -= unsent_.front().size();
            unsent_.pop_front();
        }
    }
}

bool Client::receive(base::MutableByteView into, std::size_t& got) {
    ssize_t count = ::recv(fd_, into.data(), into.size(), 0);
    if (count == 0) {
        die("the broker closed the connection");
    }
    if (count < 0) {
        if (errno == EAGAIN) {
            return false;
        }
        die_errno("receive");
    }
    got = static_cast<std::size_t>(count);
    return true;
}

std::size_t Client::discard(std::size_t bytes) {
    ssize_t count = ::recv(fd_, nullptr, bytes, MSG_TRUNC);
    if (count == 0) {
        die("the broker closed the connection");
    }
    if (count < 0 && errno != EAGAIN) {
        die_errno("receive");
    }
    return count < 0 ? 0 : static_cast<std::size_t>(count);
}

base::MutableByteView Frames::space() {
    if (begin_ > 0) {
        std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_), bytes_.begin() + static_cast<std::ptrdiff_t>(end_), bytes_.begin());
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == bytes_.size()) {
        bytes_.resize(2 * bytes_.size());
    }
    return base::MutableByteView(bytes_).subspan(end_);
}

ByteView Frames::next() {
    constexpr std::size_t kLengthBytes = 4;
    if (end_ - begin_ < kLengthBytes) {
        return {};
    }
    auto length = static_cast<std::size_t>(base::load_be<std::uint32_t>(bytes_.data() + begin_));
    if (end_ - begin_ < kLengthBytes + length) {
        return {};
    }
    ByteView frame = ByteView(bytes_).subspan(begin_ + kLengthBytes, length);
    begin_ += kLengthBytes + length;
    return frame;
}

}  // namespace tideline::load
