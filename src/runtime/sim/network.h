// runtime/sim/network.h: listeners and streams between the shards of one SimWorld.
//
// A stream has a window, like a socket's buffers: a writer waits while the other side does not read. What is written
// arrives in order, in pieces and after delays that the seed chooses; a close arrives after the data before it.
// Errors: as runtime/network.h: ECONNREFUSED, EADDRINUSE, EPIPE after the peer closed, ESHUTDOWN after shut_down(),
//         ECANCELED from accept() of a closed listener.
#pragma once

#include <deque>
#include <map>
#include <utility>

#include "runtime/network.h"

namespace tideline::runtime::sim {

class SimShard;
struct StreamEnd;
struct ListenerState;

inline constexpr std::size_t kStreamWindowBytes = 64 * 1024;

// Who listens where, in a whole world.
struct SimPorts {
    std::map<std::pair<std::string, std::uint16_t>, std::vector<std::shared_ptr<ListenerState>>> listeners;
    std::uint16_t next_free = 30000;
    std::uint16_t next_client = 50000;
};

class SimNetwork final : public Network {
public:
    explicit SimNetwork(SimShard& shard) : shard_(shard) {}

    Result<std::unique_ptr<Listener>> listen(const Address& address, bool share_port) override;
    // Waits for the answer of the listener's shard, but not until somebody accepts.
    Task<Result<std::unique_ptr<Stream>>> connect(const Address& address) override;

private:
    SimShard& shard_;
};

}  // namespace tideline::runtime::sim
