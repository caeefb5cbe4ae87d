// server/shard_server.h: everything the broker has on one shard: connections, partitions, coordinators, budget, fetch sessions.
//
//   listen() ──► apply(image) ──► let_groups_follow() ──► start_serving() ──► stop_coordinators() ──► stop_serving() ──► close_logs()
//
// Shard:  made on any thread before the shard uses it; from then on every member is its own shard's, except peer().
#pragma once

#include <list>
#include <memory>
#include <string>

#include "cluster/replica_manager.h"
#include "server/connection.h"
#include "server/connection_quota.h"
#include "server/dispatch.h"
#include "server/fetch_session.h"
#include "server/group_service.h"
#include "server/memory_budget.h"
#include "server/transaction_evidence.h"
#include "server/transaction_service.h"

namespace tideline::server {

class Broker;

class ShardServer {
public:
    // The shard's loop may run already: it is not asked anything here, not even the time.
    ShardServer(Broker& broker, runtime::Shard& shard, std::int64_t now_ms);
    ~ShardServer();

    runtime::Shard& shard() { return shard_; }
    Broker& broker() { return broker_; }
    unsigned shard_count() const;
    ShardServer& peer(unsigned index);

    // The metadata that this shard serves by now; never null once applied.
    const cluster::ImagePtr& image() const { return image_; }
    // The configuration in effect: static, cluster-wide and this broker's own, in that order.
    const std::shared_ptr<const cluster::BrokerConfig>& config() const { return config_; }
    cluster::ReplicaManager& replicas() { return replicas_; }
    GroupService& groups() { return groups_; }
    TransactionService& transactions() { return transactions_; }
    GroupEvidence& evidence() { return evidence_; }
    TransactionEvidence& transaction_evidence() { return transaction_evidence_; }
    // Calls `visit(info)` for each connection.
    template <class Visit>
    void for_each_connection(Visit visit) const {
        for (const auto& connection : connections_) {
            visit(connection->info());
        }
    }
    FetchSessionCache& fetch_sessions() { return fetch_sessions_; }
    // What requests hold, those that come in and those at work.
    std::uint64_t request_bytes_in_use() const { return frames_.in_use_bytes() + work_.in_use_bytes(); }

    // Binds; nothing is accepted yet. Returns the port.
    base::Result<std::uint16_t> listen(const cluster::ListenerAddress& address, bool share_port);
    // Brings partitions in line with a new image in two steps, see ReplicaManager, then serves it; when every shard does, groups follow.
    // `topics`: nullptr means all.
    runtime::Task<void> remove_absent(cluster::ImagePtr image, const std::vector<base::Uuid>* topics);
    runtime::Task<void> apply(cluster::ImagePtr image, const std::vector<base::Uuid>* topics,
                              std::shared_ptr<const cluster::BrokerConfig> config);
    runtime::Task<void> let_groups_follow(const std::vector<base::Uuid>* topics);
    void start_serving();
    // Answers requests that wait for coordinators, or connections could not end.
    runtime::Task<void> stop_coordinators();
    // Ends all connections and what was under way for them.
    runtime::Task<void> stop_serving();
    // True when every log ended clean.
    runtime::Task<bool> close_logs() { return replicas_.close(); }

private:
    struct Listening {
        std::string name;
        std::unique_ptr<runtime::Listener> listener;
    };
    runtime::Task<void> accept_connections(Listening& listening);
    runtime::Task<bool> admit(std::string ip);
    runtime::Task<void> serve(std::unique_ptr<runtime::Stream> stream, std::string listener);
    runtime::Task<void> close_idle_connections();
    void make_room(Connection& connection, runtime::Instant now);
    runtime::Task<void> keep_logs();

    Broker& broker_;
    runtime::Shard& shard_;
    cluster::ImagePtr image_;
    std::shared_ptr<const cluster::BrokerConfig> config_;
    cluster::ReplicaManager replicas_;
    GroupEvidence evidence_;
    GroupService groups_;
    TransactionService transactions_;
    TransactionEvidence transaction_evidence_;
    MemoryBudget frames_;  // what has come in
    MemoryBudget work_;    // what it becomes
    FetchSessionCache fetch_sessions_;
    Dispatcher dispatcher_;
    ConnectionLimits limits_;
    std::vector<std::unique_ptr<Listening>> listeners_;
    std::list<std::unique_ptr<Connection>> connections_;
    runtime::Event stopping_;
    runtime::TaskScope tasks_;
};

}  // namespace tideline::server
