#include "runtime/sim/stream.h"

#include <algorithm>

#include "runtime/sim/world.h"

namespace tideline::runtime::sim {

namespace {

constexpr Duration kLatencyMin = std::chrono::microseconds(20);
constexpr Duration kLatencyMax = std::chrono::milliseconds(1);

std::unexpected<Error> failed(std::string_view what, int code) {
    return base::fail(ErrorCode::network_exception, what, code);
}

// At most one read and one write at a time.
class Use {
public:
    explicit Use(bool& busy) : busy_(busy) {
        TL_CHECK(!busy_);
        busy_ = true;
    }
    ~Use() { busy_ = false; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

private:
    bool& busy_;
};

// Mostly what a segment or two would carry, sometimes a few bytes.
std::size_t piece_bytes(Random& random) {
    constexpr std::size_t kTiny = 16;
    constexpr std::size_t kLarge = 32 * 1024;
    return 1 + random.below(random.chance(8) ? kTiny : kLarge);
}

}  // namespace

std::pair<std::shared_ptr<StreamEnd>, std::shared_ptr<StreamEnd>> connect_ends(SimShard& client, SimShard& server) {
    auto here = std::make_shared<StreamEnd>(client);
    auto there = std::make_shared<StreamEnd>(server);
    here->other = there;
    there->other = here;
    return {here, there};
}

void StreamEnd::wake_reader() {
    if (reader) {
        shard.post(std::exchange(reader, {}));
    }
}

void StreamEnd::wake_writer() {
    if (writer) {
        shard.post(std::exchange(writer, {}));
    }
}

void StreamEnd::deliver(Job job) {
    std::shared_ptr<StreamEnd> to = other.lock();
    if (to == nullptr) {
        return;
    }
    SimWorld& world = shard.world();
    last_arrival = std::max(last_arrival, world.now() + world.random_delay(kLatencyMin, kLatencyMax));
    world.schedule(last_arrival, to->shard, std::move(job));
}

void StreamEnd::send(base::ByteView bytes) {
    unread += bytes.size();
    deliver([to = other.lock(), data = base::Bytes(bytes.begin(), bytes.end())] {
        if (!to->closed) {
            to->received.insert(to->received.end(), data.begin(), data.end());
            to->wake_reader();
        }
    });
}

std::size_t StreamEnd::take(base::MutableByteView into) {
    std::size_t count = std::min(into.size(), received.size() - taken);
    std::copy_n(received.begin() + static_cast<std::ptrdiff_t>(taken), count, into.begin());
    taken += count;
    if (taken == received.size()) {
        received.clear();
        taken = 0;
    }
    deliver([to = other.lock(), count] {
        to->unread -= count;
        to->wake_writer();
    });
    return count;
}

void StreamEnd::close() {
    if (std::exchange(closed, true)) {
        return;
    }
    wake_reader();
    wake_writer();
    deliver([to = other.lock()] {
        to->peer_closed = true;
        to->wake_reader();
        to->wake_writer();
    });
}

SimStream::~SimStream() {
    end_->close();
    TL_CHECK(!end_->reading && !end_->writing);
}

// Each call holds the end itself; shut_down() wakes it, and its owner waits for it before the stream goes.
Task<Result<>> SimStream::readable() {
    std::shared_ptr<StreamEnd> end = end_;
    Use use(end->reading);
    while (true) {
        if (end->closed) {
            co_return failed("stream was shut down", ESHUTDOWN);
        }
        if (end->has_data() || end->peer_closed) {
            co_return Result<>{};
        }
        co_await detail::Suspend{[&](std::coroutine_handle<> self) { end->reader = self; }};
    }
}

Task<Result<std::size_t>> SimStream::read_some(MutableByteView into) {
    TL_CHECK(!into.empty());
    std::shared_ptr<StreamEnd> end = end_;
    Use use(end->reading);
    while (true) {
        if (end->closed) {
            co_return failed("stream was shut down", ESHUTDOWN);
        }
        if (end->has_data()) {
            co_return end->take(into);
        }
        if (end->peer_closed) {
            co_return 0u;
        }
        co_await detail::Suspend{[&](std::coroutine_handle<> self) { end->reader = self; }};
    }
}

Task<Result<>> SimStream::write(std::span<const ByteView> parts, bool more) {
    std::shared_ptr<StreamEnd> end = end_;
    Use use(end->writing);
    for (ByteView part : parts) {
        while (!part.empty()) {
            if (end->closed) {
                co_return failed("stream was shut down", ESHUTDOWN);
            }
            if (end->peer_closed) {
                co_return failed("the peer closed the connection", EPIPE);
            }
            std::size_t room = kStreamWindowBytes - end->unread;
            if (room == 0) {
                co_await detail::Suspend{[&](std::coroutine_handle<> self) { end->writer = self; }};
                continue;
            }
            std::size_t count = std::min({room, part.size(), piece_bytes(end->shard.world().chance())});
            end->send(part.first(count));
            part = part.subspan(count);
        }
    }
    co_return Result<>{};
}

Task<Result<>> SimStream::send_file(File& file, std::uint64_t position, std::uint64_t size, bool more) {
    base::Bytes buffer(std::min<std::uint64_t>(size, kStreamWindowBytes));
    while (size > 0) {
        MutableByteView wanted = MutableByteView(buffer).first(std::min<std::uint64_t>(size, buffer.size()));
        TL_CO_TRY(got, file.read_at(position, wanted));
        if (got == 0) {
            co_return failed("the file ends before what is to be sent", EIO);
        }
        ByteView parts[] = {wanted.first(got)};
        TL_CO_TRY_VOID(co_await write(parts, more || got < size));
        position += got;
        size -= got;
    }
    co_return Result<>{};
}

}  // namespace tideline::runtime::sim
