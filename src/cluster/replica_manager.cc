#include "cluster/replica_manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/reach.h"
#include "log/directory_name.h"

namespace tideline::cluster {

using log::is_passing_shortage;
using runtime::Task;

namespace {

// After so many partitions retention lets others have their turn.
constexpr std::size_t kLookedAtAtOnce = 16;
// Three files of each are open meanwhile, in each thread that may block.
constexpr std::size_t kClosedTogether = 16;

}  // namespace

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
    : shard_(shard), log_dirs_(log_dirs), files_(files), settings_(settings), first_flushes_(shard), files_mutex_(shard), tasks_(shard) {}

ReplicaManager::~ReplicaManager() = default;

bool ReplicaManager::is_ours(const base::Uuid& topic_id, std::int32_t partition, const PartitionState& state) const {
    return shard_of(topic_id, partition, settings_.shard_count) == shard_.index() && state.has_replica(settings_.node_id);
}

Task<void> ReplicaManager::remove_absent(const MetadataImage& image, const std::vector<base::Uuid>* topics) {
    std::vector<PartitionKey> absent = absent_partitions(image, topics);
    if (absent.empty()) {
        co_return;
    }
    std::map<LogDir*, std::vector<TopicPartition>> gone;
    for (const PartitionKey& key : absent) {
        Partition& partition = *partitions_.at(key);
        gone[&partition.directory()].push_back(partition.id());
    }
    runtime::TaskScope removing(shard_);
    for (const PartitionKey& key : absent) {
        removing.spawn(remove(key));
    }
    co_await removing.join();
    for (const auto& directory : log_dirs_) {  // not in the order of `gone`, which is that of addresses
        LogDir& each = *directory;
        const std::vector<TopicPartition>& forgotten = gone[&each];
        if (forgotten.empty()) {
            continue;
        }
        auto written = co_await runtime::offload(shard_, [&] { return each.forget(forgotten); });
        if (!written && is_passing_shortage(written.error())) {
            // What is deleted may be what fills the disk. Nobody starts from the rows that remain: see LogDir::begin_partition().
            TL_LOG_WARN("checkpoint_failed", {"directory", each.path()}, {"error", base::to_string(written.error())});
        } else if (!written) {
            each.fail("checkpoint could not be written", written.error());
        }
    }
}

Task<void> ReplicaManager::open_assigned(const MetadataImage& image, const MetadataImage* before,
                                         const std::vector<base::Uuid>* topics, const BrokerConfig& config) {
    settings_.producers.producer_id_expiration_ms = config.integer("producer.id.expiration.ms");
    std::vector<Assignment> to_open;
    if (topics == nullptr) {
        for (const auto& topic : image.topics()) {
            collect_changes(image, before, topic->id, config, to_open);
        }
    } else {
        for (const base::Uuid& topic : *topics) {
            collect_changes(image, before, topic, config, to_open);
        }
    }
    // Opening may mean recovery: many run side by side on the threads that may block.
    runtime::TaskScope opening(shard_);
    for (Assignment& assignment : to_open) {
        opening.spawn(open(std::move(assignment)));
    }
    co_await opening.join();
}

std::vector<PartitionKey> ReplicaManager::absent_partitions(const MetadataImage& image,
                                                            const std::vector<base::Uuid>* topics) const {
    std::vector<PartitionKey> absent;
    auto collect = [&](const base::Uuid& topic_id, const std::vector<std::int32_t>& indexes) {
        const TopicImage* topic = image.topic(topic_id);
        for (std::int32_t index : indexes) {
            const PartitionState* state = topic == nullptr ? nullptr : topic->partition(index);
            if (state == nullptr || !state->has_replica(settings_.node_id)) {
                absent.push_back({topic_id, index});
            }
        }
    };
    if (topics == nullptr) {
        for (const auto& [topic_id, indexes] : by_topic_) {
            collect(topic_id, indexes);
        }
        return absent;
    }
    for (const base::Uuid& topic_id : *topics) {
        if (auto found = by_topic_.find(topic_id); found != by_topic_.end()) {
            collect(topic_id, found->second);
        }
    }
    return absent;
}

void ReplicaManager::collect_changes(const MetadataImage& image, const MetadataImage* before, const base::Uuid& topic_id,
                                     const BrokerConfig& config, std::vector<Assignment>& to_open) {
    const TopicImage* topic = image.topic(topic_id);
    if (topic == nullptr) {
        return;
    }
    const TopicImage* known = before == nullptr ? nullptr : before->topic(topic_id);
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
            bool is_new = before != nullptr && (known == nullptr || known->partition(index) == nullptr);
            to_open.push_back({{topic->name, index}, topic_id, state.leader_epoch, *log_config, is_new});
            continue;
        }
        partition->update_config(*log_config);
        partition->log().set_producer_id_expiration(settings_.producers.producer_id_expiration_ms);
        if (state.leader_epoch != partition->leader_epoch()) {
            partition->lead(state.leader_epoch);
        }
    }
}

