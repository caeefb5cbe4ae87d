#include "log/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <limits>

#include "base/check.h"
#include "base/log.h"
#include "base/reach.h"
#include "record/record.h"

namespace tideline::log {

std::string segment_path(std::string_view directory, Offset base, std::string_view suffix) {
    return fmt::format("{}/{:020}{}", directory, base, suffix);
}

std::optional<Offset> offset_of_file(std::string_view name, std::string_view suffix) {
    constexpr std::size_t kDigits = 20;
    if (name.size() != kDigits + suffix.size() || !name.ends_with(suffix)) {
        return std::nullopt;
    }
    Offset offset = 0;
    auto [end, error] = std::from_chars(name.data(), name.data() + kDigits, offset);
    if (error != std::errc() || end != name.data() + kDigits || offset < 0) {
        return std::nullopt;
    }
    return offset;
}

Segment::Segment(FileCache& cache, std::set<Offset>& unsynced, std::string_view directory, Offset base, bool has_transaction_index,
                 std::int64_t now_ms)
    : cache_(&cache),
      unsynced_(&unsynced),
      base_(base),
      log_path_(segment_path(directory, base, kLogSuffix)),
      offset_index_(cache, segment_path(directory, base, kOffsetIndexSuffix), base),
      time_index_(cache, segment_path(directory, base, kTimeIndexSuffix), base),
      transactions_(cache, segment_path(directory, base, kTransactionIndexSuffix), has_transaction_index),
      created_ms_(now_ms),
      last_change_ms_(now_ms),
      max_{-1, base} {}

Result<std::unique_ptr<Segment>> Segment::create(FileCache& cache, std::set<Offset>& unsynced, std::string_view directory, Offset base,
                                                 std::int64_t now_ms) {
    std::unique_ptr<Segment> segment(new Segment(cache, unsynced, directory, base, false, now_ms));
    TL_TRY(log, cache.create(segment->log_path_));
    (void)log;
    Result<> made = segment->offset_index_.create();
    if (made) {
        made = segment->time_index_.create();
    }
    if (!made) {
        for (const std::string& path : segment->paths()) {
            cache.forget(path);
            (void)cache.files().remove_file(path);
        }
        return std::unexpected(made.error());
    }
    segment->indexes_loaded_ = true;
    return segment;
}

Result<std::unique_ptr<Segment>> Segment::open(FileCache& cache, std::set<Offset>& unsynced, std::string_view directory, Offset base,
                                               bool has_transaction_index, std::int64_t now_ms) {
    std::unique_ptr<Segment> segment(new Segment(cache, unsynced, directory, base, has_transaction_index, now_ms));
    TL_TRY(file, cache.open(segment->log_path_));
    TL_TRY(size, file->size());
    segment->size_ = size;
    segment->synced_size_ = size;
    return segment;
}

Result<std::shared_ptr<runtime::File>> Segment::file() {
    if (pinned_) {
        return pinned_;
    }
    return cache_->open(log_path_);
}

// --- appending ---

Result<> Segment::append(const record::BatchHeader& batch, ByteView header, ByteView records, std::int32_t index_interval_bytes,
                         std::int64_t now_ms) {
    TL_CHECK(can_hold(batch.last_offset()) && !is_broken_);
    TL_TRY_VOID(load_indexes());
    if (!pinned_) {
        TL_TRY(opened, cache_->open(log_path_));
        pinned_ = opened;
    }
    ByteView parts[] = {header, records};
    if (auto written = pinned_->write_at(size_, parts); !written) {
        // What reached the file must not be taken for a batch by anybody, recovery included.
        is_broken_ = !pinned_->truncate(size_);
        return written;
    }
    add_to_indexes(batch, size_, index_interval_bytes);
    if (!has_unsynced()) {
        unsynced_->insert(base_);
    }
    if (size_ == 0) {
        first_timestamp_ = batch.max_timestamp;
    }
    size_ += header.size() + records.size();
    last_change_ms_ = now_ms;
    return {};
}

void Segment::add_to_indexes(const record::BatchHeader& batch, std::uint64_t position, std::int32_t index_interval_bytes,
                             bool force_entry) {
    indexes_changed_ = true;
    if (batch.max_timestamp > max_.timestamp) {
        max_ = {batch.max_timestamp, batch.last_offset()};
    }
    if (bytes_since_index_entry_ > index_interval_bytes || (force_entry && position > 0)) {
        offset_index_.append(batch.last_offset(), static_cast<std::uint32_t>(position));
        time_index_.append(max_.timestamp, max_.offset);
        bytes_since_index_entry_ = 0;
    }
    bytes_since_index_entry_ += static_cast<std::int64_t>(batch.size_in_bytes());
}

Result<> Segment::load_first_timestamp() {
    if (first_timestamp_ || size_ == 0) {
        return {};
    }
    TL_TRY(log, file());
    HeaderScanner scanner(*log, 0, size_, damage_);
    TL_TRY(first, scanner.next());
    if (first) {
        first_timestamp_ = first->header.max_timestamp;
    }
    return {};
}

Result<bool> Segment::should_roll(const LogConfig& config, std::int64_t jitter_ms, std::size_t batch_bytes,
                                  std::int64_t max_timestamp, Offset last_offset, std::int64_t now_ms) {
    TL_TRY_VOID(load_indexes());
    TL_TRY_VOID(load_first_timestamp());
    bool counts_records = first_timestamp_.value_or(-1) >= 0;
    std::int64_t waited_ms = counts_records ? max_timestamp - *first_timestamp_ : now_ms - created_ms_;
    return size_ + batch_bytes > static_cast<std::uint64_t>(config.segment_bytes) ||
           (size_ > 0 && waited_ms > config.segment_ms - jitter_ms) || offset_index_.is_full(config.segment_index_bytes) ||
           time_index_.is_full(config.segment_index_bytes) || !can_hold(last_offset);
}

Result<> Segment::seal() {
    if (!indexes_changed_) {
        return {};
    }
    time_index_.append(max_.timestamp, max_.offset);
    TL_TRY_VOID(offset_index_.entries().write_pending());
    TL_TRY_VOID(time_index_.entries().write_pending());
    indexes_unsynced_ = true;
    indexes_syncing_ = false;  // what a flush has in hand is not what is there now
    unsynced_->insert(base_);
    indexes_changed_ = false;
    return {};
}

// --- indexes ---

Result<> Segment::load_indexes() {
    if (indexes_loaded_) {
        return {};
    }
    Result<> loaded = offset_index_.load(size_);
    if (loaded) {
        loaded = time_index_.load();
    }
    if (!loaded) {
        bool can_rebuild = loaded.error().detail == ENOENT || loaded.error().detail == EILSEQ;
        return can_rebuild ? rebuild_indexes(loaded.error().note) : loaded;
    }
    TL_TRY_VOID(rebuild_unless_right());
    max_ = time_index_.last();
    indexes_loaded_ = true;
    return {};
}

// Looks at the ends of both indexes, as far as a start believes them.
Result<> Segment::rebuild_unless_right() {
    TL_TRY(right, last_entry_is_right());
    if (!right) {
        return rebuild_indexes("the last entry does not point to its batch");
    }
    TL_TRY(right_time, last_time_is_right());
    return right_time ? Result<>() : rebuild_indexes("the last time is not that of its batch");
}

Result<bool> Segment::last_entry_is_right() {
    OffsetPosition last = offset_index_.last();
    if (offset_index_.count() == 0) {
        return true;
    }
    TL_TRY(log, file());
    HeaderScanner scanner(*log, last.position, size_);
    auto batch = scanner.next();
    if (!batch && batch.error().code == ErrorCode::kafka_storage_error) {
        return std::unexpected(batch.error());
    }
    return batch && *batch && (*batch)->header.last_offset() == last.offset;
}

// Retention goes by the last time: of an index that a crash left full of zeros it would be 1970.
Result<bool> Segment::last_time_is_right() {
    if (time_index_.count() == 0) {
        return true;
    }
    TimestampOffset last = time_index_.last();
    TL_TRY(start, offset_index_.lookup(last.offset));
    TL_TRY(log, file());
    HeaderScanner scanner(*log, start.position, size_);
    while (true) {
        auto batch = scanner.next();
        if (!batch && batch.error().code == ErrorCode::kafka_storage_error) {
            return std::unexpected(batch.error());
        }
        if (!batch || !*batch) {
            return false;
        }
        if ((*batch)->header.last_offset() >= last.offset) {
            return (*batch)->header.max_timestamp == last.timestamp;
        }
    }
}

Result<> Segment::rebuild_indexes(std::string_view why) {
    TL_REACH("index_rebuilt");
    TL_LOG_WARN("index_rebuilt", {"segment", log_path_}, {"why", why});
    indexes_rebuilt_ = true;
    if (indexes_loaded_) {
        // The one that is there may lead past damage at which the new one would end.
        TL_TRY_VOID(find_beyond(std::numeric_limits<Offset>::max(), 0, size_));
    }
    TL_TRY_VOID(reset_indexes());
    TL_TRY(log, file());
    HeaderScanner scanner(*log, 0, size_, damage_);
    Offset highest = base_ - 1;
    while (true) {
        TL_TRY(batch, scanner.next());
        if (!batch) {
            break;
        }
        // No checksum covers the base offset. A batch that goes back, or out of the segment, is in no index.
        Offset last = batch->header.last_offset();
        if (last > highest && can_hold(last)) {
            add_to_indexes(batch->header, batch->position, LogConfig{}.index_interval_bytes);
            highest = last;
        }
    }
    return seal();
}

Result<> Segment::reset_indexes() {
    TL_TRY_VOID(offset_index_.reset());
    TL_TRY_VOID(time_index_.reset());
    max_ = {-1, base_};
    bytes_since_index_entry_ = 0;
    indexes_loaded_ = true;
    indexes_changed_ = true;
    return {};
}

// --- reading ---

Result<std::optional<FoundBatch>> Segment::find_batch(Offset offset) {
    TL_TRY_VOID(load_indexes());
    auto found = scan_for(offset);
    if (found || found.error().code != ErrorCode::corrupt_message || indexes_rebuilt_ || indexes_changed_) {
        return found;
    }
    // The log or the index: a sealed index whose middle was damaged sends lookups to places where no batch starts.
    if (auto rebuilt = rebuild_indexes("a lookup did not lead to a batch"); !rebuilt) {
        return std::unexpected(rebuilt.error());
    }
    return scan_for(offset);
}

Result<std::optional<FoundBatch>> Segment::scan_for(Offset offset) {
    TL_TRY(log, file());
    if (last_read_end_.offset == offset) {
        HeaderScanner scanner(*log, last_read_end_.position, size_, damage_);
        auto batch = scanner.next();
        if (batch && *batch && (*batch)->header.base_offset == offset) {
            return batch;
        }
    }
    TL_TRY(start, offset_index_.lookup(offset));
    HeaderScanner scanner(*log, start.position, size_, damage_);
    for (bool is_first = true;; is_first = false) {
        TL_TRY(batch, scanner.next());
        if (is_first && batch && start.position > 0 && batch->header.base_offset > start.offset) {
            // Going on from here would pass over records.
            return base::fail(ErrorCode::corrupt_message, "an index entry points behind its offset", start.offset);
        }
        if (!batch || batch->header.last_offset() >= offset) {
            return batch;
        }
    }
}

Result<Offset> Segment::find_next_offset() {
    TL_TRY_VOID(load_indexes());
    TL_TRY(log, file());
    HeaderScanner scanner(*log, offset_index_.last().position, size_, damage_);
    Offset next = base_;
    while (true) {
        TL_TRY(batch, scanner.next());
        if (!batch) {
            break;
        }
        next = std::max(next, batch->header.next_offset());
    }
    if (time_index_.last().offset >= next && time_index_.count() > 0) {
        TL_TRY_VOID(rebuild_indexes("the time index knows offsets that are not there"));
    }
    return next;
}

Result<std::optional<Segment::Range>> Segment::find_range(Offset from, std::size_t max_bytes, Offset limit, Offset end,
                                                          bool at_least_one_batch) {
    TL_TRY(first, find_batch(from));
    if (!first) {
        return std::optional<Range>();
    }
    Range range{.position = first->position, .first_offset = first->header.base_offset, .next_offset = end};
    std::uint64_t stop = size_;
    for (const DamagedBytes& damage : damage_) {
        if (damage.begin >= first->position && damage.begin < stop) {
            stop = damage.begin;
            range.next_offset = damage.first_offset;
        }
    }
    if (limit < range.next_offset) {
        TL_TRY(beyond, find_batch(limit));
        if (beyond && beyond->position < stop) {
            stop = beyond->position;
            range.next_offset = std::min(limit, beyond->header.base_offset);
        }
    }
    if (stop <= range.position) {
        return std::optional(Range{.first_offset = from, .next_offset = from});
    }
    if (first->header.next_offset() > range.next_offset) {
        return base::fail(ErrorCode::corrupt_message, "a batch takes offsets of what follows it", first->header.base_offset);
    }
    range.size = range.readable_bytes = stop - range.position;
    return range.size <= max_bytes ? std::optional(range) : cut_to(range, *first, max_bytes, at_least_one_batch);
}

Result<std::optional<Segment::Range>> Segment::cut_to(Range range, const FoundBatch& first, std::size_t max_bytes,
                                                      bool at_least_one_batch) {
    if (first.header.size_in_bytes() > max_bytes) {
        range.size = at_least_one_batch ? first.header.size_in_bytes() : 0;
        range.next_offset = at_least_one_batch ? first.header.next_offset() : range.first_offset;
        return std::optional(range);
    }
    // From the last indexed batch that still starts inside, few headers are left to look at.
    TL_TRY(hint, offset_index_.lookup_position(range.position + max_bytes));
    TL_TRY(cut, cut_behind(range, first, std::max<std::uint64_t>(first.end(), hint.position), max_bytes));
    if (!cut) {
        TL_TRY(walked, cut_behind(range, first, first.end(), max_bytes));
        cut = walked;
    }
    last_read_end_ = {cut->next_offset, static_cast<std::uint32_t>(cut->position + cut->size)};
    return cut;
}

Result<std::optional<Segment::Range>> Segment::cut_behind(const Range& range, const FoundBatch& first, std::uint64_t start,
                                                          std::size_t max_bytes) {
    TL_TRY(log, file());
    HeaderScanner scanner(*log, start, range.position + range.size, damage_);
    Range cut{range.position, start - range.position, range.first_offset, first.header.next_offset(), range.readable_bytes};
    for (bool is_known = start == first.end();; is_known = true) {
        auto batch = scanner.next();
        if (!batch && batch.error().code == ErrorCode::kafka_storage_error) {
            return std::unexpected(batch.error());
        }
        // No checksum covers the base offset. From a batch that goes back, or too far, nothing can be said of where readers go on.
        if (!batch || !*batch || (*batch)->header.base_offset < cut.next_offset || (*batch)->header.next_offset() > range.next_offset) {
            return is_known ? std::optional(cut) : std::nullopt;
        }
        if ((*batch)->end() - range.position > max_bytes) {
            cut.next_offset = (*batch)->header.base_offset;
            return std::optional(cut);
        }
        cut.size = (*batch)->end() - range.position;
        cut.next_offset = (*batch)->header.next_offset();
    }
}

Result<Bytes> Segment::read_bytes(const FoundBatch& batch) {
    Bytes bytes(batch.header.size_in_bytes());
    TL_TRY(log, file());
    TL_TRY(got, log->read_at(batch.position, bytes));
    if (got != bytes.size()) {
        return base::fail(ErrorCode::kafka_storage_error, "a segment has become shorter", static_cast<std::int64_t>(got));
    }
    return bytes;
}

Result<TimestampOffset> Segment::max_timestamp() {
    TL_TRY_VOID(load_indexes());
    return max_;
}

Result<std::optional<TimestampOffset>> Segment::find_timestamp(std::int64_t timestamp, Offset from, LeaderEpoch& epoch) {
    TL_TRY_VOID(load_indexes());
    TL_TRY(hint, time_index_.lookup(timestamp));
    TL_TRY(start, offset_index_.lookup(std::max(hint.offset, from)));
    TL_TRY(log, file());
    HeaderScanner scanner(*log, start.position, size_, damage_);
    while (true) {
        TL_TRY(found, scanner.next());
        if (!found) {
            return std::optional<TimestampOffset>();
        }
        if (found->header.max_timestamp < timestamp || found->header.last_offset() < from) {
            continue;
        }
        TL_TRY(bytes, read_bytes(*found));
        record::BatchView batch{found->header, bytes};
        // What was accepted under message.max.bytes was also decompressed under that budget; here only one record counts.
        TL_TRY(records, record::RecordScanner::open(batch, std::size_t{1} << 31));
        while (true) {
            TL_TRY(facts, records.next());
            if (!facts) {
                break;
            }
            std::int64_t at = record::timestamp_of(found->header, facts->timestamp_delta);
            Offset offset = record::offset_of(found->header, facts->offset_delta);
            if (at >= timestamp && offset >= from) {
                epoch = found->header.leader_epoch;
                return std::optional(TimestampOffset{at, offset});
            }
        }
    }
}

Result<std::optional<FoundBatch>> Segment::find_batch_of_max(const TimestampOffset& max) {
    // max.offset is the last offset of the batch in question, or of one before it when an index entry came between.
    TL_TRY_VOID(load_indexes());
    TL_TRY(start, offset_index_.lookup(max.offset));
    TL_TRY(log, file());
    HeaderScanner scanner(*log, start.position, size_, damage_);
    while (true) {
        TL_TRY(batch, scanner.next());
        if (!batch || batch->header.max_timestamp == max.timestamp) {
            return batch;
        }
    }
}

// --- durability ---

Result<> Segment::collect_unsynced(std::vector<std::shared_ptr<runtime::File>>& files) {
    if (synced_size_ < size_) {
        TL_TRY(log, file());
        files.push_back(log);
    }
    syncing_size_ = size_;
    indexes_syncing_ = indexes_unsynced_;
    if (indexes_unsynced_) {
        TL_TRY_VOID(offset_index_.entries().collect_unsynced(files));
        TL_TRY_VOID(time_index_.entries().collect_unsynced(files));
        if (transactions_.exists()) {
            TL_TRY(transactions, transactions_.file());
            files.push_back(transactions);
        }
    }
    return {};
}

void Segment::mark_unsynced() {
    synced_size_ = 0;
    unsynced_->insert(base_);
}

void Segment::mark_synced() {
    synced_size_ = std::max(synced_size_, std::min(syncing_size_, size_));
    if (indexes_syncing_) {
        offset_index_.entries().mark_synced();
        time_index_.entries().mark_synced();
        indexes_unsynced_ = false;
        indexes_syncing_ = false;
    }
    if (synced_size_ == size_) {
        pinned_.reset();
    }
}

std::vector<std::string> Segment::paths() const {
    std::vector<std::string> paths{offset_index_.entries().path(), time_index_.entries().path()};
    if (transactions_.exists()) {
        paths.push_back(transactions_.path());
    }
    paths.push_back(log_path_);
    return paths;
}

void Segment::forget_files() {
    pinned_.reset();
    for (const std::string& path : paths()) {
        cache_->forget(path);
    }
}

}  // namespace tideline::log
