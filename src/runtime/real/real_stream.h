// runtime/real/real_stream.h: one TCP connection.
//
// Per direction it remembers whether the kernel would let it go on: `yes` after an edge, `no` after EAGAIN and after a
// read that came back short (which saves the next read its futile call), `maybe` otherwise. After a hang-up no edge may
// come again, so from then on every call is tried.
#pragma once

#include <coroutine>

#include "runtime/real/fd.h"
#include "runtime/real/real_files.h"
#include "runtime/real/real_network.h"
#include "runtime/shard.h"

namespace tideline::runtime::real {

// How often in one turn of the loop a task went on without waiting. A peer that is always faster than we are must not
// keep the others from their turn.
class TurnBudget {
public:
    bool spent(std::uint64_t turn, unsigned limit) {
        if (turn != turn_) {
            turn_ = turn;
            used_ = 0;
        }
        return ++used_ > limit;
    }

private:
    std::uint64_t turn_ = 0;
    unsigned used_ = 0;
};

class RealStream final : public Stream, public EventSource {
public:
    RealStream(RealShard& shard, Fd fd, Address peer) : shard_(shard), fd_(std::move(fd)), peer_(std::move(peer)) {}
    ~RealStream() override;
    // To be called once, before anything else.
    Result<> start(const SocketOptions& options);

    Task<Result<>> readable() override;
    Task<Result<std::size_t>> read_some(MutableByteView into) override;
    Task<Result<>> write(std::span<const ByteView> parts, bool more) override;
    Task<Result<>> send_file(File& file, std::uint64_t position, std::uint64_t size, bool more) override;
    void shut_down() override;
    const Address& peer() const override { return peer_; }

    void on_events(std::uint32_t epoll_events) override;
    // The outcome of a connect() under way.
    Task<Result<>> connected(Instant deadline);

private:
    // One side of the connection: at most one task uses it, at most one handle waits for it.
    enum class Ready { no, maybe, yes };
    struct Side {
        Ready ready = Ready::maybe;
        bool busy = false;
        std::coroutine_handle<> waiting;
    };
    class Use;
    struct Unsent {
        std::span<const ByteView> parts;
        std::size_t part = 0;  // the first one not wholly sent
        std::size_t skip = 0;  // bytes of it already sent
        bool done() const { return part >= parts.size(); }
        void advance(std::size_t bytes);
    };

    auto edge(Side& side);
    void wake(Side& side);
    std::unexpected<Error> was_shut_down() const;
    // Sends what the socket takes; 0 or errno.
    int send_now(Unsent& unsent, bool more);
    Task<Result<>> send_copy(File& file, std::uint64_t position, std::uint64_t size, bool more);

    RealShard& shard_;
    Fd fd_;
    Address peer_;
    Side read_;
    Side write_;
    TurnBudget reads_;
    TurnBudget file_chunks_;
    bool hung_up_ = false;
    bool shut_down_ = false;
};

}  // namespace tideline::runtime::real
