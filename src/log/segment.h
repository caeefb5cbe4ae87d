// log/segment.h: one append-only .log file of batches with its three indexes.
//
// Covers offsets from `base` to the next segment's base. Exactly one segment of a log is active (appended to); the others
// are sealed and hold no more than a few hundred bytes: their files are opened when somebody asks.
// Indexes that are missing or cannot be right are rebuilt from the headers, at first use or when they mislead a lookup.
// Errors:  kafka_storage_error; corrupt_message when the .log file holds something else than batches.
// Shard:   as PartitionLog.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "log/batch_scanner.h"
#include "log/file_cache.h"
#include "log/index.h"
#include "log/log_config.h"
#include "log/transaction_index.h"
#include "log/types.h"

namespace tideline::log {

// "<directory>/00000000000000000042.log"
std::string segment_path(std::string_view directory, Offset base, std::string_view suffix);
// The 20 digits of a file name that has this suffix.
std::optional<Offset> offset_of_file(std::string_view name, std::string_view suffix);

inline constexpr std::string_view kLogSuffix = ".log";
inline constexpr std::string_view kOffsetIndexSuffix = ".index";
inline constexpr std::string_view kTimeIndexSuffix = ".timeindex";
inline constexpr std::string_view kTransactionIndexSuffix = ".txnindex";
inline constexpr std::string_view kSnapshotSuffix = ".snapshot";
inline constexpr std::string_view kDeletedSuffix = ".deleted";
inline constexpr std::string_view kCleanedSuffix = ".cleaned";
inline constexpr std::string_view kSwapSuffix = ".swap";

class Segment {
public:
    // Makes the .log file and the two indexes; none may be there. `unsynced` is borrowed, see has_unsynced().
    static Result<std::unique_ptr<Segment>> create(FileCache& cache, std::set<Offset>& unsynced, std::string_view directory, Offset base,
                                                   std::int64_t now_ms);
    // Takes a .log file that is there, whatever it holds.
    static Result<std::unique_ptr<Segment>> open(FileCache& cache, std::set<Offset>& unsynced, std::string_view directory, Offset base,
                                                 bool has_transaction_index, std::int64_t now_ms);

    Offset base() const { return base_; }
    std::uint64_t size() const { return size_; }

    // --- the active segment -------------------------------------------------------------------------------------------

    // Writes one batch: `header` are its 61 bytes as they shall stand in the file, `records` the rest. Nothing was written
    // on error, or is_broken().
    Result<> append(const record::BatchHeader& batch, ByteView header, ByteView records, std::int32_t index_interval_bytes, std::int64_t now_ms);
    // A failed write could not be undone: the end of the file is unknown.
    bool is_broken() const { return is_broken_; }

    // Whether a batch with these properties has to go to a new segment.
    Result<bool> should_roll(const LogConfig& config, std::int64_t jitter_ms, std::size_t batch_bytes, std::int64_t max_timestamp,
                             Offset last_offset, std::int64_t now_ms);
    bool can_hold(Offset offset) const { return offset >= base_ && offset - base_ <= INT32_MAX; }
    // Writes the closing time index entry and everything that waits in memory.
    Result<> seal();

    // --- reading ------------------------------------------------------------------------------------------------------

    struct Range {
        std::uint64_t position = 0;
        std::size_t size = 0;
        Offset first_offset = kNoOffset;
        Offset next_offset = kNoOffset;
        std::uint64_t readable_bytes = 0;  // what there would be without max_bytes
    };
    // Whole batches, see PartitionLog::read(); `end` is where this segment's offsets end. nullopt when it holds nothing from
    // `from` on.
    Result<std::optional<Range>> find_range(Offset from, std::size_t max_bytes, Offset limit, Offset end, bool at_least_one_batch);
    // The first batch whose last offset is at least `offset`.
    Result<std::optional<FoundBatch>> find_batch(Offset offset);
    // The offset after the last batch; `base` when there is none.
    Result<Offset> find_next_offset();

    // The largest timestamp and the last offset of the batch that has it; {-1, base} when empty.
    Result<TimestampOffset> max_timestamp();
    // The last append, or when it was opened: how old records are that have no timestamps.
    std::int64_t last_change_ms() const { return last_change_ms_; }
    // The first record at or after `timestamp` and `from`.
    Result<std::optional<TimestampOffset>> find_timestamp(std::int64_t timestamp, Offset from, LeaderEpoch& epoch);
    // The first batch with exactly this maximum.
    Result<std::optional<FoundBatch>> find_batch_of_max(const TimestampOffset& max);

