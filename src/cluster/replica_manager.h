// cluster/replica_manager.h: the partitions of one shard: opened, found, kept in shape, deleted.
//
// Follows the metadata image: opens what the image newly assigns to this broker and this shard, deletes what it
// no longer has, and hands topic configurations on. Every shard has one; a partition belongs to exactly one of them.
// Shard:  used only on its own shard.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "cluster/broker_config.h"
#include "cluster/log_dirs.h"
#include "cluster/metadata_image.h"
#include "cluster/partition.h"
#include "log/file_cache.h"

namespace tideline::cluster {

struct PartitionKey {
    base::Uuid topic_id;
    std::int32_t partition = 0;

    friend bool operator==(const PartitionKey&, const PartitionKey&) = default;
};

struct PartitionKeyHash {
    std::size_t operator()(const PartitionKey& key) const noexcept {
        return std::hash<base::Uuid>()(key.topic_id) ^ static_cast<std::size_t>(key.partition) * 0x9e3779b97f4a7c15ull;
    }
};

// The shard, of `shard_count`, that a partition lives on. The same on every start; nothing on disk depends on it.
unsigned shard_of(const base::Uuid& topic_id, std::int32_t partition, unsigned shard_count);

struct ReplicaSettings {
    std::int32_t node_id = 1;
    unsigned shard_count = 1;
    Durability durability = Durability::fsync;
    log::ProducerStateConfig producers;
};

class ReplicaManager {
public:
    // `log_dirs` and `files` are shared by all shards and must outlive this.
    ReplicaManager(runtime::Shard& shard, std::vector<std::unique_ptr<LogDir>>& log_dirs, log::FileCache& files,
                   const ReplicaSettings& settings);
    ~ReplicaManager();

    // Brings this shard's partitions in line with `image`, in two steps: every shard must have done the first before any
    // does the second, or a topic made anew under an old name finds the old files. `topics`: those that may have changed;
    // nullptr means all.
    runtime::Task<void> remove_absent(const MetadataImage& image, const std::vector<base::Uuid>* topics);
    // `before` is the image that was applied last, nullptr at the start. A partition that cannot be opened stays offline; its
    // directory is failed if the storage is to blame. `config` is the configuration in effect, for topic defaults.
    runtime::Task<void> open_assigned(const MetadataImage& image, const MetadataImage* before,
                                      const std::vector<base::Uuid>* topics, const BrokerConfig& config);

    // nullptr when this shard has no such partition, or it could not be opened.
    Partition* find(const base::Uuid& topic_id, std::int32_t partition);
    // What a client is told of a partition that find() does not find: kafka_storage_error when it could not be opened; else it
    // is being made or deleted just now, and unknown_topic_or_partition sends the client for newer metadata.
    ErrorCode why_absent(const base::Uuid& topic_id, std::int32_t partition) const;
    const std::unordered_map<PartitionKey, std::unique_ptr<Partition>, PartitionKeyHash>& partitions() const {
        return partitions_;
    }

    // Topics with partitions that may be opened when open_assigned() is asked again.
    std::vector<base::Uuid> topics_to_try_again() const;

    std::vector<PartitionCheckpoint> checkpoints(const LogDir& directory) const;

    // Retention, expiry of producers, removal of files whose delay is over.
    runtime::Task<void> run_retention();
    // flush.ms.
    void flush_due();

    // Closes every log; checkpoints() may still be asked afterwards. True when all of them ended clean.
    runtime::Task<bool> close();

private:
    struct Assignment {
        TopicPartition id;
        base::Uuid topic_id;
        std::int32_t leader_epoch = 0;
        log::LogConfig config;
        bool is_new = false;  // no image before named it: nothing of it can lie in a directory that is offline
    };
    bool is_ours(const base::Uuid& topic_id, std::int32_t partition, const PartitionState& state) const;
    void collect_changes(const MetadataImage& image, const MetadataImage* before, const base::Uuid& topic_id,
                         const BrokerConfig& config, std::vector<Assignment>& to_open);
    std::vector<PartitionKey> absent_partitions(const MetadataImage& image, const std::vector<base::Uuid>* topics) const;
    runtime::Task<void> open(Assignment assignment);
    runtime::Task<void> remove(PartitionKey key);
    runtime::Task<void> remove_tree(std::string directory);
    runtime::Task<void> remove_due_files();
    // Says how many producers are remembered, and in how much memory, when that changed.
    void log_producer_state();
    // nullptr, with the reason logged, when the partition has to stay offline.
    LogDir* directory_for(const Assignment& assignment);
    // What retention took out of a log that lies there.
    struct TakenOut {
        LogDir* directory;
        log::DeletedFiles files;
    };
    void take_out_old_segments(Partition& partition, std::int64_t now_ms, std::vector<TakenOut>& taken_out);
    runtime::Task<void> let_go_of_files(std::vector<TakenOut> taken_out);
    runtime::Task<void> mark_and_keep(log::DeletedFiles files);
    runtime::Task<void> remove_at_once(const log::DeletedFiles& files);
    runtime::Task<void> close_some(std::vector<Partition*> partitions, bool& all_clean);

    runtime::Shard& shard_;
    std::vector<std::unique_ptr<LogDir>>& log_dirs_;
    log::FileCache& files_;
    ReplicaSettings settings_;
    FirstFlushes first_flushes_;
    std::unordered_map<PartitionKey, std::unique_ptr<Partition>, PartitionKeyHash> partitions_;
    // Those that could not be opened, and whether that was for want of something that may be there later.
    std::unordered_map<PartitionKey, bool, PartitionKeyHash> offline_;
    std::unordered_map<base::Uuid, std::vector<std::int32_t>> by_topic_;  // which of a topic's partitions are here
    std::vector<log::DeletedFiles> doomed_files_;
    std::size_t logged_producers_ = 0;
    std::size_t logged_evictions_ = 0;
    runtime::Mutex files_mutex_;  // retention's renames and the renames of whole directories keep out of each other's way
    runtime::TaskScope tasks_;
};

// The configuration of a topic's logs: its own properties over those of the broker.
log::LogConfig effective_log_config(const MetadataImage& image, const std::string& topic, const BrokerConfig& config);

}  // namespace tideline::cluster