LogDir* ReplicaManager::directory_for(const Assignment& assignment) {
    std::string name = to_string(assignment.id);
    auto stays_offline = [&name](std::string_view reason) -> LogDir* {
        TL_LOG_ERROR("partition_offline", {"partition", name}, {"reason", reason});
        return nullptr;
    };
    LogDir* home = nullptr;
    LogDir* emptiest = nullptr;
    bool any_failed = false;
    for (const auto& each : log_dirs_) {
        if (each->is_failed()) {
            any_failed = true;
            continue;
        }
        if (shard_.files().exists(fmt::format("{}/{}", each->path(), name))) {
            if (home != nullptr) {
                return stays_offline("it lies in two log directories: remove the one that is out of date");
            }
            home = each.get();
        }
        if (emptiest == nullptr || each->partition_count() < emptiest->partition_count()) {
            emptiest = each.get();
        }
    }
    if (home != nullptr) {
        return home;
    }
    if (emptiest == nullptr) {
        return stays_offline("no log directory is online");
    }
    // Its records may lie in the directory that failed; an empty log elsewhere would hide them for ever.
    if (any_failed && !assignment.is_new) {
        return stays_offline("it may lie in the log directory that is offline");
    }
    return emptiest;
}

Task<void> ReplicaManager::open(Assignment assignment) {
    PartitionKey key{assignment.topic_id, assignment.id.partition};
    LogDir* directory = directory_for(assignment);
    if (directory == nullptr) {
        offline_.insert_or_assign(key, false);
        co_return;
    }
    ++directory->partition_count();
    std::string name = to_string(assignment.id);
    std::string path = fmt::format("{}/{}", directory->path(), name);
    std::int64_t now_ms = shard_.wall_ms();
    PartitionCheckpoint checkpoint;
    auto opened = co_await runtime::offload(shard_, [&]() -> base::Result<std::unique_ptr<log::PartitionLog>> {
        TL_TRY(found, directory->begin_partition(assignment.id, assignment.topic_id, shard_.files().exists(path)));
        checkpoint = found;
        log::OpenState state{.log_start_offset = checkpoint.log_start_offset,
                             .recovery_point = checkpoint.recovery_point,
                             .clean_shutdown = directory->was_clean(),
                             .was_compacted = checkpoint.was_compacted,
                             .topic_id = assignment.topic_id,
                             // Where acknowledgements do not wait for the disk, a start need not either.
                             .sync_found = settings_.durability == Durability::fsync};
        return log::PartitionLog::open(files_, path, name, assignment.config, state, settings_.producers, now_ms);
    });
    if (!opened) {
        --directory->partition_count();
        bool is_passing = is_passing_shortage(opened.error());
        if (!offline_.contains(key)) {
            TL_LOG_ERROR("partition_offline", {"partition", name}, {"reason", base::to_string(opened.error())});
        }
        offline_.insert_or_assign(key, is_passing);
        if (opened.error().code == ErrorCode::kafka_storage_error && !is_passing) {
            directory->fail("partition could not be opened", opened.error());
        }
        co_return;
    }
    auto partition = std::make_unique<Partition>(shard_, assignment.id, assignment.topic_id, *directory, first_flushes_, std::move(*opened),
                                                 settings_.durability, checkpoint.high_watermark, assignment.leader_epoch);
    partition->lead(assignment.leader_epoch);
    offline_.erase(key);
    partitions_.emplace(key, std::move(partition));
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
    --directory.partition_count();
    base::Uuid unique{shard_.random(), shard_.random()};
    std::string doomed = fmt::format("{}/{}", directory.path(), log::doomed_directory_name(partition->id().topic, key.partition,
                                                                                          unique, log::kDeleteSuffix));
    std::string from = partition->log().directory();
    partition.reset();
    runtime::Mutex::Lock lock = co_await files_mutex_.lock();
    // Segments that retention took out go with the directory.
    std::string prefix = from + "/";
    std::erase_if(doomed_files_, [&prefix](const log::DeletedFiles& each) {
        return !each.paths.empty() && each.paths.front().starts_with(prefix);
    });
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

ErrorCode ReplicaManager::why_absent(const base::Uuid& topic_id, std::int32_t partition) const {
    return offline_.contains({topic_id, partition}) ? ErrorCode::kafka_storage_error : ErrorCode::unknown_topic_or_partition;
}

std::vector<base::Uuid> ReplicaManager::topics_to_try_again() const {
    std::vector<base::Uuid> topics;
    for (const auto& [key, is_passing] : offline_) {
        if (is_passing) {
            topics.push_back(key.topic_id);
        }
    }
    return topics;
}

std::vector<PartitionCheckpoint> ReplicaManager::checkpoints(const LogDir& directory) const {
    std::vector<PartitionCheckpoint> rows;
    for (const auto& [key, partition] : partitions_) {
        if (&partition->directory() == &directory) {
            rows.push_back({.id = partition->id(),
                            .recovery_point = partition->log().durable_offset(),
                            .log_start_offset = partition->log().log_start_offset(),
                            .high_watermark = partition->high_watermark(),
                            .topic_id = key.topic_id});
        }
    }
    return rows;
}

Task<void> ReplicaManager::run_retention() {
    std::int64_t now_ms = shard_.wall_ms();
    runtime::Mutex::Lock lock = co_await files_mutex_.lock();
    std::vector<PartitionKey> keys;
    keys.reserve(partitions_.size());
    for (const auto& [key, partition] : partitions_) {
        keys.push_back(key);
    }
    std::vector<TakenOut> taken_out;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (i % kLookedAtAtOnce == kLookedAtAtOnce - 1) {
            co_await runtime::yield_now(shard_);  // indexes may have to be read from a cold disk
        }
        Partition* partition = find(keys[i].topic_id, keys[i].partition);
        if (partition != nullptr && !partition->is_failed()) {
            take_out_old_segments(*partition, now_ms, taken_out);
        }
    }
    log_producer_state();
    if (!taken_out.empty()) {
        co_await let_go_of_files(std::move(taken_out));
    }
    co_await remove_due_files();
}

