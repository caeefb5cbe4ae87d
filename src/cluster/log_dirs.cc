#include "cluster/log_dirs.h"

#include <fmt/format.h>

#include "base/log.h"

namespace tideline::cluster {

using base::Result;

Result<> LogDir::lock() {
    TL_TRY_VOID(files_.make_directories(path_));
    TL_TRY(lock, files_.lock(fmt::format("{}/.lock", path_)));
    lock_ = std::move(lock);
    return {};
}

Result<> LogDir::load() {
    TL_TRY(marker, log::read_clean_shutdown(files_, path_));
    was_clean_ = marker.has_value();
    TL_TRY(recovery_points, log::read_offset_checkpoint(files_, fmt::format("{}/{}", path_, log::kRecoveryPointCheckpoint)));
    TL_TRY(log_starts, log::read_offset_checkpoint(files_, fmt::format("{}/{}", path_, log::kLogStartCheckpoint)));
    TL_TRY(high_watermarks, log::read_offset_checkpoint(files_, fmt::format("{}/{}", path_, log::kHighWatermarkCheckpoint)));
    recovery_points_ = std::move(recovery_points);
    log_starts_ = std::move(log_starts);
    high_watermarks_ = std::move(high_watermarks);
    if (was_clean_) {
        TL_TRY_VOID(log::remove_clean_shutdown(files_, path_));
    }
    return {};
}

PartitionCheckpoint LogDir::checkpoint_of(const TopicPartition& id) const {
    auto lookup = [&id](const log::OffsetCheckpoint& offsets) {
        auto found = offsets.find(id);
        return found == offsets.end() ? log::Offset{0} : found->second;
    };
    return {id, lookup(recovery_points_), lookup(log_starts_), lookup(high_watermarks_)};
}

Result<> LogDir::write_checkpoints(const std::vector<PartitionCheckpoint>& partitions) {
    log::OffsetCheckpoint recovery_points;
    log::OffsetCheckpoint log_starts;
    log::OffsetCheckpoint high_watermarks;
    for (const PartitionCheckpoint& each : partitions) {
        recovery_points[each.id] = each.recovery_point;
        high_watermarks[each.id] = each.high_watermark;
        // A log start that a segment's name says already needs no line, but an extra line does no harm.
        if (each.log_start_offset > 0) {
            log_starts[each.id] = each.log_start_offset;
        }
    }
    auto replace = [&](log::OffsetCheckpoint& written, log::OffsetCheckpoint& wanted, std::string_view name) -> Result<> {
        if (written == wanted) {
            return {};
        }
        TL_TRY_VOID(log::write_offset_checkpoint(files_, fmt::format("{}/{}", path_, name), wanted));
        written = std::move(wanted);
        return {};
    };
    TL_TRY_VOID(replace(recovery_points_, recovery_points, log::kRecoveryPointCheckpoint));
    TL_TRY_VOID(replace(log_starts_, log_starts, log::kLogStartCheckpoint));
    return replace(high_watermarks_, high_watermarks, log::kHighWatermarkCheckpoint);
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
