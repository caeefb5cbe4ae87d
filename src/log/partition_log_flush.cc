// Durability of a partition's log: flush plans, snapshots, the clean end. See partition_log.h.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "base/reach.h"
#include "log/checkpoint_file.h"
#include "log/partition_log.h"
#include "log/producer_snapshot.h"
#include "log/segment.h"

namespace tideline::log {

Result<FlushPlan> PartitionLog::begin_flush() {
    TL_TRY_VOID(check_usable());
    TL_CHECK(!flush_in_flight_);
    FlushPlan plan{.covers = next_offset_, .generation = generation_};
    for (Offset base : unsynced_segments_) {
        if (auto at = segments_.find(base); at != segments_.end() && at->second->has_unsynced()) {
            TL_TRY_VOID(at->second->collect_unsynced(plan.data));
        }
    }
    plan.snapshots = std::exchange(unsynced_snapshots_, {});
    // Epochs below the durable offset must be in the file: recovery only looks for later ones.
    if (epochs_.is_dirty()) {
        plan.replace.push_back({fmt::format("{}/{}", directory_, kLeaderEpochCheckpoint), epochs_.encode()});
        epochs_.mark_written();
    }
    if (topic_id_is_dirty_) {
        plan.replace.push_back({fmt::format("{}/{}", directory_, kPartitionMetadata), encode_partition_metadata(*topic_id_)});
        topic_id_is_dirty_ = false;
    }
    if (names_are_dirty_ || !plan.replace.empty()) {
        plan.directories.push_back(directory_);
        names_are_dirty_ = false;
    }
    if (directory_is_new_) {
        plan.directories.emplace_back(runtime::parent_of(directory_));  // a roll meanwhile must still know, see roll_to()
        plan.is_first = true;
    }
    flush_in_flight_ = !plan.is_empty();
    return plan;
}

void PartitionLog::finish_flush(const FlushPlan& plan, const Result<>& outcome) {
    if (plan.is_empty()) {
        return;
    }
    TL_CHECK(flush_in_flight_);
    flush_in_flight_ = false;
    if (!outcome && !plan.has_begun && is_passing_shortage(outcome.error())) {
        put_off(plan);
        return;
    }
    if (!outcome) {
        TL_REACH("flush_failed");
        // The kernel has dropped the pages it could not write and will report success next time: never try again.
        (void)poison(outcome.error());
        return;
    }
    if (plan.is_first) {
        directory_is_new_ = false;
    }
    if (plan.generation != generation_) {
        return;
    }
    std::erase_if(unsynced_segments_, [&](Offset base) {
        auto at = segments_.find(base);
        if (at == segments_.end()) {
            return true;  // deleted meanwhile
        }
        at->second->mark_synced();
        return !at->second->has_unsynced();
    });
    durable_offset_ = std::max(durable_offset_, plan.covers);
}

// Nothing was synced: all of it is for the next flush.
void PartitionLog::put_off(const FlushPlan& plan) {
    unsynced_snapshots_.insert(unsynced_snapshots_.begin(), plan.snapshots.begin(), plan.snapshots.end());
    for (const FlushPlan::Replace& file : plan.replace) {
        if (file.path.ends_with(kPartitionMetadata)) {
            topic_id_is_dirty_ = true;
        } else {
            epochs_.mark_behind();
        }
    }
    names_are_dirty_ |= !plan.directories.empty();
}

Result<> PartitionLog::write_snapshot() {
    Offset offset = producers_.end_offset();
    if (!snapshots_.empty() && snapshots_.back() >= offset) {
        return {};
    }
    std::string path = segment_path(directory_, offset, kSnapshotSuffix);
    TL_TRY(file, cache_.files().open(path, runtime::OpenMode::create_or_truncate));
    names_are_dirty_ = true;
    Bytes content = encode_producer_snapshot(producers_.entries());
    if (auto written = file->write_at(0, content); !written) {
        (void)cache_.files().remove_file(path);
        return written;
    }
    unsynced_snapshots_.push_back(std::move(file));
    snapshots_.push_back(offset);
    return {};
}

Result<> PartitionLog::write_epochs() {
    if (!epochs_.is_dirty()) {
        return {};
    }
    TL_TRY_VOID(runtime::replace_file(cache_.files(), fmt::format("{}/{}", directory_, kLeaderEpochCheckpoint), epochs_.encode()));
    epochs_.mark_written();
    return {};
}

Result<FlushPlan> PartitionLog::begin_close() {
    TL_TRY_VOID(check_usable());
    TL_TRY_VOID(active().seal());
    producers_.set_end_offset(next_offset_);
    if (next_offset_ > log_start_offset_ || producers_.size() > 0) {
        TL_TRY_VOID(write_snapshot());
    }
    flush_in_flight_ = false;  // whoever ran one has been waited for
    return begin_flush();
}

Result<> PartitionLog::finish_close(const FlushPlan& plan, Result<> outcome) {
    finish_flush(plan, outcome);
    abandon();
    return outcome;
}

Result<> PartitionLog::close() {
    PartitionLog* logs[] = {this};
    return close_together(logs).front();
}

std::vector<Result<>> PartitionLog::close_together(std::span<PartitionLog* const> logs) {
    std::vector<Result<FlushPlan>> plans;
    std::vector<FlushPlan*> begun;
    plans.reserve(logs.size());
    for (PartitionLog* log : logs) {
        if (auto& plan = plans.emplace_back(log->begin_close())) {
            begun.push_back(&*plan);
        }
    }
    std::vector<Result<>> outcomes;
    if (logs.empty()) {
        return outcomes;
    }
    std::vector<Result<>> flushed = run_flushes(logs.front()->cache_.files(), begun);
    auto next = flushed.begin();
    for (std::size_t at = 0; at < logs.size(); ++at) {
        outcomes.push_back(plans[at] ? logs[at]->finish_close(*plans[at], *next++) : std::unexpected(plans[at].error()));
    }
    return outcomes;
}

void PartitionLog::abandon() {
    for (const auto& [base, segment] : segments_) {
        segment->forget_files();
    }
    if (!failed_) {
        failed_ = Error{ErrorCode::kafka_storage_error, "the log is closed", 0};
    }
}

}  // namespace tideline::log
