#include "server/shard_server.h"

#include "base/log.h"
#include "server/broker.h"
#include "server/deadline.h"

namespace tideline::server {

using runtime::Task;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kIdleSweepInterval{1000};
constexpr milliseconds kFlushCheckInterval{100};
// A request that stopped half-way, or waits behind one of a group, and a response that its client does not take, give their memory up
// after this long, when others wait for memory.
constexpr std::chrono::seconds kStalledFrame{5};
// How soon a connection past max.connections asks again; the one that leaves may be on any shard.
constexpr milliseconds kQuotaRetry{20};
// After a shortage (EMFILE) accepting goes on after a pause: at once it would only fail again.
constexpr milliseconds kAcceptPause{100};

// Of the memory for requests, half is for frames as they come in, an eighth for fetch sessions, the rest for what requests become.
std::uint64_t eighths_per_shard(unsigned eighths, const cluster::BrokerConfig& config, unsigned shard_count) {
    return static_cast<std::uint64_t>(config.integer("tideline.request.memory.bytes")) * eighths / 8 / shard_count;
}

std::size_t sessions_per_shard(const cluster::BrokerConfig& config, unsigned shard_count) {
    auto slots = static_cast<std::size_t>(config.integer("max.incremental.fetch.session.cache.slots"));
    return (slots + shard_count - 1) / shard_count;
}

bool is_open_here(cluster::ReplicaManager& replicas, const TransactionEvidence::Key& key, const TransactionEvidence::Writer& writer) {
    cluster::Partition* partition = replicas.find(key.topic_id, key.partition);
    return partition != nullptr && partition->log().producers().has_open_transaction(key.producer_id, writer.producer_epoch);
}

}  // namespace

ShardServer::ShardServer(Broker& broker, runtime::Shard& shard, std::int64_t now_ms)
    : broker_(broker),
      shard_(shard),
      config_(broker.config()),
      replicas_(shard, broker.log_dirs(), broker.file_cache(), broker.replica_settings()),
      evidence_([&shard] { return shard.wall_ms(); }, now_ms),
      groups_(shard, replicas_, broker.static_config(), broker.shard_count(), evidence_, broker.member_memory()),
      transactions_(*this, shard, replicas_, broker.static_config(), broker.shard_count()),
      transaction_evidence_(now_ms, [this](const auto& key, const auto& writer) { return is_open_here(replicas_, key, writer); }),
      frames_(shard, eighths_per_shard(4, *config_, broker.shard_count())),
      work_(shard, eighths_per_shard(3, *config_, broker.shard_count())),
      fetch_sessions_(sessions_per_shard(*config_, broker.shard_count()), eighths_per_shard(1, *config_, broker.shard_count())),
      dispatcher_(*this),
      stopping_(shard),
      tasks_(shard) {
    limits_.frame_bytes_max = config_->integer("socket.request.max.bytes");
}

ShardServer::~ShardServer() = default;

unsigned ShardServer::shard_count() const { return broker_.shard_count(); }
ShardServer& ShardServer::peer(unsigned index) { return broker_.server(index); }

base::Result<std::uint16_t> ShardServer::listen(const cluster::ListenerAddress& address, bool share_port) {
    TL_TRY(listener, shard_.network().listen({address.host, address.port}, share_port));
    std::uint16_t port = listener->port();
    listeners_.push_back(std::make_unique<Listening>(Listening{address.name, std::move(listener)}));
    return port;
}

Task<void> ShardServer::remove_absent(cluster::ImagePtr image, const std::vector<base::Uuid>* topics) {
    groups_.expect(image);
    co_await transactions_.drop_absent(*image);
    co_await groups_.drop_absent(*image);
    co_await replicas_.remove_absent(*image, topics);
}

Task<void> ShardServer::apply(cluster::ImagePtr image, const std::vector<base::Uuid>* topics,
                              std::shared_ptr<const cluster::BrokerConfig> config) {
    co_await replicas_.open_assigned(*image, image_.get(), topics, *config);
    image_ = std::move(image);
    config_ = std::move(config);
    transactions_.follow(*image_);
}

Task<void> ShardServer::let_groups_follow(const std::vector<base::Uuid>* topics) {
    groups_.follow(image_, topics);
    co_return;
}

void ShardServer::start_serving() {
    for (const auto& listening : listeners_) {
        tasks_.spawn(accept_connections(*listening));
    }
    tasks_.spawn(close_idle_connections());
    tasks_.spawn(keep_logs());
}

