// The start of the metadata log: snapshot, log, epoch, registration. Everything here blocks. See quorum_of_one.h.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "cluster/metadata_damage.h"
#include "cluster/metadata_version.h"
#include "cluster/quorum_of_one.h"

namespace tideline::cluster {

namespace {

constexpr std::size_t kReadBytes = 1 << 20;
constexpr std::uint64_t kSnapshotBytesMax = std::uint64_t{2} << 30;
// Kafka's own bound on what a controller writes for one request; readers take batches of up to 8 MiB.
constexpr std::size_t kRecordsPerBatch = 10'000;

log::LogConfig log_config(const MetadataLogOptions& options) {
    log::LogConfig config;
    config.segment_bytes = static_cast<std::int32_t>(std::min<std::uint64_t>(options.segment_bytes, INT32_MAX));
    config.segment_ms = log::kUnlimited;
    config.retention_ms = -1;  // what snapshots cover is deleted, nothing else
    config.retention_bytes = -1;
    config.max_message_bytes = INT32_MAX;
    return config;
}

}  // namespace

Result<> QuorumOfOne::load(const Start& start) {
    TL_TRY_VOID(files_.make_directories(directory_));
    TL_TRY(snapshot, find_snapshot());
    if (snapshot) {
        TL_TRY_VOID(load_snapshot(*snapshot));
    }
    TL_TRY_VOID(open_log(start.now_ms));
    TL_TRY_VOID(replay_log());
    TL_TRY_VOID(check_quorum());
    TL_TRY_VOID(check_features());
    TL_TRY_VOID(take_leadership(start.now_ms));
    TL_TRY_VOID(activate(start));
    TL_LOG_INFO("metadata_loaded", {"cluster_id", options_.cluster_id}, {"offset", image()->highest_offset()}, {"leader_epoch", leader_epoch_},
                {"broker_epoch", broker_epoch_}, {"topics", image()->topic_count()});
    return {};
}

// The newest snapshot; unfinished ones are removed.
Result<std::optional<SnapshotId>> QuorumOfOne::find_snapshot() {
    std::optional<SnapshotId> newest;
    TL_TRY(entries, files_.list(directory_));
    for (const auto& entry : entries) {
        if (entry.name.ends_with(".checkpoint.part") || entry.name.ends_with(".checkpoint.deleted")) {
            TL_TRY_VOID(files_.remove_file(path_of(entry.name)));
        } else if (auto id = parse_snapshot_file_name(entry.name); id && (!newest || *newest < *id)) {
            newest = id;
        }
    }
    return newest;
}

Result<> QuorumOfOne::load_snapshot(const SnapshotId& id) {
    TL_TRY(content, runtime::read_file(files_, path_of(snapshot_file_name(id)), kSnapshotBytesMax));
    TL_TRY(snapshot, decode_snapshot(content));
    for (const MetadataRecord& record : snapshot.records) {
        TL_TRY_VOID(replay_.apply(record));
    }
    quorum_ = std::move(snapshot.quorum);
    last_record_ms_ = snapshot.last_contained_log_ms;
    snapshot_ = id;
    replay_.publish(id.offset - 1, id.epoch);
    return {};
}

Result<> QuorumOfOne::open_log(std::int64_t now_ms) {
    TL_TRY(sound_until, check_metadata_log(files_, directory_));
    log::OpenState state;
    state.log_start_offset = snapshot_.offset;
    state.recovery_point = std::max(sound_until, snapshot_.offset);
    state.topic_id = base::kMetadataTopicId;
    TL_TRY(log, log::PartitionLog::open(cache_, directory_, std::string(kMetadataDirectory), log_config(options_), state, {}, now_ms));
    log_ = std::move(log);
    if (log_->log_start_offset() > snapshot_.offset) {
        return base::fail(ErrorCode::corrupt_message, "the metadata log starts behind the newest snapshot; records are missing",
                          log_->log_start_offset());
    }
    return {};
}

Result<> QuorumOfOne::replay_log() {
    std::int32_t epoch = snapshot_.epoch;
    base::Bytes buffer;
    for (std::int64_t at = snapshot_.offset; at < log_->next_offset();) {
        TL_TRY(slice, log_->read(at, kReadBytes, log_->next_offset(), true));
        if (slice.is_empty()) {
            return base::fail(ErrorCode::corrupt_message, "the metadata log has a gap", at);
        }
        buffer.resize(slice.size);
        TL_TRY(got, slice.file->read_at(slice.position, buffer));
        buffer.resize(got);
        bytes_since_snapshot_ += got;
        TL_TRY(batches, record::split_batches(buffer));
        for (const record::BatchView& batch : batches) {
            if (batch.header.last_offset() < snapshot_.offset) {
                continue;
            }
            TL_TRY_VOID(replay_batch(batch));
            epoch = batch.header.leader_epoch;
            last_record_ms_ = batch.header.max_timestamp;
        }
        at = slice.next_offset;
    }
    replay_.publish(log_->next_offset() - 1, epoch);
    return {};
}

Result<> QuorumOfOne::replay_batch(const record::BatchView& batch) {
    if (batch.header.is_control()) {
        TL_TRY(controls, read_control_batch(batch));
        for (const ControlRecord& control : controls) {
            TL_TRY_VOID(apply_control(control, quorum_));
        }
        return {};
    }
    TL_TRY(records, read_data_batch(batch));
    for (const MetadataRecord& record : records) {
        if (auto applied = replay_.apply(record); !applied) {
            return base::fail(applied.error().code, applied.error().note, batch.header.base_offset);
        }
    }
    return {};
}

Result<> QuorumOfOne::check_quorum() const {
    if (quorum_.kraft_version == 0) {
        return {};
    }
    if (!quorum_.voters || quorum_.voters->voters.size() != 1 || quorum_.voters->voters.front().voter_id != options_.node_id) {
        return base::fail(ErrorCode::unsupported_version, "the metadata log names other voters; a quorum of several is not served yet");
    }
    if (quorum_.voters->voters.front().voter_directory_id != options_.directory_id) {
        return base::fail(ErrorCode::inconsistent_cluster_id,
                          "the metadata log belongs to another directory than its meta.properties says; was it copied?");
    }
    return {};
}

Result<> QuorumOfOne::check_features() const {
    for (const auto& [name, level] : image()->features()) {
        auto known = std::ranges::find(supported_features(), name, &SupportedFeature::name);
        if (known == supported_features().end() || level < known->range.min || level > known->range.max) {
            TL_LOG_ERROR("feature_unknown", {"feature", name}, {"level", level});
            return base::fail(ErrorCode::unsupported_version, "the directory uses a cluster feature that this program does not know", level);
        }
    }
    return {};
}

// A new epoch is on disk before anything is written under it: no two leaders ever write under the same one.
Result<> QuorumOfOne::take_leadership(std::int64_t now_ms) {
    QuorumState state;
    auto content = runtime::read_file(files_, path_of(kQuorumStateFile), 64 << 10);
    if (content && !content->empty()) {
        TL_TRY(decoded, decode_quorum_state(*content));
        state = decoded;
    } else if (!content && content.error().detail != ENOENT) {
        return std::unexpected(content.error());
    }
    std::int32_t newest = std::max({state.leader_epoch, log_->leader_epochs().latest().value_or(0), snapshot_.epoch});
    leader_epoch_ = newest + 1;
    const std::int32_t self[] = {options_.node_id};
    std::string text = encode_quorum_state({options_.node_id, leader_epoch_, -1}, quorum_.kraft_version, self);
    TL_TRY_VOID(runtime::replace_file(files_, path_of(kQuorumStateFile), base::as_bytes(text)));

    std::vector<ControlRecord> controls{{record::ControlType::leader_change, record::leader_change_value(options_.node_id, self, self)}};
    if (log_->next_offset() == 0) {
        // What the first snapshot says of the quorum is repeated in the log, where observers see it.
        std::ranges::move(control_records_of(quorum_), std::back_inserter(controls));
    }
    TL_TRY_VOID(log_->assign_epoch(leader_epoch_, log_->next_offset()));
    base::Bytes batch = build_control_batch(controls, {log_->next_offset(), leader_epoch_, now_ms});
    TL_TRY_VOID(append(batch, now_ms));
    TL_TRY(plan, log_->begin_flush());
    Result<> flushed = log::run_flush(files_, plan);
    log_->finish_flush(plan, flushed);
    return flushed;
}

Result<> QuorumOfOne::activate(const Start& start) {
    std::vector<MetadataRecord> records;
    if (replay_.in_transaction()) {
        records.emplace_back(protocol::AbortTransactionRecord{});
    }
    if (image()->feature(kMetadataVersion) == 0) {
        TL_TRY(bootstrap, read_bootstrap());
        std::ranges::move(bootstrap_records(bootstrap, options_.min_insync_replicas), std::back_inserter(records));
    }
    std::int16_t version = metadata_version_after(*image(), records);
    NodeDescription node{options_.node_id, start.incarnation_id, options_.endpoints, options_.controller_endpoints, options_.rack,
                         options_.log_directories};
    Registration registration = registration_of(node, version, log_->next_offset() + static_cast<std::int64_t>(records.size()));
    broker_epoch_ = registration.broker_epoch;
    std::ranges::move(registration.records, std::back_inserter(records));
    std::ranges::move(leader_changes(*image(), options_.node_id, options_.clean_shutdown), std::back_inserter(records));
    return write_now(records, version, start.now_ms);
}

// What the formatting left to be written first; a directory without the file gets the features of this release.
Result<std::vector<MetadataRecord>> QuorumOfOne::read_bootstrap() const {
    auto content = runtime::read_file(files_, fmt::format("{}/{}", options_.directory, kBootstrapFile), kSnapshotBytesMax);
    if (!content && content.error().detail != ENOENT) {
        return std::unexpected(content.error());
    }
    std::vector<MetadataRecord> records;
    if (content) {
        TL_TRY(snapshot, decode_snapshot(*content));
        records = std::move(snapshot.records);
    }
    if (metadata_version_after(MetadataImage(), records) == 0) {
        protocol::FeatureLevelRecord feature;
        feature.name = kMetadataVersion;
        feature.feature_level = kMetadataVersionLatest;
        records.insert(records.begin(), feature);
    }
    return records;
}

Result<> QuorumOfOne::write_now(const std::vector<MetadataRecord>& records, std::int16_t metadata_version, std::int64_t now_ms) {
    for (std::size_t at = 0; at < records.size(); at += kRecordsPerBatch) {
        std::span<const MetadataRecord> part(records.data() + at, std::min(kRecordsPerBatch, records.size() - at));
        for (const MetadataRecord& record : part) {
            TL_TRY_VOID(replay_.apply(record));
        }
        base::Bytes batch = build_data_batch(part, metadata_version, {log_->next_offset(), leader_epoch_, now_ms});
        TL_TRY_VOID(append(batch, now_ms));
        TL_TRY(plan, log_->begin_flush());
        Result<> flushed = log::run_flush(files_, plan);
        log_->finish_flush(plan, flushed);
        TL_TRY_VOID(std::move(flushed));
    }
    TL_TRY_VOID(check_features());
    replay_.publish(log_->next_offset() - 1, leader_epoch_);
    return {};
}

}  // namespace tideline::cluster
