#include "cluster/log_dirs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/reach.h"
#include "log/directory_name.h"

namespace tideline::cluster {

using base::Result;

namespace {
constexpr std::string_view kMetadataDirectory = "__cluster_metadata-0";
}  // namespace

Result<> LogDir::lock() {
    TL_TRY_VOID(files_.make_directories(path_));
    TL_TRY(lock, files_.lock(fmt::format("{}/.lock", path_)));
    lock_ = std::move(lock);
    return {};
}

Result<> LogDir::load() {
    TL_TRY(marker, log::read_clean_shutdown(files_, path_));
    was_clean_ = marker.has_value();
    for (Checkpoint* each : {&recovery_points_, &log_starts_, &high_watermarks_}) {
        TL_TRY(offsets, log::read_offset_checkpoint(files_, fmt::format("{}/{}", path_, each->name)));
        each->wanted = each->written = std::move(offsets);
    }
    TL_TRY(cleaned, log::read_offset_checkpoint(files_, fmt::format("{}/{}", path_, log::kCleanerCheckpoint)));
    cleaned_ = std::move(cleaned);
    return {};
}

Result<> LogDir::begin() { return was_clean_ ? log::remove_clean_shutdown(files_, path_) : Result<>{}; }

Result<> LogDir::set_strays_aside(const IsAssigned& is_assigned, const std::function<std::uint64_t()>& next_random) {
    TL_TRY(entries, files_.list(path_));
    std::vector<TopicPartition> strays;
    for (const runtime::DirectoryEntry& entry : entries) {
        std::string path = fmt::format("{}/{}", path_, entry.name);
        if (!entry.is_directory || entry.name == kMetadataDirectory) {
            continue;
        }
        if (log::is_doomed_directory(entry.name)) {
            TL_REACH("start_removed_deleted_partition");
            TL_TRY_VOID(files_.remove_tree(path));
            continue;
        }
        auto id = log::parse_directory_name(entry.name);
        if (!id) {
            continue;
        }
        TL_TRY(topic_id, log::read_partition_metadata(files_, path));
        if (is_assigned(*id, topic_id)) {
            continue;
        }
        base::Uuid unique{next_random(), next_random()};
        std::string name = log::doomed_directory_name(id->topic, id->partition, unique, log::kStraySuffix);
        TL_REACH("start_set_stray_aside");
        TL_LOG_WARN("stray_partition", {"directory", path}, {"renamed_to", name},
                    {"reason", "the metadata assigns no such partition to this broker"},
                    {"effect", "its records are kept there; nothing reads or deletes them"});
        TL_TRY_VOID(files_.rename(path, fmt::format("{}/{}", path_, name)));
        strays.push_back(std::move(*id));
    }
    if (strays.empty()) {
        return {};
    }
    TL_TRY_VOID(files_.sync_dir(path_));
    return forget(strays);
}

Result<PartitionCheckpoint> LogDir::begin_partition(const TopicPartition& id, const base::Uuid& topic_id, bool has_directory) {
    std::lock_guard lock(checkpoints_mutex_);
    owners_[id] = topic_id;
    if (!has_directory) {
        erase_rows(id);
        TL_TRY_VOID(write_changed());
    }
    auto lookup = [&id](const Checkpoint& checkpoint) {
        auto found = checkpoint.wanted.find(id);
        return found == checkpoint.wanted.end() ? log::Offset{0} : found->second;
    };
    return PartitionCheckpoint{.id = id,
                               .recovery_point = lookup(recovery_points_),
                               .log_start_offset = lookup(log_starts_),
                               .high_watermark = lookup(high_watermarks_),
                               .was_compacted = has_directory && cleaned_.contains(id),
                               .topic_id = topic_id};
}

Result<> LogDir::update(const std::vector<PartitionCheckpoint>& rows) {
    std::lock_guard lock(checkpoints_mutex_);
    for (const PartitionCheckpoint& each : rows) {
        auto owner = owners_.find(each.id);
        if (owner == owners_.end() || owner->second != each.topic_id) {
            continue;
        }
        recovery_points_.wanted[each.id] = each.recovery_point;
        high_watermarks_.wanted[each.id] = each.high_watermark;
        // A log start of 0 is what a missing line means. It never goes back: rows that were collected earlier may come later.
        if (each.log_start_offset > 0) {
            log::Offset& start = log_starts_.wanted[each.id];
            start = std::max(start, each.log_start_offset);
        }
    }
    return write_changed();
}

Result<> LogDir::forget(const std::vector<TopicPartition>& ids) {
    std::lock_guard lock(checkpoints_mutex_);
    for (const TopicPartition& id : ids) {
        owners_.erase(id);
        erase_rows(id);
    }
    return write_changed();
}

void LogDir::erase_rows(const TopicPartition& id) {
    for (Checkpoint* each : {&recovery_points_, &log_starts_, &high_watermarks_}) {
        each->wanted.erase(id);
    }
}

Result<> LogDir::write_changed() {
    for (Checkpoint* each : {&recovery_points_, &log_starts_, &high_watermarks_}) {
        if (each->written == each->wanted) {
            continue;
        }
        TL_TRY_VOID(log::write_offset_checkpoint(files_, fmt::format("{}/{}", path_, each->name), each->wanted));
        each->written = each->wanted;
    }
    return {};
}

Result<> LogDir::mark_clean(std::int64_t broker_epoch) {
    return log::write_clean_shutdown(files_, path_, {.broker_epoch = broker_epoch});
}

void LogDir::fail(std::string_view what, const base::Error& error) {
    if (failed_.exchange(true)) {
        return;
    }
    TL_LOG_ERROR("log_dir_offline", {"directory", path_}, {"what", what}, {"error", base::to_string(error)});
    if (on_failure_) {
        on_failure_();
    }
}

}  // namespace tideline::cluster
