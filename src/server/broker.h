// server/broker.h: the whole broker: its shards, log directories and metadata, from start to stop.
//
//   start():  lock and format directories → bind ports → metadata log → open partitions → serve
//   stop():   unload groups → end connections → close logs → metadata snapshot → checkpoints → clean marker → unlock
//
// Metadata, checkpoints and decisions of the controller live on shard 0; other shards ask it. A change of the metadata
// image reaches every shard, and its partitions are open, before the request that made it is answered; while the broker stops, too.
// Shard:  start(), stop() and decide() of shard 0's caller; the accessors on any.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "cluster/controller.h"
#include "cluster/format.h"
#include "cluster/log_dirs.h"
#include "cluster/metadata_log.h"
#include "cluster/replica_manager.h"
#include "log/file_cache.h"
#include "server/connection_quota.h"
#include "server/shard_server.h"

namespace tideline::server {

struct BrokerOptions {
    cluster::BrokerConfig config;
    std::string host_name;  // advertised where a listener names no host
    std::uint64_t open_files_max = 1024;  // descriptors that the process may have
};

// What a start can fail with: a sentence for the operator.
struct StartProblem {
    std::string message;
};

class Broker {
public:
    Broker(std::vector<runtime::Shard*> shards, BrokerOptions options);
    ~Broker();

    runtime::Task<std::expected<void, StartProblem>> start();
    runtime::Task<void> stop();
    // Set when the broker cannot go on: every log directory, or the metadata's, is offline.
    runtime::Event& failed() { return failed_; }

    // Asks the controller on shard 0 and returns its response once the change is in effect on every shard.
    template <class Response, class Decide>
    runtime::Task<base::Result<Response>> decide(runtime::Shard& here, Decide decide) {
        co_return co_await runtime::call_on(here, *shards_[0], [&] { return decide_here<Response>(decide); });
    }
    // A producer id that nobody ever had.
    runtime::Task<base::Result<std::int64_t>> next_producer_id(runtime::Shard& here);

    unsigned shard_count() const { return static_cast<unsigned>(shards_.size()); }
    ShardServer& server(unsigned index) { return *servers_[index]; }
    std::shared_ptr<const cluster::BrokerConfig> config() const { return config_; }
    const cluster::BrokerConfig& static_config() const { return static_config_; }
    const cluster::Controller& controller() const { return controller_; }
    std::vector<std::unique_ptr<cluster::LogDir>>& log_dirs() { return log_dirs_; }
    log::FileCache& file_cache() { return file_cache_; }
    ConnectionQuota& quota() { return quota_; }
    group::MemberMemory& member_memory() { return member_memory_; }
    const cluster::ReplicaSettings& replica_settings() const { return replica_settings_; }
    const std::string& cluster_id() const { return storage_.cluster_id; }
    std::uint16_t first_port() const { return first_port_; }  // of the first listener, once started
    std::int32_t node_id() const { return replica_settings_.node_id; }

private:
    template <class Response, class Decide>
    runtime::Task<base::Result<Response>> decide_here(Decide& decide) {
        auto response = co_await metadata_->submit<Response>([&](const cluster::MetadataImage& image) { return decide(image); });
        if (response) {
            co_await wait_until_applied(metadata_->image()->highest_offset());
        }
        co_return response;
    }
    runtime::Task<base::Result<std::int64_t>> next_producer_id_here();

    runtime::Task<std::expected<void, StartProblem>> open_directories();
    runtime::Task<std::expected<std::vector<cluster::Endpoint>, StartProblem>> bind_listeners();
    runtime::Task<std::expected<void, StartProblem>> start_metadata(std::vector<cluster::Endpoint> endpoints);
    runtime::Task<std::expected<void, StartProblem>> prepare_directories();
    // Runs `what(server)`, a Task, on every shard side by side; returns when all have ended.
    template <class What>
    runtime::Task<void> on_every_shard(What& what) {
        runtime::TaskScope running(*shards_[0]);
        for (unsigned index = 0; index < shard_count(); ++index) {
            running.spawn(on_shard(index, what));
        }
        co_await running.join();
    }
    template <class What>
    runtime::Task<void> on_shard(unsigned index, What& what) {
        ShardServer& server = *servers_[index];
        co_await runtime::call_on(*shards_[0], *shards_[index], [&] { return what(server); });
    }
    runtime::Task<void> apply_everywhere(cluster::ImagePtr image, const std::vector<base::Uuid>* topics);
    runtime::Task<void> apply_changes();
    runtime::Task<void> wait_until_applied(std::int64_t offset);
    runtime::Task<void> keep_checkpoints();
    runtime::Task<void> try_offline_partitions_again();
    runtime::Task<void> write_checkpoints();
    void refresh_config(const cluster::MetadataImage& image);
    void check_directories();

    std::vector<runtime::Shard*> shards_;
    std::string host_name_;
    std::uint64_t open_files_max_;
    cluster::BrokerConfig static_config_;
    std::shared_ptr<const cluster::BrokerConfig> config_;  // in effect; written on shard 0 only
    cluster::ReplicaSettings replica_settings_;
    std::vector<std::unique_ptr<cluster::LogDir>> log_dirs_;
    log::FileCache file_cache_;
    ConnectionQuota quota_;
    group::MemberMemory member_memory_;
    cluster::Controller controller_;
    cluster::StorageIdentity storage_;
    std::uint16_t first_port_ = 0;
    std::unique_ptr<cluster::MetadataLog> metadata_;
    std::vector<std::unique_ptr<ShardServer>> servers_;

    std::deque<cluster::ImageChange> changes_;  // committed, not yet applied on every shard
    std::vector<base::Uuid> to_try_again_;   // topics with partitions that could not be opened for want of descriptors or space
    std::int64_t applied_offset_ = -1;
    bool has_served_ = false;  // every request has ended: nobody waits for a change to be applied
    runtime::Event change_arrived_;
    runtime::Event change_applied_;
    cluster::ProducerIdBlock producer_ids_;
    runtime::Mutex producer_ids_mutex_;
    runtime::Event failed_;
    runtime::Event stopping_;
    runtime::TaskScope tasks_;
};

}  // namespace tideline::server
