// cluster/partition.h: one replica of one partition on this broker: its log, its high watermark, and who waits for it.
//
//   append() ── log ──► flush (group commit) ──► high watermark moves ──► produce answers and parked fetches wake
//
// Under Durability::fsync the high watermark is what is on stable storage: nobody reads, and no acks=all is answered
// for, a record that a crash could take back. Under Durability::replicated it is the log's end (Kafka's promise).
// One flush is in flight a partition; whatever was appended meanwhile shares the next one.
// Shard:   used only on the shard that owns the partition; DataWaiter::signal() crosses over.
// Errors:  kafka_storage_error once the log or its directory failed, for good; not_leader_or_follower while it closes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/first_flushes.h"
#include "cluster/log_dirs.h"
#include "log/partition_log.h"
#include "runtime/scope.h"

namespace tideline::cluster {

using log::Offset;

std::string to_string(const TopicPartition& id);  // "orders-3"

enum class Durability { fsync, replicated };
enum class Isolation { read_uncommitted, read_committed };

// When a flush of what is appended begins, under Durability::fsync.
enum class FlushBegins {
    at_once,
    when_awaited  // by wait_acknowledged(), at the latest after a second: of records that nobody may be waiting for
};

// Somebody, on whatever shard, who wants to know when a partition has more to read.
class DataWaiter {
public:
    explicit DataWaiter(runtime::Shard& home) : home_(home), event_(home) {}

    // From the partition's shard; wakes the waiter on its own.
    static void signal(const std::shared_ptr<DataWaiter>& waiter, runtime::Shard& from);
    // On the home shard.
    runtime::Task<bool> wait_until(runtime::Instant deadline) { return event_.wait_until(deadline); }
    void rearm() { event_.reset(); }

private:
    runtime::Shard& home_;
    runtime::Event event_;
};

class Partition {
public:
    // `first_flushes` is that of the shard; borrowed, as the directory is.
    Partition(runtime::Shard& shard, TopicPartition id, base::Uuid topic_id, LogDir& directory, FirstFlushes& first_flushes,
              std::unique_ptr<log::PartitionLog> log, Durability durability, Offset high_watermark, std::int32_t leader_epoch);

    const TopicPartition& id() const { return id_; }
    const base::Uuid& topic_id() const { return topic_id_; }
    LogDir& directory() { return directory_; }
    log::PartitionLog& log() { return *log_; }
    std::int32_t leader_epoch() const { return leader_epoch_; }
    Offset high_watermark() const { return high_watermark_; }
    // Where a reader of this isolation stops (exclusive).
    Offset read_limit(Isolation isolation);

    // Takes over the leader epoch that the metadata log names.
    void lead(std::int32_t leader_epoch);
    // Null when a client's current leader epoch is ours (or -1, unknown); the error it must be told otherwise.
    base::Result<> check_epoch(std::int32_t current_leader_epoch) const;

    // Appends one validated batch of a client. Written, not yet acknowledged: see wait_acknowledged().
    base::Result<log::AppendInfo> append(base::ByteView batch, std::int64_t now_ms) { return append_as(batch, {.now_ms = now_ms}); }
    // The same with everything that the log wants to know; the leader epoch is ours.
    base::Result<log::AppendInfo> append_as(base::ByteView batch, log::AppendOptions options,
                                            FlushBegins flush = FlushBegins::at_once);
    // Returns when records before `end` are what acks=all promises; kafka_storage_error or not_leader_or_follower (see
    // check_online) when that can no longer happen, request_timed_out when `deadline` came first (the records stay, and
    // may still become durable).
    runtime::Task<base::Result<>> wait_acknowledged(Offset end, runtime::Instant deadline);
    // Whether there is nothing to wait for: as a rule when Durability::replicated, right after the append.
    bool is_acknowledged(Offset end) const;

    base::Result<log::FetchSlice> read(Offset from, std::size_t max_bytes, Isolation isolation, bool at_least_one_batch);
    // Tells `waiter` once when the read limit of its isolation moves, or at once when this partition is closing.
    void add_waiter(std::weak_ptr<DataWaiter> waiter, Isolation isolation);

    // DeleteRecords: -1 is the high watermark. Returns the new log start.
    base::Result<Offset> delete_records_before(Offset offset);
    void update_config(const log::LogConfig& config) { log_->update_config(config); }
    // Starts a flush when records have waited for flush.ms, or for somebody to await them, long enough.
    void flush_if_due(runtime::Instant now);

    // kafka_storage_error once it failed, not_leader_or_follower while it closes.
    base::Result<> check_online() const;
    bool is_failed() const { return closing_ || log_->is_failed() || directory_.is_failed(); }
    // Ends flushes and waits. Waiters see not_leader_or_follower. close() or abandon() follows.
    runtime::Task<void> quiesce();
    // Syncs and closes the logs of some partitions of one shard that are quiet: one outcome for each. Destruction may follow.
    static runtime::Task<std::vector<base::Result<>>> close(runtime::Shard& shard, std::vector<Partition*> partitions);
    // Ends a partition that is being deleted: nothing is written.
    runtime::Task<void> abandon();

private:
    void request_flush();
    runtime::Task<void> flush_until_clean();
    runtime::Task<base::Result<>> run_flush(log::FlushPlan& plan);
    void advance_high_watermark();
    void wake_everybody();
    void wake_readers(std::vector<std::weak_ptr<DataWaiter>>& waiters);

    runtime::Shard& shard_;
    TopicPartition id_;
    base::Uuid topic_id_;
    LogDir& directory_;
    FirstFlushes& first_flushes_;
    std::unique_ptr<log::PartitionLog> log_;
    Durability durability_;
    Offset high_watermark_;
    std::int32_t leader_epoch_;

    Offset must_flush_to_ = 0;  // replicated mode: acknowledgements before this wait for the disk (flush.messages)
    runtime::Instant oldest_unflushed_{};
    bool flushing_ = false;
    bool closing_ = false;
    std::size_t acknowledgements_waiting_ = 0;
    std::vector<std::weak_ptr<DataWaiter>> waiters_;            // for the high watermark
    std::vector<std::weak_ptr<DataWaiter>> committed_waiters_;  // for the last stable offset
    Offset stable_when_parked_ = 0;  // the last stable offset when the first of the latter came
    runtime::Event progress_;  // set and armed again whenever durability or the high watermark moved
    runtime::TaskScope tasks_;
};

}  // namespace tideline::cluster
