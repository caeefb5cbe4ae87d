// log/partition_log.h: the log of one partition: segments, indexes, leader epochs and producers behind one door.
//
//            append()                 begin_flush() · run_flush() · finish_flush()
//   records ----------> page cache ------------------------------------------------> durable_offset() moves
//
// Covers offsets [log_start_offset, next_offset). What lies before durable_offset() survives a crash; the rest may be torn.
// The high watermark and who may read how far are the caller's: it hands in limits.
//
// Shard:    a plain synchronous class, used by one shard at a time. "Blocks" marks what belongs into offload(), with nobody
//           else using the log meanwhile; the static functions touch no log and may run beside everything.
// Errors:   kafka_storage_error is for good: a failed flush or a write that could not be undone poisons the log, and every
//           later call fails the same way. Reading on is not safe, either: the page cache may hold what the disk has lost.
// Format:   Kafka's, docs/formats/log.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "log/file_cache.h"
#include "log/flush_plan.h"
#include "log/leader_epochs.h"
#include "log/log_config.h"
#include "log/producer_state.h"
#include "log/transaction_verification.h"
#include "log/types.h"
#include "runtime/files.h"

namespace tideline::log {

class Segment;

// What the checkpoint files of the data directory say (checkpoint_file.h).
struct OpenState {
    Offset log_start_offset = 0;
    Offset recovery_point = 0;    // everything before it was synced
    bool clean_shutdown = false;  // believe the files; otherwise scan from the recovery point
    bool was_compacted = false;   // at some time, whatever the policy is now: gaps between offsets are normal
    std::optional<Uuid> topic_id; // written to partition.metadata if that is not there
    bool sync_found = true;       // what an unclean stop left behind the recovery point; otherwise the next flush does
};

struct AppendOptions {
    AppendOrigin origin = AppendOrigin::client;
    LeaderEpoch leader_epoch = 0;           // stamped into client's and coordinator's batches
    std::int64_t now_ms = 0;                // LogAppendTime; age of an empty segment
    std::int16_t transaction_version = -1;  // of WriteTxnMarkers, for control batches
    // A client's or coordinator's data batch that begins a transaction needs the guard of begin_verification().
    VerificationGuard guard = kNoGuard;
};

struct AppendInfo {
    Offset base_offset = kNoOffset;
    Offset last_offset = kNoOffset;
    // LogAppendTime; -1 under CreateTime. For a repetition the timestamp remembered with the first one, as Kafka answers.
    std::int64_t log_append_time_ms = -1;
    Offset log_start_offset = 0;
    bool is_duplicate = false;  // nothing was written; the offsets are those of the first time
};

// Whole batches in one file. Empty (no file) when there is nothing to read at that offset.
struct FetchSlice {
    std::shared_ptr<runtime::File> file;  // keeps it open while the answer is sent, also beyond the segment's removal
    std::uint64_t position = 0;
    std::size_t size = 0;
    Offset first_offset = kNoOffset;  // of the first batch, which may lie before the offset asked for
    Offset next_offset = kNoOffset;   // after the last batch; where the next read goes on
    // What there is up to the limit in the segment of `first_offset`, however little of it was asked for, and whether there is more in
    // later ones. Of an empty slice, too.
    std::uint64_t readable_bytes = 0;
    bool goes_on_in_later_segments = false;

    bool is_empty() const { return size == 0; }
};

struct TimestampedOffset {
    std::int64_t timestamp = -1;
    Offset offset = kNoOffset;
    LeaderEpoch leader_epoch = kNoEpoch;

    friend bool operator==(const TimestampedOffset&, const TimestampedOffset&) = default;
};

// Files of segments that the log no longer knows: to be marked, and removed once file.delete.delay.ms have passed.
struct DeletedFiles {
    std::vector<std::string> paths;  // ascending by offset
    std::int64_t remove_at_ms = 0;
    std::int64_t size_in_bytes = 0;
    Offset log_start_offset = 0;  // afterwards
};

struct LogSizes {
    std::int64_t size_in_bytes = 0;  // of the .log files
    std::size_t segment_count = 0;
    std::size_t producer_count = 0;
    std::size_t evicted_producers_total = 0;
};

class PartitionLog {
public:
    // Opens the partition in `directory`, making it if it is not there; recovers what a crash left behind. Afterwards
    // every record there is is durable (of a new partition the first flush makes the names durable, too). `name` ("orders-3") is for log lines. `cache` must outlive the log.  Blocks.
    // Errors: kafka_storage_error; inconsistent_topic_id when partition.metadata names another topic.
    static Result<std::unique_ptr<PartitionLog>> open(FileCache& cache, std::string directory, std::string name,
                                                      const LogConfig& config, const OpenState& state,
                                                      const ProducerStateConfig& producers, std::int64_t now_ms);
    ~PartitionLog();
    PartitionLog(const PartitionLog&) = delete;
    PartitionLog& operator=(const PartitionLog&) = delete;

