// What a partition's log lets go of at its beginning. See partition_log.h.
#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "base/reach.h"
#include "log/partition_log.h"
#include "log/segment.h"

namespace tideline::log {

Result<> PartitionLog::delete_records_before(Offset offset) {
    TL_TRY_VOID(check_usable());
    if (offset > next_offset_) {
        return base::fail(ErrorCode::offset_out_of_range, "the log does not reach that far", offset);
    }
    if (offset > log_start_offset_) {
        move_log_start(offset);
    }
    return {};
}

void PartitionLog::move_log_start(Offset offset) {
    log_start_offset_ = offset;
    durable_offset_ = std::max(durable_offset_, offset);
    epochs_.truncate_from_start(offset);
    if (producers_.end_offset() < offset) {
        producers_.set_end_offset(offset);
    }
}

// How many of the oldest segments may go. The three reasons follow each other as in Kafka: each goes on where the one before stopped.
Result<std::size_t> PartitionLog::count_deletable(Offset high_watermark, std::int64_t now_ms) {
    auto at = segments_.cbegin();
    std::size_t count = 0;
    auto may_go = [&] { return at != segments_.cend() && high_watermark >= end_of(at) && at->second->size() > 0; };
    auto take = [&] {
        ++at;
        ++count;
    };
    std::int64_t left = sizes().size_in_bytes;
    while (may_go() && std::next(at) != segments_.cend() && std::next(at)->first <= log_start_offset_) {
        left -= static_cast<std::int64_t>(at->second->size());
        take();
    }
    if (!config_.cleanup_delete) {
        return count;
    }
    while (config_.retention_bytes >= 0 && may_go() &&
           left - static_cast<std::int64_t>(at->second->size()) >= config_.retention_bytes) {
        left -= static_cast<std::int64_t>(at->second->size());
        take();
    }
    while (config_.retention_ms >= 0 && may_go()) {
        TL_TRY(max, at->second->max_timestamp());
        // Records without timestamps are as old as their file.
        std::int64_t newest_ms = max.timestamp >= 0 ? max.timestamp : at->second->last_change_ms();
        if (now_ms - newest_ms <= config_.retention_ms) {
            break;
        }
        take();
    }
    return count;
}

Result<DeletedFiles> PartitionLog::delete_old_segments(Offset high_watermark, std::int64_t now_ms) {
    TL_TRY_VOID(check_usable());
    TL_TRY(count, count_deletable(high_watermark, now_ms));
    if (count == segments_.size() && !roll(now_ms)) {
        TL_TRY_VOID(check_usable());
        --count;  // the disk may be full; the others make room for the next time
    }
    return take_out(count, now_ms);
}

DeletedFiles PartitionLog::take_out(std::size_t count, std::int64_t now_ms) {
    DeletedFiles deleted{.remove_at_ms = now_ms + config_.file_delete_delay_ms, .log_start_offset = log_start_offset_};
    for (; count > 0; --count) {
        Segment& segment = *segments_.begin()->second;
        deleted.size_in_bytes += static_cast<std::int64_t>(segment.size());
        if (auto snapshot = std::ranges::find(snapshots_, segment.base()); snapshot != snapshots_.end()) {
            deleted.paths.push_back(segment_path(directory_, *snapshot, kSnapshotSuffix));
            snapshots_.erase(snapshot);
        }
        for (std::string& path : segment.paths()) {
            deleted.paths.push_back(std::move(path));
        }
        segment.forget_files();
        segments_.erase(segments_.begin());
    }
    if (!deleted.paths.empty()) {
        move_log_start(std::max(log_start_offset_, segments_.begin()->first));
        deleted.log_start_offset = log_start_offset_;
        TL_REACH("retention_deleted_segments");
        TL_LOG_INFO("segments_deleted", {"partition", name_}, {"log_start_offset", log_start_offset_},
                    {"bytes", deleted.size_in_bytes});
    }
    return deleted;
}

Result<> PartitionLog::mark_deleted(runtime::FileSystem& files, DeletedFiles& deleted) {
    for (std::string& path : deleted.paths) {
        if (path.ends_with(kDeletedSuffix)) {
            continue;
        }
        std::string marked = path + std::string(kDeletedSuffix);
        if (auto renamed = files.rename(path, marked); !renamed && renamed.error().detail != ENOENT) {
            return renamed;
        }
        path = std::move(marked);
    }
    return {};
}

Result<> PartitionLog::remove_files(runtime::FileSystem& files, const DeletedFiles& deleted) {
    for (const std::string& path : deleted.paths) {
        if (auto removed = files.remove_file(path); !removed && removed.error().detail != ENOENT) {
            return removed;
        }
    }
    return {};
}

Result<> PartitionLog::remove_in_order(runtime::FileSystem& files, const DeletedFiles& deleted) {
    if (deleted.paths.empty()) {
        return {};
    }
    std::string_view directory = runtime::parent_of(deleted.paths.front());
    // First the segment that is left: it may be new, and without any the log would begin where the checkpoint says.
    TL_TRY_VOID(files.sync_dir(directory));
    for (const std::string& path : deleted.paths) {
        if (auto removed = files.remove_file(path); !removed && removed.error().detail != ENOENT) {
            return removed;
        }
        if (path.ends_with(kLogSuffix)) {
            TL_TRY_VOID(files.sync_dir(directory));
        }
    }
    return {};
}

}  // namespace tideline::log
