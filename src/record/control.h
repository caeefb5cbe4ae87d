// record/control.h: control records: transaction markers, and what a KRaft quorum writes between its data.
//
// A control batch has the control bit and, as a rule, one record. Its key says the type; its value is a message of that type.
// The message forms are Kafka's of version 0, which 4.2 writes.
// Errors: invalid_record for a key or value too short, or of a negative version.
// Format: docs/formats/record-batch.md, "Control records"
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "record/build.h"

namespace tideline::record {

enum class ControlType : std::int16_t {
    abort = 0,
    commit = 1,
    leader_change = 2,
    snapshot_header = 3,
    snapshot_footer = 4,
    kraft_version = 5,
    kraft_voters = 6,
    unknown = -1,  // written by something newer than us: to be skipped
};

std::string_view name_of(ControlType type);  // "COMMIT"

Result<ControlType> parse_control_key(ByteView key);
Bytes control_key(ControlType type);

// What ends a transaction in a partition.
struct EndTxnMarker {
    ControlType type = ControlType::abort;  // abort or commit
    std::int32_t coordinator_epoch = 0;

    friend bool operator==(const EndTxnMarker&, const EndTxnMarker&) = default;
};
Result<EndTxnMarker> parse_end_txn_marker(ByteView key, ByteView value);
Bytes end_txn_value(std::int32_t coordinator_epoch);

// The whole batch of one marker: transactional, control, without a sequence.
struct MarkerBatch {
    std::int64_t base_offset = 0;
    std::int32_t leader_epoch = kNoLeaderEpoch;
    std::int64_t timestamp = 0;
    std::int64_t producer_id = kNoProducerId;
    std::int16_t producer_epoch = kNoProducerEpoch;
    EndTxnMarker marker;
};
Bytes build_marker_batch(const MarkerBatch& batch);

// Values of the KRaft types.
Bytes leader_change_value(std::int32_t leader_id, std::span<const std::int32_t> voters, std::span<const std::int32_t> granting_voters);
Bytes snapshot_header_value(std::int64_t last_contained_log_timestamp);
Bytes snapshot_footer_value();
Bytes kraft_version_value(std::int16_t kraft_version);

struct LeaderChange {
    std::int32_t leader_id = -1;
    std::vector<std::int32_t> voters;
    std::vector<std::int32_t> granting_voters;
};
Result<LeaderChange> parse_leader_change(ByteView value);
// The time of the last record that the snapshot holds.
Result<std::int64_t> parse_snapshot_header(ByteView value);
Result<std::int16_t> parse_kraft_version(ByteView value);

// A batch of one KRaft control record.
Bytes build_control_batch(std::int64_t base_offset, std::int32_t leader_epoch, std::int64_t timestamp, ControlType type, ByteView value);

}  // namespace tideline::record
