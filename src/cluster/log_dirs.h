// cluster/log_dirs.h: the broker's log directories: lock, identity, checkpoints, clean-shutdown marker, failure.
//
//   lock() ──► load() ──► set_strays_aside() ──► begin() ──► (partitions open) ──► update() ──► mark_clean() ──► unlock()
//                                                                       └── fail(): offline for good; no checkpoint, no marker
//
// A directory that failed once stays offline until a restart: the kernel has forgotten its dirty pages, so what it still
// reads may not be what is on the disk.
// Thread:  any once load() has returned. Checkpoints are under a mutex that is held while files are written: ask for them
//          in offload() only.
// Format:  docs/formats/log.md (checkpoints, .kafka_cleanshutdown), docs/formats/metadata.md (meta.properties)
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "log/checkpoint_file.h"
#include "log/types.h"
#include "runtime/files.h"

namespace tideline::cluster {

using log::TopicPartition;

// What the checkpoint files hold for one partition.
struct PartitionCheckpoint {
    TopicPartition id;
    log::Offset recovery_point = 0;
    log::Offset log_start_offset = 0;
    log::Offset high_watermark = 0;
    bool was_compacted = false;  // Kafka's cleaner has been at work on it
    base::Uuid topic_id;         // whose these offsets are
};

class LogDir {
public:
    LogDir(runtime::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

    const std::string& path() const { return path_; }
    const base::Uuid& id() const { return id_; }
    void set_id(const base::Uuid& id) { id_ = id; }

    // Makes the directory if needed and takes `.lock`. Blocks.
    // Errors: EAGAIN in `detail` when another process has it; EACCES when it may not be written.
    base::Result<> lock();
    // Reads the checkpoints and the clean-shutdown marker. Blocks.
    base::Result<> load();
    // Removes the marker: from here on a crash is a crash. Call it when nothing else can keep the broker from starting. Blocks.
    base::Result<> begin();
    bool was_clean() const { return was_clean_; }

    // Whether the metadata knows this partition, here, under this topic id (nullopt: the directory names none).
    using IsAssigned = std::function<bool(const TopicPartition&, const std::optional<base::Uuid>&)>;
    // Removes directories that a crash kept from being deleted, and renames those of partitions that are not assigned, which
    // an operator may still want, to *-stray. Blocks.
    base::Result<> set_strays_aside(const IsAssigned& is_assigned, const std::function<std::uint64_t()>& next_random);

    // What the files say about one partition; zeros when they say nothing. From here on its rows belong to this topic, until
    // forget(). A partition without a directory has no offsets: what the files say then is of an earlier one of its name, which
    // a crash kept from being forgotten, and goes now. Blocks.
    base::Result<PartitionCheckpoint> begin_partition(const TopicPartition& id, const base::Uuid& topic_id, bool has_directory);
    // Takes over these rows and writes the files that say something else by now. Rows of partitions that are not online
    // stay as they are, and rows collected before their topic was forgotten count for nothing. A log start never goes back. Blocks.
    base::Result<> update(const std::vector<PartitionCheckpoint>& rows);
    // The same for partitions that are gone: one of the same name made later must not inherit their offsets. Blocks.
    base::Result<> forget(const std::vector<TopicPartition>& ids);

    // How many partitions are here or on their way; where fewest are, the next one goes.
    std::atomic<int>& partition_count() { return partition_count_; }

    // The last act of a clean stop, after every log closed. Blocks.
    base::Result<> mark_clean(std::int64_t broker_epoch);
    void unlock() { lock_.reset(); }

    bool is_failed() const { return failed_.load(std::memory_order_relaxed); }
    // Takes the directory offline and logs why, once.
    void fail(std::string_view what, const base::Error& error);
    // Called once, on the failing thread, when the directory goes offline.
    void on_failure(std::function<void()> callback) { on_failure_ = std::move(callback); }

private:
    runtime::FileSystem& files_;
    std::string path_;
    base::Uuid id_;
    std::unique_ptr<runtime::FileLock> lock_;
    bool was_clean_ = false;
    // One of the three files, as it is on disk and as it should be.
    struct Checkpoint {
        std::string_view name;
        log::OffsetCheckpoint wanted;
        log::OffsetCheckpoint written;
    };
    base::Result<> write_changed();
    void erase_rows(const TopicPartition& id);

    std::mutex checkpoints_mutex_;
    Checkpoint recovery_points_{log::kRecoveryPointCheckpoint, {}, {}};
    Checkpoint log_starts_{log::kLogStartCheckpoint, {}, {}};
    Checkpoint high_watermarks_{log::kHighWatermarkCheckpoint, {}, {}};
    std::map<TopicPartition, base::Uuid> owners_;  // of the rows of partitions that are here
    log::OffsetCheckpoint cleaned_;  // how far Kafka's cleaner came; read only
    std::atomic<int> partition_count_ = 0;
    std::atomic<bool> failed_ = false;
    std::function<void()> on_failure_;
};

}  // namespace tideline::cluster
