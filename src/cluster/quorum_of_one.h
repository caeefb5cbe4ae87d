// cluster/quorum_of_one.h: the MetadataLog of a cluster whose only voter is this node.
//
// On disk, one batch is one sync: at no time is more than one batch written and not synced. So a batch that cannot be
// read but has whole ones behind it was durable once, and its loss is damage that must be told, not a torn end.
// Shard:  as metadata_log.h says. load() runs in offload() before anybody else knows the object.
#pragma once

#include "cluster/metadata_files.h"
#include "cluster/metadata_log.h"
#include "cluster/registration.h"
#include "log/file_cache.h"
#include "log/partition_log.h"

namespace tideline::cluster {

class QuorumOfOne final : public MetadataLog {
public:
    QuorumOfOne(runtime::Shard& shard, MetadataLogOptions options);
    ~QuorumOfOne() override;

    runtime::Task<Result<>> open();

    const ImagePtr& image() const override { return replay_.image(); }
    std::int64_t broker_epoch() const override { return broker_epoch_; }
    std::int32_t leader_epoch() const override { return leader_epoch_; }
    bool is_failed() const override { return failure_.has_value(); }
    void subscribe(Subscriber subscriber) override { subscribers_.push_back(std::move(subscriber)); }
    runtime::Task<Result<>> commit(std::vector<MetadataRecord> records) override;
    runtime::Task<Result<>> stop() override;

private:
    struct Start {
        std::int64_t now_ms = 0;
        Uuid incarnation_id;
    };

    // ---- start, blocking (quorum_of_one_start.cc) ----
    Result<> load(const Start& start);
    Result<std::optional<SnapshotId>> find_snapshot();
    Result<> load_snapshot(const SnapshotId& id);
    Result<> open_log(std::int64_t now_ms);
    Result<> replay_log();
    Result<> replay_batch(const record::BatchView& batch);
    Result<> check_quorum() const;
    Result<> check_features() const;
    Result<> take_leadership(std::int64_t now_ms);
    Result<> activate(const Start& start);
    Result<std::vector<MetadataRecord>> read_bootstrap() const;
    Result<> write_now(const std::vector<MetadataRecord>& records, std::int16_t metadata_version, std::int64_t now_ms);

    // ---- running ----
    runtime::Task<Result<>> commit_locked(std::vector<MetadataRecord> records) override;
    Result<> append(base::ByteView batch, std::int64_t now_ms);
    std::unexpected<base::Error> fail(const base::Error& why);
    void publish();
    bool wants_snapshot(std::uint64_t after_bytes) const { return bytes_since_snapshot_ > after_bytes; }
    runtime::Task<void> snapshot_in_turn();
    runtime::Task<Result<>> write_snapshot();
    Result<> write_snapshot_file(const MetadataImage& image, const SnapshotId& id, std::int64_t now_ms);
    Result<> drop_what_snapshot_covers(const SnapshotId& id, std::int64_t now_ms);

    std::string path_of(std::string_view name) const;

    runtime::Shard& shard_;
    runtime::FileSystem& files_;
    MetadataLogOptions options_;
    std::string directory_;  // __cluster_metadata-0
    log::FileCache cache_;
    std::unique_ptr<log::PartitionLog> log_;
    MetadataReplay replay_;
    QuorumShape quorum_;
    SnapshotId snapshot_;  // the newest
    std::uint64_t bytes_since_snapshot_ = 0;
    std::int64_t last_record_ms_ = 0;
    std::int32_t leader_epoch_ = 0;
    std::int64_t broker_epoch_ = -1;
    std::optional<base::Error> failure_;
    bool stopped_ = false;
    bool snapshot_pending_ = false;
    std::vector<Subscriber> subscribers_;
    runtime::TaskScope tasks_;
};

}  // namespace tideline::cluster
