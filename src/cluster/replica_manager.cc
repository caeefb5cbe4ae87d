#include "cluster/replica_manager.h"

#include <fmt/format.h>

#include "base/log.h"

namespace tideline::cluster {

using runtime::Task;

unsigned shard_of(const base::Uuid& topic_id, std::int32_t partition, unsigned shard_count) {
    // Neighbouring partitions of one topic go to different shards.
    return static_cast<unsigned>((std::hash<base::Uuid>()(topic_id) + static_cast<std::size_t>(partition)) % shard_count);
}

log::LogConfig effective_log_config(const MetadataImage& image, const std::string& topic, const BrokerConfig& config) {
    const ConfigMap& set = image.topic_configs(topic);
    std::map<std::string, std::string> overrides(set.begin(), set.end());
    return log::make_log_config(overrides, [&](std::string_view name) { return config.topic_default(name); });
}

ReplicaManager::ReplicaManager(runtime::Shard& shard, std::vector<std::unique_ptr<LogDir>>& log_dirs, log::FileCache& files,
                               const ReplicaSettings& settings)
    : shard_(shard), log_dirs_(log_dirs), files_(files), settings_(settings), tasks_(shard) {}

ReplicaManager::~ReplicaManager() = default;

bool ReplicaManager::is_ours(const base::Uuid& topic_id, std::int32_t partition, const PartitionState& state) const {
    return shard_of(topic_id, partition, settings_.shard_count) == shard_.index() && state.has_replica(settings_.node_id);
}

Task<void> ReplicaManager::apply(ImagePtr image, const std::vector<base::Uuid>* topics,
                                 std::shared_ptr<const BrokerConfig> config) {
    std::vector<PartitionKey> to_remove;
    collect_deleted(*image, topics, to_remove);
    // Out of the way before anything is opened: a topic made anew under the same name must not find the old files.
    runtime::TaskScope removing(shard_);
    for (const PartitionKey& key : to_remove) {
        removing.spawn(remove(key));
    }
    co_await removing.join();
    std::vector<Assignment> to_open;
    if (topics == nullptr) {
        for (const auto& topic : image->topics()) {
            collect_changes(*image, topic->id, *config, to_open);
        }
    } else {
        for (const base::Uuid& topic : *topics) {
            collect_changes(*image, topic, *config, to_open);
        }
    }
    // Opening may mean recovery: many run side by side on the threads that may block.
    runtime::TaskScope opening(shard_);
    for (Assignment& assignment : to_open) {
        opening.spawn(open(std::move(assignment)));
    }
    co_await opening.join();
}

void ReplicaManager::collect_deleted(const MetadataImage& image, const std::vector<base::Uuid>* topics,
                                     std::vector<PartitionKey>& out) {
    auto collect = [&](const base::Uuid& topic_id, const std::vector<std::int32_t>& indexes) {
        const TopicImage* topic = image.topic(topic_id);
        for (std::int32_t index : indexes) {
            const PartitionState* state = topic == nullptr ? nullptr : topic->partition(index);
            if (state == nullptr || !state->has_replica(settings_.node_id)) {
                out.push_back({topic_id, index});
            }
        }
    };
    if (topics == nullptr) {
        for (const auto& [topic_id, indexes] : by_topic_) {
            collect(topic_id, indexes);
        }
        return;
    }
    for (const base::Uuid& topic_id : *topics) {
        if (auto found = by_topic_.find(topic_id); found != by_topic_.end()) {
            collect(topic_id, found->second);
        }
    }
}

void ReplicaManager::collect_changes(const MetadataImage& image, const base::Uuid& topic_id, const BrokerConfig& config,
                                     std::vector<Assignment>& to_open) {
    const TopicImage* topic = image.topic(topic_id);
    if (topic == nullptr) {
        return;
    }
    std::optional<log::LogConfig> log_config;
    for (std::int32_t index = 0; index < topic->partition_count(); ++index) {
        const PartitionState& state = *topic->partition(index);
        if (!is_ours(topic_id, index, state)) {
            continue;
        }
        if (!log_config) {
            log_config = effective_log_config(image, topic->name, config);
        }
        Partition* partition = find(topic_id, index);
        if (partition == nullptr) {
            to_open.push_back({{topic->name, index}, topic_id, state.leader_epoch, *log_config});
            continue;
        }
        partition->update_config(*log_config);
        if (state.leader_epoch != partition->leader_epoch()) {
            partition->lead(state.leader_epoch);
        }
    }
}

LogDir* ReplicaManager::directory_for(const TopicPartition& id) {
    std::string name = to_string(id);
    for (const auto& each : log_dirs_) {
        if (!each->is_failed() && shard_.files().exists(fmt::format("{}/{}", each->path(), name))) {
            return each.get();
        }
    }
    // A new partition goes where fewest are, as in Kafka.
    std::map<LogDir*, std::size_t> load;
    for (const auto& [key, partition] : partitions_) {
        ++load[&partition->directory()];
    }
    LogDir* best = nullptr;
    for (const auto& each : log_dirs_) {
        if (!each->is_failed() && (best == nullptr || load[each.get()] < load[best])) {
            best = each.get();
        }
    }
    return best;
}

Task<void> ReplicaManager::open(Assignment assignment) {
    LogDir* directory = directory_for(assignment.id);
    if (directory == nullptr) {
        TL_LOG_ERROR("partition_offline", {"partition", to_string(assignment.id)}, {"reason", "no log directory is online"});
        co_return;
    }
    std::string name = to_string(assignment.id);
    PartitionCheckpoint checkpoint = directory->checkpoint_of(assignment.id);
    log::OpenState state{.log_start_offset = checkpoint.log_start_offset,
                         .recovery_point = checkpoint.recovery_point,
                         .clean_shutdown = directory->was_clean(),
                         .topic_id = assignment.topic_id};
    std::string path = fmt::format("{}/{}", directory->path(), name);
    std::int64_t now_ms = shard_.wall_ms();
    auto opened = co_await runtime::offload(shard_, [&] {
        return log::PartitionLog::open(files_, path, name, assignment.config, state, settings_.producers, now_ms);
    });
    if (!opened) {
        TL_LOG_ERROR("partition_offline", {"partition", name}, {"reason", base::to_string(opened.error())});
        if (opened.error().code == ErrorCode::kafka_storage_error) {
            directory->fail("partition could not be opened", opened.error());
        }
        co_return;
    }
    auto partition = std::make_unique<Partition>(shard_, assignment.id, assignment.topic_id, *directory, std::move(*opened),
                                                 settings_.durability, checkpoint.high_watermark, assignment.leader_epoch);
    partition->lead(assignment.leader_epoch);
    partitions_.emplace(PartitionKey{assignment.topic_id, assignment.id.partition}, std::move(partition));
    by_topic_[assignment.topic_id].push_back(assignment.id.partition);
}

Task<void> ReplicaManager::remove(PartitionKey key) {
    auto found = partitions_.find(key);
    std::unique_ptr<Partition> partition = std::move(found->second);
    partitions_.erase(found);
    auto& indexes = by_topic_[key.topic_id];
    std::erase(indexes, key.partition);
    if (indexes.empty()) {
        by_topic_.erase(key.topic_id);
    }
    co_await partition->abandon();
    LogDir& directory = partition->directory();
    // Kafka's name for a doomed directory, cut so that it stays a legal file name.
    std::uint64_t high = shard_.random();
    std::uint64_t low = shard_.random();
    std::string suffix = fmt::format("-{}.{:016x}{:016x}-delete", key.partition, high, low);
    constexpr std::size_t kFileNameMax = 255;
    std::string doomed = fmt::format("{}/{}{}", directory.path(), partition->id().topic.substr(0, kFileNameMax - suffix.size()), suffix);
    std::string from = partition->log().directory();
    partition.reset();
    runtime::FileSystem& files = shard_.files();
    auto renamed = co_await runtime::offload(shard_, [&]() -> base::Result<> {
        TL_TRY_VOID(files.rename(from, doomed));
        return files.sync_dir(directory.path());
    });
    if (!renamed) {
        directory.fail("partition could not be deleted", renamed.error());
        co_return;
    }
    tasks_.spawn(remove_tree(std::move(doomed)));
}

Task<void> ReplicaManager::remove_tree(std::string directory) {
    runtime::FileSystem& files = shard_.files();
    auto removed = co_await runtime::offload(shard_, [&] { return files.remove_tree(directory); });
    if (!removed) {
        TL_LOG_WARN("deleted_partition_remains", {"directory", directory}, {"error", base::to_string(removed.error())});
    }
}

Partition* ReplicaManager::find(const base::Uuid& topic_id, std::int32_t partition) {
    auto found = partitions_.find({topic_id, partition});
    return found == partitions_.end() ? nullptr : found->second.get();
}

std::vector<PartitionCheckpoint> ReplicaManager::checkpoints(const LogDir& directory) const {
    std::vector<PartitionCheckpoint> rows;
    for (const auto& [key, partition] : partitions_) {
        if (&partition->directory() == &directory) {
            rows.push_back({partition->id(), partition->log().durable_offset(),
                            partition->log().log_start_offset(), partition->high_watermark()});
        }
    }
    return rows;
}

Task<void> ReplicaManager::run_retention() {
    std::int64_t now_ms = shard_.wall_ms();
    for (auto& [key, partition] : partitions_) {
        if (partition->is_failed()) {
            continue;
        }
        partition->log().expire_producers(now_ms);
        auto deleted = partition->log().delete_old_segments(partition->high_watermark(), now_ms);
        if (!deleted) {
            partition->directory().fail("retention failed", deleted.error());
        } else if (!deleted->paths.empty()) {
            TL_LOG_INFO("segments_deleted", {"partition", to_string(partition->id())}, {"files", deleted->paths.size()},
                        {"log_start_offset", deleted->log_start_offset});
            doomed_files_.push_back(std::move(*deleted));
        }
    }
    log_producer_state();
    co_await remove_due_files();
}

void ReplicaManager::log_producer_state() {
    std::size_t entries = 0;
    std::size_t evicted = 0;
    for (const auto& [key, partition] : partitions_) {
        entries += partition->log().producers().size();
        evicted += partition->log().producers().evicted_total();
    }
    if (entries == logged_producers_ && evicted == logged_evictions_) {
        return;
    }
    logged_producers_ = entries;
    logged_evictions_ = evicted;
    TL_LOG_INFO("producer_state", {"shard", shard_.index()}, {"entries", entries}, {"bytes", entries * sizeof(log::ProducerEntry)},
                {"evicted_total", evicted}, {"entries_max_per_partition", settings_.producers.max_producers});
}

Task<void> ReplicaManager::remove_due_files() {
    std::int64_t now_ms = shard_.wall_ms();
    std::vector<log::DeletedFiles> due;
    std::erase_if(doomed_files_, [&](log::DeletedFiles& each) {
        bool is_due = each.remove_at_ms <= now_ms;
        if (is_due) {
            due.push_back(std::move(each));
        }
        return is_due;
    });
    runtime::FileSystem& files = shard_.files();
    for (const log::DeletedFiles& each : due) {
        auto removed = co_await runtime::offload(shard_, [&] { return log::PartitionLog::remove_files(files, each); });
        if (!removed) {
            TL_LOG_WARN("deleted_files_remain", {"error", base::to_string(removed.error())});
        }
    }
}

void ReplicaManager::flush_due() {
    runtime::Instant now = shard_.now();
    for (auto& [key, partition] : partitions_) {
        partition->flush_if_due(now);
    }
}

Task<bool> ReplicaManager::close() {
    co_await tasks_.join();
    bool all_clean = true;
    auto close_one = [](Partition& partition, bool& clean) -> Task<void> {
        auto closed = co_await partition.close();
        if (!closed) {
            TL_LOG_WARN("partition_not_closed_clean", {"partition", to_string(partition.id())},
                        {"error", base::to_string(closed.error())});
            clean = false;
        }
    };
    runtime::TaskScope closing(shard_);
    for (auto& [key, partition] : partitions_) {
        closing.spawn(close_one(*partition, all_clean));
    }
    co_await closing.join();
    co_return all_clean;
}

}  // namespace tideline::cluster
