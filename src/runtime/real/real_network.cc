#include "runtime/real/real_network.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>

#include "runtime/real/real_shard.h"
#include "runtime/real/real_stream.h"

namespace tideline::runtime::real {

Address SocketAddress::text() const {
    char host[INET6_ADDRSTRLEN] = {};
    if (storage.ss_family == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
        ::inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        return {.host = host, .port = ntohs(v4->sin_port)};
    }
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        constexpr std::size_t kEmbedded = 12;
        ::inet_ntop(AF_INET, v6->sin6_addr.s6_addr + kEmbedded, host, sizeof host);
    } else {
        ::inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    }
    return {.host = host, .port = ntohs(v6->sin6_port)};
}

Result<std::vector<SocketAddress>> resolve(const Address& address, ResolveFor purpose, bool numeric_only) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | (numeric_only ? AI_NUMERICHOST : 0) | (purpose == ResolveFor::listen ? AI_PASSIVE : 0);
    std::string port = std::to_string(address.port);
    addrinfo* found = nullptr;
    int outcome = ::getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(), port.c_str(), &hints, &found);
    if (outcome != 0) {
        return network_error("host name cannot be resolved", outcome == EAI_SYSTEM ? errno : ENOENT);
    }
    // "localhost" means 127.0.0.1 to most clients. The wildcard is the other way round: the IPv6 one serves both.
    std::array families{AF_INET, AF_INET6};
    if (address.host.empty()) {
        std::swap(families[0], families[1]);
    }
    std::vector<SocketAddress> addresses;
    for (int family : families) {
        for (addrinfo* each = found; each != nullptr; each = each->ai_next) {
            if (each->ai_family == family) {
                SocketAddress& added = addresses.emplace_back();
                std::memcpy(&added.storage, each->ai_addr, each->ai_addrlen);
                added.length = each->ai_addrlen;
            }
        }
    }
    ::freeaddrinfo(found);
    return addresses;
}

Result<> SharedPorts::claim(const SocketAddress& address) {
    std::uint16_t port = address.text().port;
    std::lock_guard lock(mutex_);
    if (port == 0 || sockets_.contains(port)) {
        return {};
    }
    Fd probe(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int on = 1;
    ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!probe.open() || ::bind(probe.get(), address.get(), address.length) != 0) {
        return network_error("address cannot be bound");
    }
    return {};
}

void SharedPorts::add(std::uint16_t port) {
    std::lock_guard lock(mutex_);
    ++sockets_[port];
}

void SharedPorts::remove(std::uint16_t port) {
    std::lock_guard lock(mutex_);
    if (auto at = sockets_.find(port); at != sockets_.end() && --at->second == 0) {
        sockets_.erase(at);
    }
}

namespace {

class RealListener final : public Listener, public EventSource {
public:
    RealListener(RealShard& shard, Fd fd, std::uint16_t port, SharedPorts* shared, const SocketOptions& options)
        : shard_(shard), fd_(std::move(fd)), port_(port), shared_(shared), options_(options) {
        if (shared_ != nullptr) {
            shared_->add(port_);
        }
    }
    ~RealListener() override {
        close();
        TL_CHECK(!accepting_);
    }
    Result<> start() { return shard_.watch(fd_.get(), *this); }

    Task<Result<std::unique_ptr<Stream>>> accept() override;
    void close() override;
    std::uint16_t port() const override { return port_; }
    void on_events(std::uint32_t) override {
        if (auto waiting = std::exchange(waiting_, {})) {
            waiting.resume();
        }
    }

private:
    Result<std::unique_ptr<Stream>> accepted(Fd fd, const SocketAddress& peer);

