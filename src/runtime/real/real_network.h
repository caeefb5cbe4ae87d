// runtime/real/real_network.h: listeners and connections of one shard over TCP, IPv4 and IPv6.
//
// Every socket is non-blocking and watched edge-triggered, once: the call is tried first, and only when the kernel says
// EAGAIN does the task wait for the next edge.
#pragma once

#include <sys/socket.h>

#include <map>
#include <mutex>
#include <vector>

#include "runtime/network.h"

namespace tideline::runtime::real {

class RealShard;

// Told about every edge of a watched descriptor. It may destroy itself, or others, meanwhile.
class EventSource {
public:
    virtual void on_events(std::uint32_t epoll_events) = 0;

protected:
    ~EventSource() = default;
};

struct SocketOptions {
    int send_buffer_bytes = 0;     // 0: the kernel's own sizing
    int receive_buffer_bytes = 0;  // likewise
    int listen_backlog = 1024;
};

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    Address text() const;
};

enum class ResolveFor { listen, connect };
// Names and numbers to addresses, IPv4 first. May block for a name; an empty host is the wildcard when listening.
Result<std::vector<SocketAddress>> resolve(const Address& address, ResolveFor purpose, bool numeric_only);

// Which ports this process listens on with SO_REUSEPORT. Without it two brokers started by mistake on one port would
// silently share the clients: the first socket of a process therefore proves that nobody else has the port.
// Thread: any.
class SharedPorts {
public:
    Result<> claim(const SocketAddress& address);
    void add(std::uint16_t port);
    void remove(std::uint16_t port);

private:
    std::mutex mutex_;
    std::map<std::uint16_t, unsigned> sockets_;
};

class RealNetwork final : public Network {
public:
    RealNetwork(RealShard& shard, SharedPorts& ports, const SocketOptions& options)
        : shard_(shard), ports_(ports), options_(options) {}

    Result<std::unique_ptr<Listener>> listen(const Address& address, bool share_port) override;
    // Tries each address of the host in turn, at most kConnectTimeout each.
    Task<Result<std::unique_ptr<Stream>>> connect(const Address& address) override;

    static constexpr std::chrono::seconds kConnectTimeout{10};

private:
    Task<Result<std::unique_ptr<Stream>>> connect_one(SocketAddress address);

    RealShard& shard_;
    SharedPorts& ports_;
    SocketOptions options_;
};

}  // namespace tideline::runtime::real
