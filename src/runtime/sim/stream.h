// runtime/sim/stream.h: the two ends of a simulated connection.
#pragma once

#include <coroutine>

#include "runtime/network.h"
#include "runtime/sim/shard.h"

namespace tideline::runtime::sim {

// What one side of a connection knows. The stream owns it; deliveries under way share it.
struct StreamEnd {
    explicit StreamEnd(SimShard& owner) : shard(owner) {}

    SimShard& shard;
    Address local;
    Address peer;
    std::weak_ptr<StreamEnd> other;

    base::Bytes received;
    std::size_t taken = 0;  // of `received`, by read_some()
    bool peer_closed = false;
    bool closed = false;  // by shut_down()

    std::size_t unread = 0;   // sent by us, not yet read by the other side
    Instant last_arrival{};   // of what we sent: nothing overtakes
    std::coroutine_handle<> reader;
    std::coroutine_handle<> writer;
    bool reading = false;
    bool writing = false;

    bool has_data() const { return taken < received.size(); }
    void close();
    void send(base::ByteView bytes);
    std::size_t take(base::MutableByteView into);
    // Runs `job` on the other side's shard, after all that was sent before.
    void deliver(Job job);
    void wake_reader();
    void wake_writer();
};

std::pair<std::shared_ptr<StreamEnd>, std::shared_ptr<StreamEnd>> connect_ends(SimShard& client, SimShard& server);

class SimStream final : public Stream {
public:
    explicit SimStream(std::shared_ptr<StreamEnd> end) : end_(std::move(end)) {}
    ~SimStream() override;

    Task<Result<>> readable() override;
    Task<Result<std::size_t>> read_some(MutableByteView into) override;
    Task<Result<>> write(std::span<const ByteView> parts, bool more) override;
    Task<Result<>> send_file(File& file, std::uint64_t position, std::uint64_t size, bool more) override;
    void shut_down() override { end_->close(); }
    const Address& peer() const override { return end_->peer; }

private:
    std::shared_ptr<StreamEnd> end_;
};

}  // namespace tideline::runtime::sim