    RealShard& shard_;
    Fd fd_;
    std::uint16_t port_;
    SharedPorts* shared_;  // null when the port is not shared
    SocketOptions options_;
    std::coroutine_handle<> waiting_;
    TurnBudget accepts_;
    bool accepting_ = false;
};

Task<Result<std::unique_ptr<Stream>>> RealListener::accept() {
    constexpr unsigned kAcceptsPerTurn = 64;
    TL_CHECK(!std::exchange(accepting_, true));
    Result<std::unique_ptr<Stream>> result;
    while (true) {
        if (!fd_.open()) {
            result = network_error("listener is closed", ECANCELED);
            break;
        }
        if (accepts_.spent(shard_.turn(), kAcceptsPerTurn)) {
            co_await yield_now(shard_);
            continue;
        }
        SocketAddress peer;
        peer.length = sizeof peer.storage;
        int fd = ::accept4(fd_.get(), peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            result = accepted(Fd(fd), peer);
            break;
        }
        if (errno == EAGAIN) {
            co_await detail::Suspend{[this](std::coroutine_handle<> self) { waiting_ = self; }};
        } else if (errno != EINTR) {
            result = network_error("accept failed");
            break;
        }
    }
    accepting_ = false;
    co_return result;
}

Result<std::unique_ptr<Stream>> RealListener::accepted(Fd fd, const SocketAddress& peer) {
    auto stream = std::make_unique<RealStream>(shard_, std::move(fd), peer.text());
    TL_TRY_VOID(stream->start(options_));
    return stream;
}

void RealListener::close() {
    if (!fd_.open()) {
        return;
    }
    shard_.forget(*this);
    fd_.reset();
    if (shared_ != nullptr) {
        shared_->remove(port_);
    }
    if (auto waiting = std::exchange(waiting_, {})) {
        shard_.post(waiting);
    }
}

Result<Fd> listening_socket(const SocketAddress& address, bool share_port, const SocketOptions& options) {
    Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.open()) {
        return network_error("socket cannot be made");
    }
    int on = 1;
    int off = 0;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (share_port) {
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }
    if (address.storage.ss_family == AF_INET6) {
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (options.receive_buffer_bytes > 0) {
        // Before the handshake: the window scale is agreed there.
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &options.receive_buffer_bytes, sizeof(int));
    }
    if (::bind(fd.get(), address.get(), address.length) != 0) {
        return network_error("address cannot be bound");
    }
    if (::listen(fd.get(), options.listen_backlog) != 0) {
        return network_error("listen failed");
    }
    return fd;
}

}  // namespace

Result<std::unique_ptr<Listener>> RealNetwork::listen(const Address& address, bool share_port) {
    TL_TRY(candidates, resolve(address, ResolveFor::listen, false));
    Error last{ErrorCode::network_exception, "host has no address", ENOENT};
    for (const SocketAddress& each : candidates) {
        if (share_port) {
            if (auto claimed = ports_.claim(each); !claimed) {
                last = claimed.error();
                continue;
            }
        }
        auto fd = listening_socket(each, share_port, options_);
        if (!fd) {
            last = fd.error();
            continue;
        }
        SocketAddress bound;
        bound.length = sizeof bound.storage;
        ::getsockname(fd->get(), bound.get(), &bound.length);
        auto listener = std::make_unique<RealListener>(shard_, std::move(*fd), bound.text().port,
                                                       share_port ? &ports_ : nullptr, options_);
        TL_TRY_VOID(listener->start());
        return listener;
    }
    return std::unexpected(last);
}

Task<Result<std::unique_ptr<Stream>>> RealNetwork::connect(const Address& address) {
    auto candidates = resolve(address, ResolveFor::connect, true);
    if (!candidates) {
        candidates = co_await offload(shard_, [&address] { return resolve(address, ResolveFor::connect, false); });
    }
    if (!candidates) {
        co_return std::unexpected(candidates.error());
    }
    Error last{ErrorCode::network_exception, "host has no address", ENOENT};
    for (const SocketAddress& each : *candidates) {
        auto stream = co_await connect_one(each);
        if (stream) {
            co_return std::move(stream);
        }
        last = stream.error();
    }
    co_return std::unexpected(last);
}

Task<Result<std::unique_ptr<Stream>>> RealNetwork::connect_one(SocketAddress address) {
    Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.open()) {
        co_return network_error("socket cannot be made");
    }
    if (::connect(fd.get(), address.get(), address.length) != 0 && errno != EINPROGRESS) {
        co_return network_error("connect failed");
    }
    auto stream = std::make_unique<RealStream>(shard_, std::move(fd), address.text());
    if (auto started = stream->start(options_); !started) {
        co_return std::unexpected(started.error());
    }
    Instant deadline = shard_.now() + kConnectTimeout;
    auto connected = co_await stream->connected(deadline);
    if (!connected) {
        co_return std::unexpected(connected.error());
    }
    co_return std::move(stream);
}

}  // namespace tideline::runtime::real