Task<void> ShardServer::stop_coordinators() {
    co_await transactions_.stop();  // first: it writes markers to groups
    co_await groups_.stop();
}

Task<void> ShardServer::stop_serving() {
    stopping_.set();
    for (const auto& listening : listeners_) {
        listening->listener->close();
    }
    for (const auto& connection : connections_) {
        connection->shut_down("broker stops");
    }
    co_await tasks_.join();
    listeners_.clear();
}

Task<void> ShardServer::accept_connections(Listening& listening) {
    while (!stopping_.is_set()) {
        auto accepted = co_await listening.listener->accept();
        if (stopping_.is_set()) {
            co_return;
        }
        if (!accepted) {
            TL_LOG_WARN("accept_failed", {"listener", listening.name}, {"error", base::to_string(accepted.error())});
            co_await stopping_.wait_until(shard_.now() + kAcceptPause);
            continue;
        }
        bool admitted = co_await admit((*accepted)->peer().host);
        if (!admitted) {
            continue;  // dropping the stream closes it
        }
        tasks_.spawn(serve(std::move(*accepted), listening.name));
    }
}

// Past max.connections a connection waits, accepted but not read, until another leaves; past its address's own limit it
// is refused. Both as in Kafka.
Task<bool> ShardServer::admit(std::string ip) {
    bool was_said = false;
    for (;;) {
        switch (broker_.quota().admit(ip)) {
            case ConnectionQuota::Verdict::admitted:
                co_return true;
            case ConnectionQuota::Verdict::too_many_from_this_ip:
                TL_LOG_WARN("connection_refused", {"peer", ip}, {"limit", "max.connections.per.ip"});
                co_return false;
            case ConnectionQuota::Verdict::too_many:
                break;
        }
        if (!was_said) {
            TL_LOG_WARN("connection_waits", {"peer", ip}, {"limit", "max.connections"});
            was_said = true;
        }
        bool stopping = co_await stopping_.wait_until(shard_.now() + kQuotaRetry);
        if (stopping) {
            co_return false;
        }
    }
}

Task<void> ShardServer::serve(std::unique_ptr<runtime::Stream> stream, std::string listener) {
    std::string ip = stream->peer().host;
    connections_.push_back(
        std::make_unique<Connection>(shard_, std::move(stream), std::move(listener), dispatcher_, frames_, work_, limits_));
    auto self = std::prev(connections_.end());
    co_await (*self)->run();
    connections_.erase(self);
    broker_.quota().release(ip);
}

Task<void> ShardServer::close_idle_connections() {
    while (!stopping_.is_set()) {
        co_await stopping_.wait_until(shard_.now() + kIdleSweepInterval);
        std::int64_t idle_ms = config_->integer("connections.max.idle.ms");
        runtime::Instant now = shard_.now();
        for (const auto& connection : connections_) {
            auto idle = now - connection->last_activity();
            if (idle_ms >= 0 && idle > duration_of_ms(idle_ms)) {
                connection->shut_down("idle for connections.max.idle.ms");
            } else {
                make_room(*connection, now);
            }
        }
    }
}

// Others may wait for memory that this connection holds and does nothing with.
void ShardServer::make_room(Connection& connection, runtime::Instant now) {
    bool stalls = frames_.has_waiters() && connection.holds_memory_idly() && now - connection.last_activity() > kStalledFrame;
    auto writing_since = connection.writing_since();
    bool is_not_read = work_.has_waiters() && writing_since && now - *writing_since > kStalledFrame;
    if (stalls || is_not_read) {
        TL_LOG_WARN("connection_closed", {"peer", connection.info().peer.host},
                    {"reason", stalls ? "a request held memory and stood still while memory was short"
                                      : "a response was not read while memory was short"});
        connection.shut_down("stalled while memory was short");
    } else {
        connection.give_way();
    }
}

Task<void> ShardServer::keep_logs() {
    runtime::Instant next_retention = shard_.now() + duration_of_ms(config_->integer("log.initial.task.delay.ms"));
    while (!stopping_.is_set()) {
        co_await stopping_.wait_until(shard_.now() + kFlushCheckInterval);
        replicas_.flush_due();
        if (shard_.now() >= next_retention && !stopping_.is_set()) {
            co_await replicas_.run_retention();
            next_retention = shard_.now() + duration_of_ms(config_->integer("log.retention.check.interval.ms"));
        }
    }
}

}  // namespace tideline::server