    // --- writing ------------------------------------------------------------------------------------------------------

    // Appends one whole batch that record::validate_batch() has passed and whose maximum timestamp is what that found.
    // Client's and coordinator's batches get the next offsets and the leader epoch (and LogAppendTime, now_ms), the others
    // keep theirs. `batch` is not changed and only needs to live for the call. Written to the page cache, not durable. On error nothing was appended.
    // Errors: those of ProducerState::check(); invalid_txn_state without a valid guard; record_list_too_large over segment.bytes, message_too_large over
    //         max.message.bytes (client); offset_out_of_range when a given offset is behind next_offset();
    //         corrupt_message when the bytes are not one batch; kafka_storage_error.
    Result<AppendInfo> append(ByteView batch, const AppendOptions& options);

    // Before a transactional batch is appended: kNoGuard when its transaction is open here already, which is proof enough.
    // Otherwise the transaction coordinator is to be asked, and append() wants to see the guard returned here.
    // Errors: invalid_producer_epoch.
    Result<VerificationGuard> begin_verification(const VerificationRequest& request);

    // This epoch leads from `start` on (a new leader calls it with next_offset() before its first append).
    Result<> assign_epoch(LeaderEpoch epoch, Offset start);

    // --- reading ------------------------------------------------------------------------------------------------------

    // Whole batches from the one that holds `from` on, up to max_bytes and never past `limit` (high watermark, last stable
    // offset or next_offset()). With at_least_one_batch the first batch comes even if it is larger than max_bytes.
    // One call reads from one segment. A `from` at or above `limit` gives an empty slice.
    // Errors: offset_out_of_range below log_start_offset() or above next_offset(); corrupt_message inside a range that
    //         recovery found damaged; kafka_storage_error.
    Result<FetchSlice> read(Offset from, std::size_t max_bytes, Offset limit, bool at_least_one_batch);

    // Aborted transactions that a read_committed reader of [from, to) has to filter.
    Result<std::vector<AbortedTransaction>> aborted_transactions(Offset from, Offset to);

    // The first record with this timestamp or a later one; nullopt when there is none. Decompresses one batch.
    Result<std::optional<TimestampedOffset>> offset_for_timestamp(std::int64_t timestamp);
    // The first record that has the largest timestamp of the log.
    Result<std::optional<TimestampedOffset>> offset_of_max_timestamp();
    TimestampedOffset earliest() const;  // log_start_offset(), with its epoch
    TimestampedOffset latest() const;    // next_offset(), with the newest epoch

    Offset log_start_offset() const { return log_start_offset_; }
    Offset next_offset() const { return next_offset_; }
    Offset durable_offset() const { return durable_offset_; }
    Offset active_base() const { return segments_.rbegin()->first; }  // moves with a roll
    // min(high watermark, first offset of the oldest transaction that is open or whose end the high watermark has not passed).
    Offset last_stable_offset(Offset high_watermark);

    const LeaderEpochs& leader_epochs() const { return epochs_; }  // latest(), end_offset_for(), epoch_of()
    const ProducerState& producers() const { return producers_; }  // entries(), has_open_transaction()
    LogSizes sizes() const;
    const LogConfig& config() const { return config_; }
    const std::string& directory() const { return directory_; }
    const std::string& name() const { return name_; }
    std::optional<Uuid> topic_id() const { return topic_id_; }
    bool is_failed() const { return failed_.has_value(); }

    // --- durability ---------------------------------------------------------------------------------------------------

    // What would make everything before next_offset() durable, see run_flush() in flush_plan.h; empty when it is. At most one plan is in
    // flight a log.
    Result<FlushPlan> begin_flush();
    // Moves durable_offset(), or poisons the log when the flush failed; not for a passing shortage that let it sync nothing: the next flush
    // does it all.
    void finish_flush(const FlushPlan& plan, const Result<>& outcome);
    Offset unflushed_records() const { return next_offset_ - durable_offset_; }  // for flush.messages

    // --- life cycle ---------------------------------------------------------------------------------------------------

    void update_config(const LogConfig& config) { config_ = config; }
    void set_producer_id_expiration(std::int64_t producer_id_expiration_ms);

    // Moves the log start (DeleteRecords); offset_out_of_range above next_offset(), which the caller narrows to the high
    // watermark. Never moves it back. Checkpoint log_start_offset() afterwards.
    Result<> delete_records_before(Offset offset);

    // Takes out segments that the log start, retention.bytes or retention.ms have left behind and whose records are all below
    // the high watermark, and moves the log start past them. The files stay: checkpoint log_start_offset(), then
    // mark_deleted(), later remove_files(). In that order, or a crash that persists only some of the renames leaves a hole
    // below which the log seems to begin. Without a checkpoint, remove_in_order().
    Result<DeletedFiles> delete_old_segments(Offset high_watermark, std::int64_t now_ms);
    static Result<> mark_deleted(runtime::FileSystem& files, DeletedFiles& deleted);        // Blocks. Renames to *.deleted.
    static Result<> remove_files(runtime::FileSystem& files, const DeletedFiles& deleted);  // Blocks.
    // Where the log start could not be written to the checkpoint: removes the files of one segment after the other, each durably, so
    // that whatever a crash leaves is the end of the log.  Blocks.
    static Result<> remove_in_order(runtime::FileSystem& files, const DeletedFiles& deleted);