void ReplicaManager::take_out_old_segments(Partition& partition, std::int64_t now_ms, std::vector<TakenOut>& taken_out) {
    partition.log().expire_producers(now_ms);
    auto deleted = partition.log().delete_old_segments(partition.high_watermark(), now_ms);
    if (!deleted) {
        TL_LOG_WARN("retention_failed", {"partition", to_string(partition.id())}, {"error", base::to_string(deleted.error())});
        if (partition.log().is_failed()) {
            partition.directory().fail("retention failed", deleted.error());
        }
    } else if (!deleted->paths.empty()) {
        TL_LOG_INFO("segments_deleted", {"partition", to_string(partition.id())}, {"files", deleted->paths.size()},
                    {"log_start_offset", deleted->log_start_offset});
        taken_out.push_back({&partition.directory(), std::move(*deleted)});
    }
}

// The new log starts go to the checkpoint before any file is renamed: a crash in between must not leave a hole.
Task<void> ReplicaManager::let_go_of_files(std::vector<TakenOut> taken_out) {
    for (const auto& directory : log_dirs_) {
        LogDir& each = *directory;
        auto lies_there = [&each](const TakenOut& one) { return one.directory == &each; };
        if (each.is_failed() || std::ranges::none_of(taken_out, lies_there)) {
            continue;  // of a directory that failed the next start finds the files, and retention takes them out again
        }
        std::vector<PartitionCheckpoint> rows = checkpoints(each);
        auto written = co_await runtime::offload(shard_, [&] { return each.update(rows); });
        if (!written) {
            TL_REACH("retention_without_checkpoint");
            TL_LOG_WARN("checkpoint_failed", {"directory", each.path()}, {"error", base::to_string(written.error())});
        }
        for (TakenOut& one : taken_out) {
            if (lies_there(one) && written) {
                co_await mark_and_keep(std::move(one.files));
            } else if (lies_there(one)) {
                // The disk may be full, and these files the only ones that may go.
                co_await remove_at_once(one.files);
            }
        }
    }
}

Task<void> ReplicaManager::mark_and_keep(log::DeletedFiles deleted) {
    runtime::FileSystem& files = shard_.files();
    auto marked = co_await runtime::offload(shard_, [&] { return log::PartitionLog::mark_deleted(files, deleted); });
    if (!marked) {
        TL_LOG_WARN("deleted_files_remain", {"error", base::to_string(marked.error())});
        co_return;
    }
    doomed_files_.push_back(std::move(deleted));
}

Task<void> ReplicaManager::remove_at_once(const log::DeletedFiles& deleted) {
    runtime::FileSystem& files = shard_.files();
    auto removed = co_await runtime::offload(shard_, [&] { return log::PartitionLog::remove_in_order(files, deleted); });
    if (!removed) {
        TL_LOG_WARN("deleted_files_remain", {"error", base::to_string(removed.error())});
    }
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
    // What could not be opened was not recovered, either: a clean stop would have the next start believe its files.
    bool all_clean = offline_.empty();
    runtime::TaskScope quieting(shard_);
    for (auto& [key, partition] : partitions_) {
        quieting.spawn(partition->quiesce());
    }
    co_await quieting.join();
    runtime::TaskScope closing(shard_);
    std::vector<Partition*> some;
    for (auto& [key, partition] : partitions_) {
        some.push_back(partition.get());
        if (some.size() == kClosedTogether) {
            closing.spawn(close_some(std::exchange(some, {}), all_clean));
        }
    }
    closing.spawn(close_some(std::move(some), all_clean));
    co_await closing.join();
    co_return all_clean;
}

Task<void> ReplicaManager::close_some(std::vector<Partition*> partitions, bool& all_clean) {
    auto outcomes = co_await Partition::close(shard_, partitions);
    for (std::size_t at = 0; at < partitions.size(); ++at) {
        if (!outcomes[at]) {
            TL_LOG_WARN("partition_not_closed_clean", {"partition", to_string(partitions[at]->id())},
                        {"error", base::to_string(outcomes[at].error())});
            all_clean = false;
        }
    }
}

}  // namespace tideline::cluster
