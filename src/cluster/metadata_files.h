// cluster/metadata_files.h: metadata records as bytes on disk: batches, snapshots, quorum-state.
//
// Pure: bytes in, bytes out. Who writes them where, and in which order, is format.cc and metadata_log*.cc.
// Errors: corrupt_message where the bytes are not what they should be, with the offset in `detail`; unsupported_version
//         for a record that this release does not know.
// Format: docs/formats/metadata.md
#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/messages/metadata_records.h"
#include "protocol/messages/voters_record.h"
#include "record/batch.h"
#include "record/control.h"

namespace tideline::cluster {

inline constexpr std::string_view kMetadataDirectory = "__cluster_metadata-0";
inline constexpr std::string_view kQuorumStateFile = "quorum-state";
inline constexpr std::string_view kBootstrapFile = "bootstrap.checkpoint";

using protocol::MetadataRecord;

// ---- batches ----

struct BatchPlace {
    std::int64_t base_offset = 0;
    std::int32_t leader_epoch = 0;
    std::int64_t now_ms = 0;
};

base::Bytes build_data_batch(std::span<const MetadataRecord> records, std::int16_t metadata_version, const BatchPlace& place);

struct ControlRecord {
    record::ControlType type = record::ControlType::unknown;
    base::Bytes value;
};
base::Bytes build_control_batch(std::span<const ControlRecord> records, const BatchPlace& place);

// The records of a data batch, whose CRC must have been checked.
base::Result<std::vector<MetadataRecord>> read_data_batch(const record::BatchView& batch);
base::Result<std::vector<ControlRecord>> read_control_batch(const record::BatchView& batch);

// ---- what the quorum is ----

// kraft.version 0: the voters are configured; 1: they are in the log (KIP-853).
struct QuorumShape {
    std::int16_t kraft_version = 0;
    std::optional<protocol::VotersRecord> voters;

    friend bool operator==(const QuorumShape&, const QuorumShape&) = default;
};
// Takes over what a control record says of the quorum; other types are passed over.
base::Result<> apply_control(const ControlRecord& record, QuorumShape& shape);
// The control records that say it; none for kraft.version 0.
std::vector<ControlRecord> control_records_of(const QuorumShape& shape);

// ---- snapshots ----

// Holds everything before `offset`, the last of it written in `epoch`.
struct SnapshotId {
    std::int64_t offset = 0;
    std::int32_t epoch = 0;

    friend auto operator<=>(const SnapshotId&, const SnapshotId&) = default;
};
std::string snapshot_file_name(const SnapshotId& id);  // "00000000000000000042-0000000003.checkpoint"
// nullopt for any other name, unfinished (.part) and deleted ones among them.
std::optional<SnapshotId> parse_snapshot_file_name(std::string_view name);

struct Snapshot {
    std::vector<MetadataRecord> records;
    QuorumShape quorum;
    std::int64_t last_contained_log_ms = 0;
};
base::Bytes encode_snapshot(const Snapshot& snapshot, std::int16_t metadata_version, std::int32_t epoch, std::int64_t now_ms);
// Checks every CRC, and that header and footer are there: a snapshot is whole or useless.
base::Result<Snapshot> decode_snapshot(base::ByteView bytes);

// ---- quorum-state ----

struct QuorumState {
    std::int32_t leader_id = -1;
    std::int32_t leader_epoch = 0;
    std::int32_t voted_id = -1;
};
// data_version follows kraft.version; `voters` are written only in version 0.
std::string encode_quorum_state(const QuorumState& state, std::int16_t kraft_version, std::span<const std::int32_t> voters);
base::Result<QuorumState> decode_quorum_state(base::ByteView text);

}  // namespace tideline::cluster
