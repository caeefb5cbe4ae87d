// Cutting a partition's log at its end, and the producers and epochs that follow from what is left. See partition_log.h.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "log/partition_log.h"
#include "log/producer_snapshot.h"
#include "log/replay.h"
#include "log/segment.h"

namespace tideline::log {

namespace {

// Shows `visit` the batches of [from, end) in the segments [at, last), of which the first is the one that holds `from`.
template <class At, class Visit>
Result<> visit_batches(At at, At last, Offset from, Offset end, Visit visit) {
    for (; at != last && at->first < end; ++at) {
        Segment& segment = *at->second;
        TL_TRY(first, segment.find_batch(from));
        if (!first) {
            continue;
        }
        TL_TRY(file, segment.file());
        HeaderScanner scanner(*file, first->position, segment.size(), segment.damage());
        while (true) {
            TL_TRY(batch, scanner.next());
            if (!batch || batch->header.base_offset >= end) {
                break;
            }
            TL_TRY_VOID(visit(segment, *batch));
        }
    }
    return {};
}

}  // namespace

Result<bool> PartitionLog::truncate_to(Offset offset) {
    TL_TRY_VOID(check_usable());
    if (offset >= next_offset_) {
        epochs_.truncate_from_end(offset);
        return false;
    }
    if (offset < segments_.begin()->first) {
        TL_TRY_VOID(truncate_fully_and_start_at(offset));
        return true;
    }
    Offset was = next_offset_;
    if (auto removed = remove_segments_after(segment_of(offset)->first); !removed) {
        return poison(removed.error());
    }
    auto end = active().truncate_to(offset, 0);
    if (!end) {
        return poison(end.error());
    }
    if (auto done = after_truncation(*end, 0); !done) {
        return poison(done.error());
    }
    TL_LOG_INFO("log_truncated", {"partition", name_}, {"from", was}, {"to", next_offset_});
    return true;
}

Result<> PartitionLog::truncate_fully_and_start_at(Offset offset) {
    TL_TRY_VOID(check_usable());
    auto remove_all = [&]() -> Result<> {
        TL_TRY_VOID(remove_segments_after(kNoOffset));
        TL_TRY(fresh, Segment::create(cache_, unsynced_segments_, directory_, offset, 0));
        segments_.emplace(offset, std::move(fresh));
        TL_TRY_VOID(cache_.files().sync_dir(directory_));
        epochs_.clear();
        TL_TRY_VOID(drop_snapshots_above(kNoOffset));
        log_start_offset_ = offset;
        return after_truncation(offset, 0);
    };
    if (auto done = remove_all(); !done) {
        return poison(done.error());
    }
    durable_offset_ = offset;
    TL_LOG_INFO("log_restarted", {"partition", name_}, {"at", offset});
    return {};
}

// From the end on and each removal synced: whatever a crash leaves is a prefix.
Result<> PartitionLog::remove_segments_after(Offset base) {
    while (!segments_.empty() && segments_.rbegin()->first > base) {
        Segment& last = active();
        std::vector<std::string> paths = last.paths();
        last.forget_files();
        segments_.erase(std::prev(segments_.end()));
        for (const std::string& path : paths) {
            if (cache_.files().exists(path)) {
                TL_TRY_VOID(cache_.files().remove_file(path));
            }
        }
        TL_TRY_VOID(cache_.files().sync_dir(directory_));
    }
    return {};
}

Result<> PartitionLog::after_truncation(Offset end, std::int64_t now_ms) {
    ++generation_;
    next_offset_ = end;
    durable_offset_ = std::min(durable_offset_, end);
    log_start_offset_ = std::min(log_start_offset_, end);
    epochs_.truncate_from_end(end);
    TL_TRY_VOID(write_epochs());
    // A snapshot of what is gone must not come back after a crash, when other records have taken those offsets.
    bool has_stale = !snapshots_.empty() && snapshots_.back() > end;
    TL_TRY_VOID(drop_snapshots_above(end));
    if (has_stale) {
        TL_TRY_VOID(cache_.files().sync_dir(directory_));
    }
    return rebuild_producers(end, now_ms);
}

Result<> PartitionLog::drop_snapshots_above(Offset offset) {
    while (!snapshots_.empty() && snapshots_.back() > offset) {
        std::string path = segment_path(directory_, snapshots_.back(), kSnapshotSuffix);
        if (cache_.files().exists(path)) {
            TL_TRY_VOID(cache_.files().remove_file(path));
        }
        names_are_dirty_ = true;
        snapshots_.pop_back();
    }
    return {};
}

Result<> PartitionLog::rebuild_producers(Offset end, std::int64_t now_ms) {
    producers_.clear(segments_.begin()->first);
    for (auto at = snapshots_.size(); at > 0; --at) {
        Offset offset = snapshots_[at - 1];
        if (offset > end) {
            continue;
        }
        std::string path = segment_path(directory_, offset, kSnapshotSuffix);
        auto content = runtime::read_file(cache_.files(), path);
        auto loaded = content ? decode_producer_snapshot(*content) : std::unexpected(content.error());
        if (!loaded) {
            TL_LOG_WARN("snapshot_ignored", {"partition", name_}, {"offset", offset}, {"why", loaded.error().note});
            (void)cache_.files().remove_file(path);
            snapshots_.erase(snapshots_.begin() + static_cast<std::ptrdiff_t>(at - 1));
            continue;
        }
        for (const ProducerEntry& entry : *loaded) {
            if (!producers_.is_expired(entry, now_ms)) {
                producers_.load(entry);
            }
        }
        producers_.set_end_offset(offset);
        if (auto recalled = recall_recent_batches(offset); !recalled) {
            // Damage there is for its readers to meet; a log that opens is worth more than four remembered batches.
            if (recalled.error().code == ErrorCode::kafka_storage_error) {
                return recalled;
            }
            TL_LOG_WARN("recent_batches_not_recalled", {"partition", name_}, {"why", recalled.error().note});
        }
        break;
    }
    return replay_producers(std::max(producers_.end_offset(), log_start_offset_), end);
}

// A snapshot, in Kafka's format, holds only the last batch of each producer; a producer may have five requests in flight and
// retry all of them after a restart. The four others are read back from the log's last few megabytes.
Result<> PartitionLog::recall_recent_batches(Offset end) {
    if (producers_.size() == 0 || end <= log_start_offset_) {
        return {};
    }
    ProducerState seen{ProducerStateConfig{.max_producers = producers_.size()}};
    Offset from = start_of_recent_batches(end);
    auto recalled = visit_batches(segment_of(from), segments_.cend(), from, end, [&](Segment& segment, const FoundBatch& batch) -> Result<> {
        if (producers_.find(batch.header.producer_id) != nullptr) {
            TL_TRY_VOID(replay_batch(segment, batch, seen));
        }
        return {};
    });
    if (!recalled) {
        return recalled;
    }
    for (ProducerEntry entry : producers_.entries()) {
        const ProducerEntry* recent = seen.find(entry.producer_id);
        if (recent != nullptr && recent->producer_epoch == entry.producer_epoch && entry.has_batches() && recent->has_batches() &&
            recent->last_sequence() == entry.last_sequence() && recent->last_data_offset() == entry.last_data_offset()) {
            entry.batches = recent->batches;
            entry.batch_count = recent->batch_count;
            producers_.load(entry);
        }
    }
    return {};
}

// Where the log's last few megabytes before `end` begin, over as many segments as that takes.
Offset PartitionLog::start_of_recent_batches(Offset end) const {
    constexpr std::uint64_t kRecalledBytes = 4 << 20;
    constexpr int kSegmentsMax = 64;  // of a few bytes each; a file has to be opened for every one of them
    std::uint64_t wanted = kRecalledBytes;
    auto at = segment_of(end - 1);
    Offset segment_end = end;
    for (int count = 1; at != segments_.begin() && at->second->size() < wanted && count < kSegmentsMax; ++count) {
        wanted -= at->second->size();
        segment_end = at->first;
        --at;
    }
    // Offsets are spread over the bytes evenly enough to find roughly where they begin in the first of them.
    double share = std::min(1.0, static_cast<double>(wanted) / static_cast<double>(std::max<std::uint64_t>(at->second->size(), 1)));
    Offset from = segment_end - static_cast<Offset>(share * static_cast<double>(segment_end - at->first));
    return std::max(from, log_start_offset_);
}

Result<> PartitionLog::replay_producers(Offset from, Offset end) {
    auto replayed = visit_batches(segment_of(from), segments_.cend(), from, end, [&](Segment& segment, const FoundBatch& batch) -> Result<> {
        TL_TRY_VOID(replay_batch(segment, batch, producers_));
        return {};
    });
    if (!replayed) {
        return replayed;
    }
    producers_.set_end_offset(end);
    return {};
}

}  // namespace tideline::log
