#include "record/control.h"

#include "base/check.h"

namespace tideline::record {

using base::ByteReader;
using base::ByteWriter;
using base::fail;

namespace {

constexpr std::int16_t kVersion = 0;

Result<std::int16_t> read_version(ByteReader& in) {
    auto version = in.read_int16();
    if (!version || *version < 0) {
        return fail(ErrorCode::invalid_record, "control record has no valid version", version.value_or(0));
    }
    return version;
}

std::unexpected<Error> too_short() { return fail(ErrorCode::invalid_record, "control record is too short"); }

// KIP-482's compact array of {int32 id, tagged fields}; the count is written plus one.
void write_voters(ByteWriter& out, std::span<const std::int32_t> voters) {
    out.write_unsigned_varint(static_cast<std::uint32_t>(voters.size()) + 1);
    for (std::int32_t voter : voters) {
        out.write_int32(voter);
        out.write_unsigned_varint(0);
    }
}

Result<> skip_tagged_fields(ByteReader& in) {
    TL_TRY(count, in.read_unsigned_varint());
    for (std::uint32_t i = 0; i < count; ++i) {
        TL_TRY_VOID(in.read_unsigned_varint());
        TL_TRY(size, in.read_unsigned_varint());
        TL_TRY_VOID(in.skip(size));
    }
    return {};
}

// Version 1 (KIP-853) has the voter's directory id behind its number.
Result<std::vector<std::int32_t>> read_voters(ByteReader& in, std::int16_t version) {
    TL_TRY(count_plus_one, in.read_unsigned_varint());
    std::vector<std::int32_t> voters;
    for (std::uint32_t i = 1; i < count_plus_one; ++i) {
        TL_TRY(voter, in.read_int32());
        if (version >= 1) {
            TL_TRY_VOID(in.read_uuid());
        }
        TL_TRY_VOID(skip_tagged_fields(in));
        voters.push_back(voter);
    }
    return voters;
}

}  // namespace

std::string_view name_of(ControlType type) {
    switch (type) {
        case ControlType::abort: return "ABORT";
        case ControlType::commit: return "COMMIT";
        case ControlType::leader_change: return "LEADER_CHANGE";
        case ControlType::snapshot_header: return "SNAPSHOT_HEADER";
        case ControlType::snapshot_footer: return "SNAPSHOT_FOOTER";
        case ControlType::kraft_version: return "KRAFT_VERSION";
        case ControlType::kraft_voters: return "KRAFT_VOTERS";
        case ControlType::unknown: break;
    }
    return "UNKNOWN";
}

Result<ControlType> parse_control_key(ByteView key) {
    ByteReader in(key);
    TL_TRY_VOID(read_version(in));
    auto type = in.read_int16();
    if (!type) {
        return too_short();
    }
    if (*type < 0 || *type > static_cast<std::int16_t>(ControlType::kraft_voters)) {
        return ControlType::unknown;
    }
    return static_cast<ControlType>(*type);
}

Bytes control_key(ControlType type) {
    TL_CHECK(type != ControlType::unknown);
    ByteWriter out;
    out.write_int16(kVersion);
    out.write_int16(static_cast<std::int16_t>(type));
    return out.take();
}

Result<EndTxnMarker> parse_end_txn_marker(ByteView key, ByteView value) {
    TL_TRY(type, parse_control_key(key));
    if (type != ControlType::abort && type != ControlType::commit) {
        return fail(ErrorCode::invalid_record, "control record does not end a transaction", static_cast<std::int64_t>(type));
    }
    ByteReader in(value);
    TL_TRY_VOID(read_version(in));
    auto epoch = in.read_int32();
    if (!epoch) {
        return too_short();
    }
    return EndTxnMarker{type, *epoch};
}

Bytes end_txn_value(std::int32_t coordinator_epoch) {
    ByteWriter out;
    out.write_int16(kVersion);
    out.write_int32(coordinator_epoch);
    return out.take();
}

Bytes build_marker_batch(const MarkerBatch& batch) {
    BatchBuilder builder({.base_offset = batch.base_offset,
                          .leader_epoch = batch.leader_epoch,
                          .producer_id = batch.producer_id,
                          .producer_epoch = batch.producer_epoch,
                          .transactional = true,
                          .control = true});
    builder.add(batch.timestamp, control_key(batch.marker.type), end_txn_value(batch.marker.coordinator_epoch));
    return builder.finish();
}

Bytes leader_change_value(std::int32_t leader_id, std::span<const std::int32_t> voters, std::span<const std::int32_t> granting_voters) {
    ByteWriter out;
    out.write_int16(kVersion);
    out.write_int32(leader_id);
    write_voters(out, voters);
    write_voters(out, granting_voters);
    out.write_unsigned_varint(0);
    return out.take();
}

Bytes snapshot_header_value(std::int64_t last_contained_log_timestamp) {
    ByteWriter out;
    out.write_int16(kVersion);
    out.write_int64(last_contained_log_timestamp);
    out.write_unsigned_varint(0);
    return out.take();
}

Bytes snapshot_footer_value() {
    ByteWriter out;
    out.write_int16(kVersion);
    out.write_unsigned_varint(0);
    return out.take();
}

Bytes kraft_version_value(std::int16_t kraft_version) {
    ByteWriter out;
    out.write_int16(kVersion);
    out.write_int16(kraft_version);
    out.write_unsigned_varint(0);
    return out.take();
}

Result<LeaderChange> parse_leader_change(ByteView value) {
    ByteReader in(value);
    TL_TRY(version, read_version(in));
    auto leader = in.read_int32();
    if (!leader) {
        return too_short();
    }
    auto voters = read_voters(in, version);
    if (!voters) {
        return too_short();
    }
    auto granting = read_voters(in, version);
    if (!granting) {
        return too_short();
    }
    return LeaderChange{*leader, std::move(*voters), std::move(*granting)};
}

Result<std::int64_t> parse_snapshot_header(ByteView value) {
    ByteReader in(value);
    TL_TRY_VOID(read_version(in));
    auto timestamp = in.read_int64();
    return timestamp ? timestamp : too_short();
}

Result<std::int16_t> parse_kraft_version(ByteView value) {
    ByteReader in(value);
    TL_TRY_VOID(read_version(in));
    auto version = in.read_int16();
    return version ? version : too_short();
}

Bytes build_control_batch(std::int64_t base_offset, std::int32_t leader_epoch, std::int64_t timestamp, ControlType type, ByteView value) {
    BatchBuilder builder({.base_offset = base_offset, .leader_epoch = leader_epoch, .control = true});
    builder.add(timestamp, control_key(type), value);
    return builder.finish();
}

}  // namespace tideline::record