    Result<std::shared_ptr<runtime::File>> file();
    TransactionIndex& transactions() { return transactions_; }
    OffsetIndex& offset_index() { return offset_index_; }
    TimeIndex& time_index() { return time_index_; }
    // Reads one whole batch into memory.
    Result<Bytes> read_bytes(const FoundBatch& batch);

    // --- keeping in step with the disk --------------------------------------------------------------------------------

    // Adds the files that have bytes not yet synced; mark_synced() once they are.
    Result<> collect_unsynced(std::vector<std::shared_ptr<runtime::File>>& files);
    void mark_synced();
    void mark_unsynced();  // after a crash nobody knows
    // The base of a segment that has is in `unsynced`; who has synced it takes it out.
    bool has_unsynced() const { return synced_size_ < size_ || indexes_unsynced_; }

    // Cuts the file before the batch that holds `offset`, durably; returns where the batches that are left end, as
    // find_next_offset() does at the next start. That may be before the cut: see README.md.
    Result<Offset> truncate_to(Offset offset, std::int64_t now_ms);
    // Cuts the file at a position and leaves the indexes alone.
    Result<> truncate_bytes(std::uint64_t size);

    // Starts both indexes anew; add_to_indexes() then takes the batches in order, seal() ends it.
    Result<> reset_indexes();
    void add_to_indexes(const record::BatchHeader& batch, std::uint64_t position, std::int32_t index_interval_bytes,
                        bool force_entry = false);
    Result<> load_indexes();
    void add_damage(const DamagedBytes& damage) { damage_.push_back(damage); }
    const std::vector<DamagedBytes>& damage() const { return damage_; }

    // Paths of the files that exist or may exist; .log last, so that a removal in this order never leaves an orphan index.
    std::vector<std::string> paths() const;
    void forget_files();

private:
    Segment(FileCache& cache, std::set<Offset>& unsynced, std::string_view directory, Offset base, bool has_transaction_index,
            std::int64_t now_ms);
    Result<> rebuild_indexes(std::string_view why);
    Result<> rebuild_unless_right();
    Result<bool> last_entry_is_right();
    Result<bool> last_time_is_right();
    Result<std::optional<FoundBatch>> scan_for(Offset offset);
    // The first batch in [position, size) that takes offsets from `end` on.
    Result<std::optional<FoundBatch>> find_beyond(Offset end, std::uint64_t position, std::uint64_t size);
    Result<> after_truncation(std::int64_t now_ms);
    Result<Offset> end_of_what_is_left();
    Result<> load_first_timestamp();
    Result<std::optional<Range>> cut_to(Range range, const FoundBatch& first, std::size_t max_bytes, bool at_least_one_batch);
    // The first batch and those behind it that fit, of which the one at `start` is the first to be looked at; nullopt when
    // that one cannot stand there.
    Result<std::optional<Range>> cut_behind(const Range& range, const FoundBatch& first, std::uint64_t start, std::size_t max_bytes);

    FileCache* cache_;
    std::set<Offset>* unsynced_;
    Offset base_;
    std::string log_path_;
    OffsetIndex offset_index_;
    TimeIndex time_index_;
    TransactionIndex transactions_;
    // Held while bytes are unsynced: a write error is reported to the descriptor that saw the write, not to a later one.
    std::shared_ptr<runtime::File> pinned_;
    std::uint64_t size_ = 0;
    std::uint64_t synced_size_ = 0;
    std::uint64_t syncing_size_ = 0;
    std::int64_t created_ms_;
    std::int64_t last_change_ms_;
    std::int64_t bytes_since_index_entry_ = 0;
    std::optional<std::int64_t> first_timestamp_;  // of the first batch; what segment.ms counts from
    TimestampOffset max_;
    OffsetPosition last_read_end_;  // where a read was cut off: whoever goes on there needs no index
    bool indexes_loaded_ = false;
    bool indexes_changed_ = false;  // since the last seal()
    bool indexes_unsynced_ = false;
    bool indexes_syncing_ = false;
    bool indexes_rebuilt_ = false;  // once is enough: what is still wrong then is the log
    bool is_broken_ = false;
    std::vector<DamagedBytes> damage_;
};

}  // namespace tideline::log
