// cluster/log_dirs.h: the broker's log directories: lock, identity, checkpoints, clean-shutdown marker, failure.
//
//   lock() ──► load() ──► (partitions open) ──► write_checkpoints() every few seconds ──► mark_clean() ──► released
//                                        └── fail(): offline for good; no checkpoint, no marker
//
// A directory that failed once stays offline until a restart: the kernel has forgotten its dirty pages, so what it still
// reads may not be what is on the disk.
// Thread:  is_failed() and fail() on any; the rest on the shard that called lock(), or in offload().
// Format:  docs/formats/log.md (checkpoints, .kafka_cleanshutdown), docs/formats/metadata.md (meta.properties)
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
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
    // Reads the checkpoints and the clean-shutdown marker, and removes the marker: from here on a crash is a crash. Blocks.
    base::Result<> load();

    bool was_clean() const { return was_clean_; }
    // What the files said about one partition; zeros when they say nothing.
    PartitionCheckpoint checkpoint_of(const TopicPartition& id) const;

    // Replaces those of the three checkpoint files that say something else by now. Blocks; one call at a time, and none
    // beside checkpoint_of().
    base::Result<> write_checkpoints(const std::vector<PartitionCheckpoint>& partitions);
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
    log::OffsetCheckpoint recovery_points_;
    log::OffsetCheckpoint log_starts_;
    log::OffsetCheckpoint high_watermarks_;
    std::atomic<bool> failed_ = false;
    std::function<void()> on_failure_;
};

}  // namespace tideline::cluster
