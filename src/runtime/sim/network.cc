#include "runtime/sim/network.h"

#include <algorithm>

#include "runtime/sim/stream.h"
#include "runtime/sim/world.h"

namespace tideline::runtime::sim {

// What a listener and the connections on their way to it know.
struct ListenerState {
    explicit ListenerState(SimShard& owner) : shard(owner) {}

    SimShard& shard;
    Address address;
    bool shared = false;
    bool closed = false;
    std::deque<std::shared_ptr<StreamEnd>> arrived;
    std::coroutine_handle<> acceptor;
    bool accepting = false;

    void wake() {
        if (acceptor) {
            shard.post(std::exchange(acceptor, {}));
        }
    }
};

namespace {

constexpr Duration kHandshakeMin = std::chrono::microseconds(20);
constexpr Duration kHandshakeMax = std::chrono::milliseconds(2);

std::unexpected<Error> failed(std::string_view what, int code) {
    return base::fail(ErrorCode::network_exception, what, code);
}

std::string canonical(const std::string& host) {
    if (host.empty() || host == "::" || host == "0.0.0.0") {
        return "*";
    }
    return host == "localhost" ? "127.0.0.1" : host;
}

class SimListener final : public Listener {
public:
    explicit SimListener(std::shared_ptr<ListenerState> state) : state_(std::move(state)) {}
    ~SimListener() override {
        close();
        TL_CHECK(!state_->accepting);
    }

    Task<Result<std::unique_ptr<Stream>>> accept() override;
    void close() override;
    std::uint16_t port() const override { return state_->address.port; }

private:
    std::shared_ptr<ListenerState> state_;
};

Task<Result<std::unique_ptr<Stream>>> SimListener::accept() {
    std::shared_ptr<ListenerState> state = state_;
    TL_CHECK(!state->accepting);
    state->accepting = true;
    while (!state->closed && state->arrived.empty()) {
        co_await detail::Suspend{[&](std::coroutine_handle<> self) { state->acceptor = self; }};
    }
    state->accepting = false;
    if (state->closed) {
        co_return failed("listener is closed", ECANCELED);
    }
    std::shared_ptr<StreamEnd> end = std::move(state->arrived.front());
    state->arrived.pop_front();
    co_return std::make_unique<SimStream>(std::move(end));
}

void SimListener::close() {
    if (std::exchange(state_->closed, true)) {
        return;
    }
    auto& listeners = state_->shard.world().ports().listeners;
    auto found = listeners.find({state_->address.host, state_->address.port});
    if (found != listeners.end()) {
        std::erase(found->second, state_);
        if (found->second.empty()) {
            listeners.erase(found);
        }
    }
    for (const auto& end : state_->arrived) {
        end->close();
    }
    state_->arrived.clear();
    state_->wake();
}

std::shared_ptr<ListenerState> find_listener(SimWorld& world, const Address& address) {
    auto& listeners = world.ports().listeners;
    for (const std::string& host : {canonical(address.host), std::string("*")}) {
        if (auto found = listeners.find({host, address.port}); found != listeners.end()) {
            return found->second[world.chance().below(found->second.size())];
        }
    }
    return nullptr;
}

// A connection being made; lies in the frame of connect().
struct Attempt {
    SimShard& client;
    std::coroutine_handle<> waiting;
    std::shared_ptr<StreamEnd> end;
};

// On the listener's shard.
std::shared_ptr<StreamEnd> arrive(ListenerState& listener, SimShard& client) {
    auto [here, there] = connect_ends(client, listener.shard);
    std::uint16_t& port = client.world().ports().next_client;
    port = port == 65535 ? 50000 : static_cast<std::uint16_t>(port + 1);
    here->local = there->peer = Address{client.host(), port};
    here->peer = there->local = Address{listener.shard.host(), listener.address.port};
    listener.arrived.push_back(there);
    listener.wake();
    return here;
}

}  // namespace

Result<std::unique_ptr<Listener>> SimNetwork::listen(const Address& address, bool share_port) {
    SimPorts& ports = shard_.world().ports();
    auto state = std::make_shared<ListenerState>(shard_);
    state->address = Address{canonical(address.host), address.port};
    state->shared = share_port;
    if (address.port == 0) {
        auto taken = [&](std::uint16_t port) {
            return std::ranges::any_of(ports.listeners, [&](const auto& each) { return each.first.second == port; });
        };
        do {
            state->address.port = ports.next_free++;
        } while (taken(state->address.port));
    }
    for (const auto& [where, there] : ports.listeners) {
        bool same_host = where.first == state->address.host || where.first == "*" || state->address.host == "*";
        if (where.second == state->address.port && same_host && !(share_port && there.front()->shared)) {
            return failed("address is in use", EADDRINUSE);
        }
    }
    ports.listeners[{state->address.host, state->address.port}].push_back(state);
    return std::make_unique<SimListener>(std::move(state));
}

Task<Result<std::unique_ptr<Stream>>> SimNetwork::connect(const Address& address) {
    SimWorld& world = shard_.world();
    Attempt attempt{.client = shard_, .waiting = {}, .end = {}};
    std::shared_ptr<ListenerState> listener = find_listener(world, address);
    Instant there = world.now() + world.random_delay(kHandshakeMin, kHandshakeMax);
    co_await detail::Suspend{[&](std::coroutine_handle<> self) {
        attempt.waiting = self;
        SimShard& first = listener == nullptr ? shard_ : listener->shard;
        world.schedule(there, first, [&world, &attempt, listener] {
            if (listener != nullptr && !listener->closed) {
                attempt.end = arrive(*listener, attempt.client);
            }
            Instant back = world.now() + world.random_delay(kHandshakeMin, kHandshakeMax);
            world.schedule(back, attempt.client, [&attempt] { attempt.waiting.resume(); });
        });
    }};
    if (attempt.end == nullptr) {
        co_return failed("connection refused", ECONNREFUSED);
    }
    co_return std::make_unique<SimStream>(attempt.end);
}

}  // namespace tideline::runtime::sim
