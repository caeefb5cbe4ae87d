#include "log/partition_log.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "base/reach.h"
#include "log/batch_scanner.h"
#include "log/replay.h"
#include "log/segment.h"
#include "record/record.h"

namespace tideline::log {

// A batch as it will stand in the log: its own header, the caller's records.
struct PartitionLog::StampedBatch {
    record::BatchHeader header;
    std::array<std::uint8_t, record::kBatchHeaderBytes> header_bytes;
    ByteView records;
    std::optional<record::EndTxnMarker> marker;  // of a transaction's control batch

    // A control batch that compaction emptied stands for a transaction that is gone: nothing to track.
    bool is_tracked() const { return header.has_producer_id() && (!header.is_control() || marker); }
};

namespace {

bool assigns_offsets(AppendOrigin origin) { return origin == AppendOrigin::client || origin == AppendOrigin::coordinator; }

}  // namespace

PartitionLog::PartitionLog(FileCache& cache, std::string directory, std::string name, const LogConfig& config,
                           const ProducerStateConfig& producers)
    : cache_(cache),
      directory_(std::move(directory)),
      name_(std::move(name)),
      config_(config),
      producers_(producers),
      producer_id_expiration_ms_(producers.producer_id_expiration_ms),
      verifications_(producers.max_producers) {}

PartitionLog::~PartitionLog() = default;

Result<> PartitionLog::check_usable() const {
    if (failed_) {
        return std::unexpected(*failed_);
    }
    return {};
}

std::unexpected<Error> PartitionLog::poison(const Error& why) {
    if (!failed_) {
        failed_ = Error{ErrorCode::kafka_storage_error, why.note, why.detail};
        TL_LOG_ERROR("log_failed", {"partition", name_}, {"why", why.note}, {"detail", why.detail});
    }
    return std::unexpected(*failed_);
}

PartitionLog::Segments::const_iterator PartitionLog::segment_of(Offset offset) const {
    auto after = segments_.upper_bound(offset);
    return after == segments_.begin() ? after : std::prev(after);
}

Offset PartitionLog::end_of(Segments::const_iterator segment) const {
    auto next = std::next(segment);
    return next == segments_.end() ? next_offset_ : next->first;
}

// --- append ---

Result<PartitionLog::StampedBatch> PartitionLog::stamp(ByteView bytes, const AppendOptions& options) const {
    TL_TRY(view, record::read_batch(bytes));
    if (view.bytes.size() != bytes.size()) {
        return base::fail(ErrorCode::corrupt_message, "more than one batch in an append", static_cast<std::int64_t>(bytes.size()));
    }
    // What coordinators write cannot be refused: a transaction whose end has no place would never end. They bound it themselves.
    if (options.origin == AppendOrigin::client && bytes.size() > static_cast<std::size_t>(config_.max_message_bytes)) {
        return base::fail(ErrorCode::message_too_large, "a batch is larger than max.message.bytes",
                          static_cast<std::int64_t>(bytes.size()));
    }
    if (bytes.size() > static_cast<std::size_t>(config_.segment_bytes)) {
        return base::fail(ErrorCode::record_list_too_large, "a batch is larger than segment.bytes",
                          static_cast<std::int64_t>(bytes.size()));
    }
    StampedBatch batch{view.header, {}, view.records(), std::nullopt};
    std::ranges::copy(bytes.first(record::kBatchHeaderBytes), batch.header_bytes.begin());
    if (assigns_offsets(options.origin)) {
        batch.header.base_offset = next_offset_;
        batch.header.leader_epoch = options.leader_epoch;
        if (config_.message_timestamp_type == record::TimestampType::log_append_time) {
            batch.header.attributes |= record::kLogAppendTimeBit;
            batch.header.max_timestamp = options.now_ms;
        }
        record::write_batch_header(batch.header_bytes, batch.header);
        if (batch.header.attributes != view.header.attributes || batch.header.max_timestamp != view.header.max_timestamp) {
            std::uint32_t crc = base::crc32c(ByteView(batch.header_bytes).subspan(record::position::attributes));
            batch.header.crc = base::crc32c(batch.records, crc);
            record::write_batch_header(batch.header_bytes, batch.header);
        }
    } else if (batch.header.base_offset < next_offset_) {
        return base::fail(ErrorCode::offset_out_of_range, "a given offset lies before the end of the log", batch.header.base_offset);
    }
    TL_TRY_VOID(record::check_stored_batch(batch.header));
    if (batch.header.is_control() && batch.header.has_producer_id()) {
        TL_TRY(marker, read_marker({batch.header, bytes}));
        batch.marker = marker;
    }
    return batch;
}

// H13: what is not part of a transaction that is known to be open would never be ended.
Result<ProducerUpdate> PartitionLog::check_producer(const StampedBatch& batch, const AppendOptions& options) const {
    const record::BatchHeader& header = batch.header;
    if (header.is_transactional() && assigns_offsets(options.origin) &&
        !producers_.has_open_transaction(header.producer_id, header.producer_epoch)) {
        const ProducerEntry* known = producers_.find(header.producer_id);
        if (known != nullptr && header.producer_epoch < known->producer_epoch) {
            return base::fail(ErrorCode::invalid_producer_epoch, "the producer epoch is older than the newest one seen",
                              known->producer_epoch);
        }
        if (!header.is_control() && !verifications_.allows(header.producer_id, options.guard)) {
            TL_REACH("append_outside_of_a_transaction");
            return base::fail(ErrorCode::invalid_txn_state, "the batch is not part of a transaction known to be open",
                              header.producer_id);
        }
    }
    return producers_.check(header, batch.marker, options.origin, options.transaction_version, verifications_.find(header.producer_id));
}

Result<VerificationGuard> PartitionLog::begin_verification(const VerificationRequest& request) {
    TL_TRY_VOID(check_usable());
    const ProducerEntry* known = producers_.find(request.producer_id);
    if (known != nullptr && request.producer_epoch < known->producer_epoch) {
        return base::fail(ErrorCode::invalid_producer_epoch, "the producer epoch is older than the newest one seen",
                          known->producer_epoch);
    }
    if (producers_.has_open_transaction(request.producer_id, request.producer_epoch)) {
        return kNoGuard;
    }
    return verifications_.begin(request);
}

void PartitionLog::set_producer_id_expiration(std::int64_t producer_id_expiration_ms) {
    producer_id_expiration_ms_ = producer_id_expiration_ms;
    producers_.set_expiration_ms(producer_id_expiration_ms);
}

std::size_t PartitionLog::expire_producers(std::int64_t now_ms) {
    verifications_.expire(now_ms, producer_id_expiration_ms_);
    return producers_.expire(now_ms);
}

Result<AppendInfo> PartitionLog::append(ByteView bytes, const AppendOptions& options) {
    TL_TRY_VOID(check_usable());
    TL_TRY(batch, stamp(bytes, options));
    std::optional<ProducerUpdate> update;
    if (batch.is_tracked()) {
        if (options.origin == AppendOrigin::client) {
            if (auto first_time = producers_.find_duplicate(batch.header)) {
                TL_REACH("append_was_a_repetition");
                return AppendInfo{first_time->first_offset(), first_time->last_offset, first_time->timestamp, log_start_offset_, true};
            }
        }
        TL_TRY(checked, check_producer(batch, options));
        update = checked;
    }
    std::optional<AbortedTransaction> aborted = update ? producers_.aborted_by(*update) : std::nullopt;
    auto written = make_room(batch, options.now_ms);
    if (written) {
        written = aborted ? write_marker(batch, *aborted, options.now_ms) : write(batch, options.now_ms);
    }
    if (!written) {
        if (update && options.origin == AppendOrigin::client) {
            producers_.not_written(batch.header);
        }
        return std::unexpected(written.error());
    }
    if (update) {
        if (batch.header.is_transactional()) {
            verifications_.note_written(batch.header);
        }
        (void)producers_.apply(*update);
    }
    producers_.set_end_offset(next_offset_);
    bool stamped_time = assigns_offsets(options.origin) && config_.message_timestamp_type == record::TimestampType::log_append_time;
    return AppendInfo{batch.header.base_offset, batch.header.last_offset(), stamped_time ? options.now_ms : -1, log_start_offset_, false};
}

Result<> PartitionLog::make_room(const StampedBatch& batch, std::int64_t now_ms) {
    const record::BatchHeader& header = batch.header;
    TL_TRY(full, active().should_roll(config_, roll_jitter_ms(active().base()), header.size_in_bytes(), header.max_timestamp,
                                      header.last_offset(), now_ms));
    if (full) {
        TL_TRY_VOID(roll_to(header.base_offset, now_ms));
    }
    return {};
}

Result<> PartitionLog::write(const StampedBatch& batch, std::int64_t now_ms) {
    Segment& segment = active();
    if (auto written = segment.append(batch.header, batch.header_bytes, batch.records, config_.index_interval_bytes, now_ms); !written) {
        // Once, not for each retry of each client, until an append succeeds again.
        if (!append_is_failing_) {
            TL_LOG_ERROR("append_failed", {"partition", name_}, {"directory", directory_}, {"error", base::to_string(written.error())},
                         {"errno", written.error().detail});
        }
        append_is_failing_ = true;
        return segment.is_broken() ? Result<>(poison(written.error()))
                                   : base::fail(ErrorCode::kafka_storage_error, written.error().note, written.error().detail);
    }
    if (append_is_failing_) {
        TL_REACH("append_succeeded_after_failures");
        TL_LOG_INFO("append_recovered", {"partition", name_});
        append_is_failing_ = false;
    }
    next_offset_ = batch.header.next_offset();
    if (batch.header.leader_epoch >= 0) {
        epochs_.assign(batch.header.leader_epoch, batch.header.base_offset);
    }
    return {};
}

// The row goes before its marker: readers would see aborted records if it went missing, and a marker that is written cannot be refused
// any more. A row without its marker does no harm, since nobody reads that far; the marker comes again, and its row with it.
Result<> PartitionLog::write_marker(const StampedBatch& batch, const AbortedTransaction& aborted, std::int64_t now_ms) {
    TransactionIndex& index = active().transactions();
    names_are_dirty_ |= !index.exists();  // its file is there then, even if the row is not
    TL_TRY_VOID(index.append(aborted));
    auto written = write(batch, now_ms);
    if (!written) {
        (void)index.truncate_to(batch.header.base_offset);
    }
    return written;
}

Result<> PartitionLog::assign_epoch(LeaderEpoch epoch, Offset start) {
    TL_TRY_VOID(check_usable());
    epochs_.assign(epoch, start);
    return {};
}

// --- rolling ---

std::int64_t PartitionLog::roll_jitter_ms(Offset base) const {
    std::int64_t most = std::min(config_.segment_jitter_ms, config_.segment_ms);
    if (most <= 0) {
        return 0;
    }
    // Spreads the rolls of many partitions; the same segment gets the same jitter after a restart, too.
    std::uint64_t mixed = std::hash<std::string>{}(name_) ^ (static_cast<std::uint64_t>(base) * 0x9e3779b97f4a7c15ull);
    mixed ^= mixed >> 31;
    return static_cast<std::int64_t>(mixed % static_cast<std::uint64_t>(most));
}

Result<> PartitionLog::roll(std::int64_t now_ms) {
    TL_TRY_VOID(check_usable());
    return active().size() == 0 ? Result<>() : roll_to(next_offset_, now_ms);
}

Result<> PartitionLog::roll_to(Offset base, std::int64_t now_ms) {
    TL_CHECK(base >= next_offset_);
    Segment& old = active();
    if (old.size() == 0 && old.base() == base) {
        return {};
    }
    if (old.size() > 0) {
        TL_TRY_VOID(old.seal());
    }
    if (directory_is_new_) {
        // Were a crash to keep the second segment's name without the first one's, the log would seem to begin there.
        TL_TRY_VOID(cache_.files().sync_dir(directory_));
        TL_TRY_VOID(cache_.files().sync_dir(runtime::parent_of(directory_)));
        directory_is_new_ = false;
    }
    TL_TRY(fresh, Segment::create(cache_, unsynced_segments_, directory_, base, now_ms));
    names_are_dirty_ = true;
    if (old.size() == 0) {
        // Offsets jumped further than an index of this segment could say, and nothing was written to it.
        std::vector<std::string> paths = old.paths();
        old.forget_files();
        segments_.erase(old.base());
        for (const std::string& path : paths) {
            (void)cache_.files().remove_file(path);
        }
    }
    segments_.emplace(base, std::move(fresh));
    producers_.set_end_offset(base);
    if (auto written = write_snapshot(); !written) {
        // Only costs the next start a longer replay.
        TL_REACH("roll_without_snapshot");
        TL_LOG_WARN("snapshot_failed", {"partition", name_}, {"offset", base}, {"errno", written.error().detail});
    }
    return {};
}

// --- read ---

Result<FetchSlice> PartitionLog::read(Offset from, std::size_t max_bytes, Offset limit, bool at_least_one_batch) {
    TL_TRY_VOID(check_usable());
    if (from < log_start_offset_ || from > next_offset_) {
        return base::fail(ErrorCode::offset_out_of_range, "no such offset in the log", from);
    }
    limit = std::min(limit, next_offset_);
    FetchSlice nothing{.first_offset = from, .next_offset = from};
    if (from >= limit) {
        return nothing;
    }
    for (auto at = segment_of(from); at != segments_.end(); ++at) {
        Segment& segment = *at->second;
        for (const DamagedBytes& damage : segment.damage()) {
            if (from >= damage.first_offset && from < damage.next_offset) {
                return base::fail(ErrorCode::corrupt_message, "the records at this offset are damaged on disk", from);
            }
        }
        TL_TRY(range, segment.find_range(from, max_bytes, limit, end_of(at), at_least_one_batch));
        if (!range) {
            continue;  // compaction may have emptied the end of a segment
        }
        nothing.readable_bytes = range->readable_bytes;
        nothing.goes_on_in_later_segments = range->readable_bytes > 0 && limit > end_of(at);
        if (range->size == 0) {
            return nothing;
        }
        TL_TRY(file, segment.file());
        return FetchSlice{.file = file,
                          .position = range->position,
                          .size = range->size,
                          .first_offset = range->first_offset,
                          .next_offset = range->next_offset,
                          .readable_bytes = nothing.readable_bytes,
                          .goes_on_in_later_segments = nothing.goes_on_in_later_segments};
    }
    return nothing;
}

Result<std::vector<AbortedTransaction>> PartitionLog::aborted_transactions(Offset from, Offset to) {
    TL_TRY_VOID(check_usable());
    std::vector<AbortedTransaction> found;
    for (auto at = segment_of(from); at != segments_.end(); ++at) {
        TL_TRY(complete, at->second->transactions().collect(from, to, found));
        if (complete) {
            break;
        }
    }
    return found;
}

Result<std::optional<TimestampedOffset>> PartitionLog::offset_for_timestamp(std::int64_t timestamp) {
    TL_TRY_VOID(check_usable());
    for (auto at = segment_of(log_start_offset_); at != segments_.end(); ++at) {
        TL_TRY(max, at->second->max_timestamp());
        if (max.timestamp < timestamp) {
            continue;
        }
        LeaderEpoch epoch = kNoEpoch;
        TL_TRY(found, at->second->find_timestamp(timestamp, log_start_offset_, epoch));
        if (found) {
            return std::optional(TimestampedOffset{found->timestamp, found->offset, epoch});
        }
    }
    return std::optional<TimestampedOffset>();
}

Result<std::optional<TimestampedOffset>> PartitionLog::offset_of_max_timestamp() {
    TL_TRY_VOID(check_usable());
    Segment* holder = nullptr;
    TimestampOffset max;
    for (const auto& [base, segment] : segments_) {
        TL_TRY(candidate, segment->max_timestamp());
        if (candidate.timestamp > max.timestamp) {
            max = candidate;
            holder = segment.get();
        }
    }
    if (holder == nullptr) {
        return std::optional<TimestampedOffset>();
    }
    TL_TRY(batch, holder->find_batch_of_max(max));
    if (!batch) {
        return std::optional<TimestampedOffset>();
    }
    LeaderEpoch epoch = batch->header.leader_epoch;
    TL_TRY(found, holder->find_timestamp(max.timestamp, batch->header.base_offset, epoch));
    if (!found) {
        return std::optional<TimestampedOffset>();
    }
    return std::optional(TimestampedOffset{found->timestamp, found->offset, epoch});
}

TimestampedOffset PartitionLog::earliest() const {
    auto first = epochs_.earliest();
    bool is_known = first && first->start_offset <= log_start_offset_;
    return {-1, log_start_offset_, is_known ? first->epoch : kNoEpoch};
}

TimestampedOffset PartitionLog::latest() const { return {-1, next_offset_, epochs_.latest().value_or(kNoEpoch)}; }

Offset PartitionLog::last_stable_offset(Offset high_watermark) {
    auto unstable = producers_.first_unstable_offset(high_watermark);
    return unstable && *unstable < high_watermark ? std::max(*unstable, log_start_offset_) : high_watermark;
}

LogSizes PartitionLog::sizes() const {
    LogSizes sizes{.segment_count = segments_.size(),
                   .producer_count = producers_.size(),
                   .evicted_producers_total = producers_.evicted_total()};
    for (const auto& [base, segment] : segments_) {
        sizes.size_in_bytes += static_cast<std::int64_t>(segment->size());
    }
    return sizes;
}

}  // namespace tideline::log