    // Starts a new segment unless the active one is empty.
    Result<> roll(std::int64_t now_ms);

    // Drops everything from `offset` on, durably. False when there was nothing to drop.  Blocks.
    // Both: if the recovery point in the checkpoint file is now above durable_offset(), write that file before the next
    // append, or recovery would take a torn end for damage to durable records. The same holds after open().
    Result<bool> truncate_to(Offset offset);
    // Drops everything; the log goes on at `offset`.  Blocks.
    Result<> truncate_fully_and_start_at(Offset offset);

    // Forgets producers that have been silent for producer.id.expiration.ms, and questions about them that were never
    // answered; returns how many producers.
    std::size_t expire_producers(std::int64_t now_ms);

    // Syncs everything, trims the indexes and writes the producer snapshot, so that the next start needs no scan. The clean
    // shutdown marker may be written only when this succeeded. Nothing but destruction may follow.  Blocks.
    Result<> close();
    // The same for several of one FileCache, which is quicker than one after the other: one outcome for each. Three files of each are open
    // at once.
    static std::vector<Result<>> close_together(std::span<PartitionLog* const> logs);
    // Lets go of the files without writing anything: before the directory is renamed for deletion. Destruction follows.
    void abandon();

private:
    friend class Recovery;
    PartitionLog(FileCache& cache, std::string directory, std::string name, const LogConfig& config,
                 const ProducerStateConfig& producers);

    struct StampedBatch;

    // append(), step by step
    Result<StampedBatch> stamp(ByteView batch, const AppendOptions& options) const;
    Result<ProducerUpdate> check_producer(const StampedBatch& batch, const AppendOptions& options) const;
    Result<> make_room(const StampedBatch& batch, std::int64_t now_ms);
    Result<> write(const StampedBatch& batch, std::int64_t now_ms);
    Result<> write_marker(const StampedBatch& batch, const AbortedTransaction& aborted, std::int64_t now_ms);

    using Segments = std::map<Offset, std::unique_ptr<Segment>>;
    Segment& active() const { return *segments_.rbegin()->second; }
    Segments::const_iterator segment_of(Offset offset) const;  // the last one whose base is at most `offset`, else the first
    Offset end_of(Segments::const_iterator segment) const;
    Result<> roll_to(Offset base, std::int64_t now_ms);
    std::int64_t roll_jitter_ms(Offset base) const;
    Result<> check_usable() const;
    std::unexpected<Error> poison(const Error& why);

    void put_off(const FlushPlan& plan);
    Result<FlushPlan> begin_close();
    Result<> finish_close(const FlushPlan& plan, Result<> outcome);
    Result<> rebuild_producers(Offset end, std::int64_t now_ms);
    Result<> recall_recent_batches(Offset end);
    Offset start_of_recent_batches(Offset end) const;
    Result<> replay_producers(Offset from, Offset end);
    Result<> write_snapshot();
    Result<> drop_snapshots_above(Offset offset);
    Result<> write_epochs();
    Result<> remove_segments_after(Offset base);
    Result<std::size_t> count_deletable(Offset high_watermark, std::int64_t now_ms);
    DeletedFiles take_out(std::size_t count, std::int64_t now_ms);
    void move_log_start(Offset offset);
    Result<> after_truncation(Offset end, std::int64_t now_ms);

    FileCache& cache_;
    std::string directory_;
    std::string name_;
    LogConfig config_;
    std::optional<Uuid> topic_id_;
    std::set<Offset> unsynced_segments_;  // those that have something to sync are among them, by base offset; outlives them
    Segments segments_;  // never empty once open
    LeaderEpochs epochs_;
    ProducerState producers_;
    std::int64_t producer_id_expiration_ms_;
    TransactionVerifications verifications_;
    std::vector<Offset> snapshots_;  // offsets of the snapshot files, ascending
    std::vector<std::shared_ptr<runtime::File>> unsynced_snapshots_;
    Offset log_start_offset_ = 0;
    Offset next_offset_ = 0;
    Offset durable_offset_ = 0;
    std::uint64_t generation_ = 0;
    bool flush_in_flight_ = false;
    bool append_is_failing_ = false;
    bool names_are_dirty_ = false;     // the directory has changed since its last sync
    bool directory_is_new_ = false;    // its parent has not been synced since
    bool topic_id_is_dirty_ = false;   // partition.metadata is to be written
    std::optional<Error> failed_;
};

}  // namespace tideline::log
