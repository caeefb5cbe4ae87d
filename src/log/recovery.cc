#include "log/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "base/log.h"
#include "base/reach.h"
#include "log/checkpoint_file.h"
#include "log/replay.h"
#include "runtime/fresh_reads.h"

namespace tideline::log {

namespace {

constexpr std::size_t kScanBytes = 256 << 10;
constexpr std::array kSegmentSuffixes{kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix, kTransactionIndexSuffix};

// The offset of a segment's file that also has this second suffix (".00…42.log.swap"), or of one without any.
std::optional<Offset> segment_file_offset(std::string_view name, std::string_view second_suffix) {
    if (!name.ends_with(second_suffix)) {
        return std::nullopt;
    }
    name.remove_suffix(second_suffix.size());
    for (std::string_view suffix : kSegmentSuffixes) {
        if (auto offset = offset_of_file(name, suffix)) {
            return offset;
        }
    }
    return std::nullopt;
}

// Whether the error says that the bytes are no batch, rather than that they could not be read.
bool is_bad_data(const Error& error) { return error.code != ErrorCode::kafka_storage_error; }

}  // namespace

// The files that count, once everything interrupted is finished.
struct Recovery::Listing {
    std::vector<Offset> bases;
    std::set<Offset> transaction_indexes;
    std::vector<Offset> snapshots;
};

Recovery::Recovery(PartitionLog& log, const OpenState& state, std::int64_t now_ms)
    : log_(log), state_(state), now_ms_(now_ms) {}

Result<> Recovery::run() {
    runtime::FileSystem& files = log_.cache_.files();
    TL_TRY_VOID(files.make_directories(log_.directory_));
    TL_TRY_VOID(check_topic_id());
    TL_TRY(listing, tidy());
    TL_TRY_VOID(load_segments(listing));
    TL_TRY_VOID(keep_useful_snapshots(listing));
    log_.log_start_offset_ = std::max(state_.log_start_offset, log_.segments_.begin()->first);
    TL_TRY_VOID(load_epochs());
    bool has_no_log = listing.bases.empty();
    TL_TRY_VOID(state_.clean_shutdown || has_no_log ? trust() : recover());
    TL_TRY_VOID(start_over_if_behind());
    log_.producers_.expire(now_ms_);
    log_.epochs_.truncate_from_end(log_.next_offset_);
    log_.epochs_.truncate_from_start(log_.log_start_offset_);
    // Making a thousand partitions shall not wait for three thousand syncs: there is nothing in them to lose.
    if (!has_no_log) {
        TL_TRY_VOID(state_.clean_shutdown || state_.sync_found ? make_durable() : leave_to_the_next_flush());
    }
    suspect_names_of_an_empty_segment();
    return {};
}

Result<> Recovery::check_topic_id() {
    TL_TRY(stored, read_partition_metadata(log_.cache_.files(), log_.directory_));
    log_.topic_id_ = stored ? stored : state_.topic_id;
    log_.topic_id_is_dirty_ = !stored && state_.topic_id;
    if (stored && state_.topic_id && *stored != *state_.topic_id) {
        return base::fail(ErrorCode::inconsistent_topic_id, "the directory belongs to a topic of another id");
    }
    return {};
}

// --- files ---

Result<Recovery::Listing> Recovery::tidy() {
    runtime::FileSystem& files = log_.cache_.files();
    TL_TRY(entries, files.list(log_.directory_));
    Offset first_cleaned = INT64_MAX;
    for (const auto& entry : entries) {
        if (auto offset = segment_file_offset(entry.name, kCleanedSuffix)) {
            first_cleaned = std::min(first_cleaned, *offset);
        }
    }
    std::vector<std::string> names;
    std::vector<std::string> swap_names;
    for (const auto& entry : entries) {
        // Snapshots of the metadata log (*.checkpoint.deleted) are not ours.
        bool is_deleted = entry.name.ends_with(kDeletedSuffix) && !entry.name.ends_with(".checkpoint.deleted");
        std::optional<Offset> swap = segment_file_offset(entry.name, kSwapSuffix);
        // A split that did not get to its end: its swap files start at or above what it had only cleaned so far.
        bool is_unfinished = swap && *swap >= first_cleaned;
        if (!entry.is_directory && (is_deleted || is_unfinished || segment_file_offset(entry.name, kCleanedSuffix))) {
            TL_TRY_VOID(files.remove_file(fmt::format("{}/{}", log_.directory_, entry.name)));
        } else if (swap) {
            swap_names.push_back(entry.name);
        } else {
            names.push_back(entry.name);
        }
    }
    if (!swap_names.empty()) {
        TL_TRY_VOID(finish_swap(swap_names, names));
        return tidy();
    }
    Listing listing;
    for (const std::string& name : names) {
        if (auto base = offset_of_file(name, kLogSuffix)) {
            listing.bases.push_back(*base);
        } else if (auto snapshot = offset_of_file(name, kSnapshotSuffix)) {
            listing.snapshots.push_back(*snapshot);
        }
    }
    for (const std::string& name : names) {
        auto offset = segment_file_offset(name, "");
        if (offset && !std::ranges::binary_search(listing.bases, *offset)) {
            TL_REACH("recovery_removed_orphan_index");
            TL_LOG_WARN("orphan_index_removed", {"partition", log_.name_}, {"file", name});
            TL_TRY_VOID(files.remove_file(fmt::format("{}/{}", log_.directory_, name)));
        } else if (auto base = offset_of_file(name, kTransactionIndexSuffix)) {
            listing.transaction_indexes.insert(*base);
        }
    }
    return listing;
}

// Compaction replaced old segments by the .swap files, which are complete and synced; the old ones may still be there.
Result<> Recovery::finish_swap(const std::vector<std::string>& swap_names, const std::vector<std::string>& names) {
    runtime::FileSystem& files = log_.cache_.files();
    auto path_of = [&](std::string_view name) { return fmt::format("{}/{}", log_.directory_, name); };
    Offset first = INT64_MAX;
    Offset end = INT64_MIN;
    for (const std::string& name : swap_names) {
        auto base = offset_of_file(name, std::string(kLogSuffix) + std::string(kSwapSuffix));
        if (!base) {
            continue;
        }
        TL_TRY(file, files.open(path_of(name), runtime::OpenMode::read));
        TL_TRY(size, file->size());
        first = std::min(first, *base);
        HeaderScanner scanner(*file, 0, size);
        while (true) {
            TL_TRY(batch, scanner.next());
            if (!batch) {
                break;
            }
            end = std::max(end, batch->header.next_offset());
        }
    }
    for (const std::string& name : names) {
        auto offset = segment_file_offset(name, "");
        if (offset && *offset >= first && *offset < end) {
            TL_TRY_VOID(files.remove_file(path_of(name)));
        }
    }
    for (const std::string& name : swap_names) {
        TL_TRY_VOID(files.rename(path_of(name), path_of(name.substr(0, name.size() - kSwapSuffix.size()))));
    }
    TL_LOG_INFO("swap_finished", {"partition", log_.name_}, {"files", swap_names.size()});
    return files.sync_dir(log_.directory_);
}

Result<> Recovery::load_segments(const Listing& listing) {
    for (Offset base : listing.bases) {
        TL_TRY(segment, Segment::open(log_.cache_, log_.unsynced_segments_, log_.directory_, base,
                                       listing.transaction_indexes.contains(base), now_ms_));
        log_.segments_.emplace(base, std::move(segment));
    }
    if (log_.segments_.empty()) {
        TL_TRY(segment, Segment::create(log_.cache_, log_.unsynced_segments_, log_.directory_, state_.log_start_offset, now_ms_));
        log_.segments_.emplace(state_.log_start_offset, std::move(segment));
    }
    return {};
}

// Nothing that was ever promised lies in it, so its name may be in memory only: of a process that was killed, or of an earlier
// try to make this log, given up half way. The next flush syncs it; until then there is nothing to lose.
void Recovery::suspect_names_of_an_empty_segment() {
    if (log_.active().size() == 0) {
        log_.names_are_dirty_ = true;
        log_.directory_is_new_ = true;
    }
}

// Snapshots at the start of a segment, and the newest one if it lies behind all of them.
Result<> Recovery::keep_useful_snapshots(const Listing& listing) {
    Offset last_base = log_.segments_.rbegin()->first;
    for (Offset offset : listing.snapshots) {
        bool is_newest = offset == listing.snapshots.back() && offset > last_base;
        if (is_newest || log_.segments_.contains(offset)) {
            log_.snapshots_.push_back(offset);
        } else {
            TL_REACH("recovery_removed_snapshot");
            TL_TRY_VOID(log_.cache_.files().remove_file(segment_path(log_.directory_, offset, kSnapshotSuffix)));
        }
    }
    return {};
}

Result<> Recovery::load_epochs() {
    std::string path = fmt::format("{}/{}", log_.directory_, kLeaderEpochCheckpoint);
    auto content = runtime::read_file(log_.cache_.files(), path);
    auto epochs = content ? LeaderEpochs::decode(*content) : std::unexpected(content.error());
    if (epochs) {
        log_.epochs_ = std::move(*epochs);
        return {};
    }
    if (content || content.error().detail != ENOENT) {
        TL_LOG_WARN("epochs_rebuilt", {"partition", log_.name_}, {"why", epochs.error().note});
    }
    // The batches know their epochs, too.
    for (const auto& [base, segment] : log_.segments_) {
        TL_TRY(file, segment->file());
        HeaderScanner scanner(*file, 0, segment->size());
        while (true) {
            auto batch = scanner.next();
            if (!batch || !*batch) {
                break;  // a torn end is the business of the scan that follows
            }
            if ((*batch)->header.leader_epoch > log_.epochs_.latest().value_or(kNoEpoch)) {
                log_.epochs_.assign((*batch)->header.leader_epoch, (*batch)->header.base_offset);
            }
        }
    }
    return {};
}

// --- clean ---

Result<> Recovery::trust() {
    auto believed = believe();
    if (believed || !is_bad_data(believed.error())) {
        return believed;
    }
    TL_LOG_ERROR("clean_stop_contradicted", {"partition", log_.name_}, {"why", believed.error().note}, {"detail", believed.error().detail});
    return recover();
}

Result<> Recovery::believe() {
    TL_TRY(end, log_.active().find_next_offset());
    log_.next_offset_ = end;
    log_.durable_offset_ = end;
    TL_TRY_VOID(log_.drop_snapshots_above(end));
    return log_.rebuild_producers(end, now_ms_);
}

// --- unclean ---

Result<> Recovery::recover() {
    buffer_.resize(kScanBytes);
    // Segments that lie wholly before the log start are waiting for their deletion, of which a crash may have left any part.
    // The one whose records end at the recovery point is not before it: it was rolled after that, and its indexes perhaps never
    // synced. Nobody would miss what is gone from the index of aborted transactions.
    auto at = log_.segment_of(std::max(state_.recovery_point - 1, log_.log_start_offset_));
    TL_TRY_VOID(log_.rebuild_producers(at->first, now_ms_));
    while (true) {
        Segment& segment = *at->second;
        auto next = std::next(at);
        bool is_last = next == log_.segments_.cend();
        TL_TRY(reaches_past, reaches_past_recovery_point(segment));
        if (reaches_past && state_.sync_found) {
            // The process before may have died of a sync that failed: then memory holds what the disk never got.
            TL_TRY(file, segment.file());
            TL_TRY_VOID(runtime::read_afresh(*file));
        }
        TL_TRY(scanned, recover_segment(segment, is_last, is_last ? INT64_MAX : next->first));
        log_.next_offset_ = scanned.next_offset;
        // The end of a segment may be lost without a trace when the next one reached the disk before it. After compaction
        // such gaps are normal, and stay when the policy changes.
        bool has_gap = !is_last && next->first > scanned.next_offset && scanned.next_offset >= state_.recovery_point &&
                       !log_.config_.cleanup_compact && !state_.was_compacted;
        // What an append that failed has left behind the last batch of a sealed segment holds no records: the next segment
        // goes on where that batch ended.
        bool lost_end = scanned.was_cut && (is_last || next->first != scanned.next_offset);
        if (lost_end || has_gap) {
            TL_REACH("recovery_cut_torn_end");
            TL_LOG_WARN("torn_end_cut", {"partition", log_.name_}, {"next_offset", scanned.next_offset},
                        {"segments_dropped", std::distance(next, log_.segments_.cend())});
            TL_TRY_VOID(log_.remove_segments_after(segment.base()));
            break;
        }
        if (is_last) {
            break;
        }
        TL_TRY_VOID(segment.seal());
        at = next;
    }
    log_.producers_.set_end_offset(log_.next_offset_);
    buffer_ = {};
    return log_.drop_snapshots_above(log_.next_offset_);
}

// Whether there is anything that no checkpoint has called durable. A log that was idle has nothing to sync.
Result<bool> Recovery::reaches_past_recovery_point(Segment& segment) {
    TL_TRY(file, segment.file());
    HeaderScanner scanner(*file, 0, segment.size());
    for (Offset end = segment.base(); end <= state_.recovery_point;) {
        auto batch = scanner.next();
        if (!batch && !is_bad_data(batch.error())) {
            return std::unexpected(batch.error());
        }
        if (!batch) {
            return true;
        }
        if (!*batch) {
            return false;
        }
        end = (*batch)->header.next_offset();
    }
    return true;
}

Result<Recovery::Scanned> Recovery::recover_segment(Segment& segment, bool is_last, Offset next_base) {
    TL_TRY_VOID(segment.reset_indexes());
    TL_TRY_VOID(segment.transactions().reset());
    TL_TRY(file, segment.file());
    FileWindow window(*file, segment.size(), buffer_);
    Scanned scanned{.next_offset = segment.base()};
    bool after_damage = false;
    for (std::uint64_t at = 0; at < segment.size();) {
        TL_TRY(batch, check_at(window, segment, at, scanned.next_offset));
        if (batch) {
            TL_TRY_VOID(accept(segment, *batch, after_damage));
            after_damage = false;
            scanned.next_offset = batch->header.next_offset();
            at = batch->end();
            continue;
        }
        if (scanned.next_offset >= state_.recovery_point) {
            TL_REACH("recovery_cut_torn_batch");
            TL_LOG_WARN("torn_batch_cut", {"partition", log_.name_}, {"segment", segment.base()}, {"position", at},
                        {"bytes", segment.size() - at});
            TL_TRY_VOID(segment.truncate_bytes(at));
            scanned.was_cut = true;
            break;
        }
        TL_TRY(resume, find_next_valid(window, segment, at, scanned.next_offset));
        DamagedBytes damage{at, resume, scanned.next_offset, is_last ? state_.recovery_point : next_base};
        if (resume < segment.size()) {
            TL_TRY(next, read_header_at(window, resume));
            damage.next_offset = next->header.base_offset;
        }
        TL_LOG_ERROR("durable_records_damaged", {"partition", log_.name_}, {"segment", segment.base()}, {"position", at},
                     {"first_offset", damage.first_offset}, {"next_offset", damage.next_offset});
        segment.add_damage(damage);
        scanned.next_offset = damage.next_offset;
        at = resume;
        after_damage = true;
    }
    if (scanned.next_offset > state_.recovery_point) {
        // Seen by us, but perhaps only in the page cache of a machine that did not lose power: the names as well as the data.
        segment.mark_unsynced();
        log_.names_are_dirty_ = true;
        log_.directory_is_new_ = true;
    }
    return scanned;
}

// The batch at `position` if it is whole, sound and where it should be; nullopt if it is not.
Result<std::optional<FoundBatch>> Recovery::check_at(FileWindow& window, const Segment& segment, std::uint64_t position,
                                                     Offset expected) {
    auto found = read_header_at(window, position);
    if (!found) {
        return is_bad_data(found.error()) ? Result<std::optional<FoundBatch>>(std::nullopt) : found;
    }
    if (!*found || (*found)->header.base_offset < expected || !segment.can_hold((*found)->header.last_offset())) {
        return std::optional<FoundBatch>();
    }
    auto sound = verify_batch(window, **found);
    if (!sound && !is_bad_data(sound.error())) {
        return std::unexpected(sound.error());
    }
    return sound ? *found : std::nullopt;
}

Result<> Recovery::accept(Segment& segment, const FoundBatch& batch, bool after_damage) {
    // A lookup must not have to walk through the damage: the batch behind it gets an entry, and so the next one does.
    segment.add_to_indexes(batch.header, batch.position, log_.config_.index_interval_bytes, after_damage);
    if (batch.header.leader_epoch > log_.epochs_.latest().value_or(kNoEpoch)) {
        log_.epochs_.assign(batch.header.leader_epoch, batch.header.base_offset);
    }
    TL_TRY(aborted, replay_batch(segment, batch, log_.producers_));
    if (aborted) {
        TL_TRY_VOID(segment.transactions().append(*aborted));
    }
    return {};
}

// Where the next sound batch starts after the bad one at `position`, or the segment's end.
Result<std::uint64_t> Recovery::find_next_valid(FileWindow& window, const Segment& segment, std::uint64_t position,
                                                Offset expected) {
    // First where its length points to: a payload may contain bytes that look like a batch.
    if (auto bad = read_header_at(window, position); bad && *bad) {
        TL_TRY(next, check_at(window, segment, (*bad)->end(), expected + 1));
        if (next) {
            return next->position;
        }
    }
    for (std::uint64_t at = position + 1; at + record::kBatchHeaderBytes <= segment.size(); ++at) {
        TL_TRY(bytes, window.view(at, record::kBatchHeaderBytes));
        if (bytes.size() < record::kBatchHeaderBytes || bytes[record::position::magic] != record::kMagic) {
            continue;
        }
        TL_TRY(next, check_at(window, segment, at, expected + 1));
        if (next) {
            return at;
        }
    }
    return segment.size();
}

// --- both ---

// Files have vanished, or the log start was checkpointed and the data before it never was: nothing here is wanted.
Result<> Recovery::start_over_if_behind() {
    if (log_.next_offset_ >= state_.log_start_offset) {
        return {};
    }
    TL_REACH("recovery_started_log_over");
    TL_LOG_WARN("log_ends_before_its_start", {"partition", log_.name_}, {"next_offset", log_.next_offset_},
                {"log_start_offset", state_.log_start_offset});
    return log_.truncate_fully_and_start_at(state_.log_start_offset);
}

Result<> Recovery::leave_to_the_next_flush() {
    log_.durable_offset_ = std::max(log_.log_start_offset_, std::min(state_.recovery_point, log_.next_offset_));
    return {};
}

Result<> Recovery::make_durable() {
    TL_TRY(plan, log_.begin_flush());
    Result<> outcome = run_flush(log_.cache_.files(), plan);
    log_.finish_flush(plan, outcome);
    log_.durable_offset_ = log_.next_offset_;
    return outcome;
}

Result<std::unique_ptr<PartitionLog>> PartitionLog::open(FileCache& cache, std::string directory, std::string name,
                                                         const LogConfig& config, const OpenState& state,
                                                         const ProducerStateConfig& producers, std::int64_t now_ms) {
    std::unique_ptr<PartitionLog> log(new PartitionLog(cache, std::move(directory), std::move(name), config, producers));
    TL_TRY_VOID(Recovery(*log, state, now_ms).run());
    return log;
}

}  // namespace tideline::log
