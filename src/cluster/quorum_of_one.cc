#include "cluster/quorum_of_one.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"
#include "base/reach.h"
#include "cluster/metadata_version.h"

namespace tideline::cluster {

using runtime::Task;

Task<Result<std::unique_ptr<MetadataLog>>> MetadataLog::start(runtime::Shard& shard, MetadataLogOptions options) {
    auto log = std::make_unique<QuorumOfOne>(shard, std::move(options));
    auto opened = co_await log->open();
    if (!opened) {
        co_return std::unexpected(opened.error());
    }
    co_return std::unique_ptr<MetadataLog>(std::move(log));
}

QuorumOfOne::QuorumOfOne(runtime::Shard& shard, MetadataLogOptions options)
    : MetadataLog(shard),
      shard_(shard),
      files_(shard.files()),
      options_(std::move(options)),
      directory_(fmt::format("{}/{}", options_.directory, kMetadataDirectory)),
      cache_(shard.files(), 16),
      tasks_(shard) {}

QuorumOfOne::~QuorumOfOne() = default;

std::string QuorumOfOne::path_of(std::string_view name) const { return fmt::format("{}/{}", directory_, name); }

Task<Result<>> QuorumOfOne::open() {
    Start start{shard_.wall_ms(), base::make_uuid([this] { return shard_.random(); })};
    co_return co_await runtime::offload(shard_, [this, start] { return load(start); });
}

Task<Result<>> QuorumOfOne::commit(std::vector<MetadataRecord> records) {
    if (records.empty()) {
        co_return Result<>{};
    }
    runtime::Mutex::Lock lock = co_await decisions_.lock();
    co_return co_await commit_locked(std::move(records));
}

std::unexpected<base::Error> QuorumOfOne::fail(const base::Error& why) {
    if (!failure_) {
        failure_ = base::Error{ErrorCode::kafka_storage_error, why.note, why.detail};
        TL_LOG_ERROR("metadata_log_failed", {"directory", directory_}, {"why", base::to_string(why)});
        if (options_.on_failure) {
            options_.on_failure(*failure_);
        }
    }
    return std::unexpected(*failure_);
}

Result<> QuorumOfOne::append(base::ByteView batch, std::int64_t now_ms) {
    TL_TRY_VOID(log_->append(batch, {.origin = log::AppendOrigin::raft_leader, .leader_epoch = leader_epoch_, .now_ms = now_ms}));
    bytes_since_snapshot_ += batch.size();
    last_record_ms_ = now_ms;
    return {};
}

Task<Result<>> QuorumOfOne::commit_locked(std::vector<MetadataRecord> records) {
    if (failure_ || stopped_) {
        co_return base::fail(ErrorCode::kafka_storage_error, "the metadata log is closed or failed");
    }
    std::int64_t now_ms = shard_.wall_ms();
    std::int16_t version = metadata_version_after(*image(), records);
    base::Bytes batch = build_data_batch(records, version, {log_->next_offset(), leader_epoch_, now_ms});
    // What cannot be applied must not reach the disk: the next start would stumble over it.
    for (const MetadataRecord& record : records) {
        if (auto applied = replay_.apply(record); !applied) {
            TL_LOG_ERROR("metadata_decision_refused", {"why", base::to_string(applied.error())});
            replay_.discard();
            co_return base::fail(ErrorCode::unknown_server_error, applied.error().note, applied.error().detail);
        }
    }
    if (auto appended = append(batch, now_ms); !appended) {
        replay_.discard();
        if (log_->is_failed()) {
            co_return fail(appended.error());
        }
        // Nothing was written, a full disk for one: this decision fails, later ones may not.
        TL_REACH("metadata_not_written");
        TL_LOG_WARN("metadata_not_written", {"why", base::to_string(appended.error())});
        co_return base::fail(ErrorCode::kafka_storage_error, appended.error().note, appended.error().detail);
    }
    auto plan = log_->begin_flush();
    if (!plan) {
        replay_.discard();
        co_return fail(plan.error());
    }
    auto flushed = co_await runtime::offload(shard_, [this, &plan] { return log::run_flush(files_, *plan); });
    log_->finish_flush(*plan, flushed);
    if (!flushed) {
        replay_.discard();
        co_return fail(flushed.error());
    }
    publish();
    if (wants_snapshot(options_.snapshot_after_bytes) && !snapshot_pending_) {
        snapshot_pending_ = true;
        tasks_.spawn(snapshot_in_turn());
    }
    co_return Result<>{};
}

void QuorumOfOne::publish() {
    ImageChange change = replay_.publish(log_->next_offset() - 1, leader_epoch_);
    for (const Subscriber& subscriber : subscribers_) {
        subscriber(change);
    }
}

// ---- snapshots ----

Task<void> QuorumOfOne::snapshot_in_turn() {
    runtime::Mutex::Lock lock = co_await decisions_.lock();
    snapshot_pending_ = false;
    if (!failure_ && !stopped_) {
        (void)co_await write_snapshot();
    }
}

// Needs the turn of a decision. A snapshot that cannot be written is no loss: the log still has everything.
Task<Result<>> QuorumOfOne::write_snapshot() {
    SnapshotId id{image()->highest_offset() + 1, image()->highest_epoch()};
    std::int64_t now_ms = shard_.wall_ms();
    auto written = co_await runtime::offload(shard_, [this, id, now_ms] { return write_snapshot_file(*image(), id, now_ms); });
    bytes_since_snapshot_ = 0;
    if (!written) {
        TL_LOG_ERROR("metadata_snapshot_failed", {"why", base::to_string(written.error())});
        (void)co_await runtime::offload(shard_, [this, id] { return files_.remove_file(path_of(snapshot_file_name(id)) + ".part"); });
        co_return written;
    }
    snapshot_ = id;
    TL_REACH("metadata_snapshot_written");
    TL_LOG_INFO("metadata_snapshot_written", {"offset", id.offset}, {"epoch", id.epoch});
    auto dropped = co_await runtime::offload(shard_, [this, id, now_ms] { return drop_what_snapshot_covers(id, now_ms); });
    if (!dropped && log_->is_failed()) {
        co_return fail(dropped.error());
    }
    if (!dropped) {
        TL_LOG_WARN("metadata_not_tidied", {"why", base::to_string(dropped.error())});
    }
    co_return Result<>{};
}

// Blocks.
Result<> QuorumOfOne::write_snapshot_file(const MetadataImage& image, const SnapshotId& id, std::int64_t now_ms) {
    Snapshot snapshot{snapshot_records(image), quorum_, last_record_ms_};
    base::Bytes content = encode_snapshot(snapshot, image.feature(kMetadataVersion), id.epoch, now_ms);
    std::string path = path_of(snapshot_file_name(id));
    std::string part = path + ".part";
    {
        TL_TRY(file, files_.open(part, runtime::OpenMode::create_or_truncate));
        TL_TRY_VOID(file->write_at(0, content));
        TL_TRY_VOID(file->sync_data());
    }
    TL_TRY_VOID(files_.rename(part, path));
    return files_.sync_dir(directory_);
}

// Blocks. The log goes on in a new segment that starts where the snapshot ends, as a Kafka that reads it expects.
Result<> QuorumOfOne::drop_what_snapshot_covers(const SnapshotId& id, std::int64_t now_ms) {
    TL_TRY_VOID(log_->roll(now_ms));
    TL_TRY_VOID(log_->delete_records_before(id.offset));
    TL_TRY(deleted, log_->delete_old_segments(log_->next_offset(), now_ms));
    TL_TRY_VOID(log::PartitionLog::remove_files(files_, deleted));
    TL_TRY(entries, files_.list(directory_));
    for (const auto& entry : entries) {
        auto other = parse_snapshot_file_name(entry.name);
        if (other && *other < id) {
            TL_TRY_VOID(files_.remove_file(path_of(entry.name)));
        }
    }
    return {};
}

// ---- stop ----

Task<Result<>> QuorumOfOne::stop() {
    {
        runtime::Mutex::Lock lock = co_await decisions_.lock();
        if (stopped_) {
            co_return Result<>{};
        }
        if (!failure_) {
            std::vector<MetadataRecord> fence;
            fence.push_back(fencing_of(options_.node_id, broker_epoch_));
            (void)co_await commit_locked(std::move(fence));
            if (!failure_ && wants_snapshot(options_.snapshot_at_stop_bytes)) {
                (void)co_await write_snapshot();
            }
        }
        stopped_ = true;
    }
    co_await tasks_.join();
    if (log_ == nullptr || failure_) {
        co_return failure_ ? Result<>(std::unexpected(*failure_)) : Result<>{};
    }
    co_return co_await runtime::offload(shard_, [this] { return log_->close(); });
}

}  // namespace tideline::cluster
