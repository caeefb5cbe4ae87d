#include "cluster/metadata_files.h"

#include <fmt/format.h>

#include <charconv>

#include "cluster/metadata_version.h"
#include "protocol/metadata_record.h"
#include "protocol/reader.h"
#include "protocol/writer.h"
#include "record/build.h"
#include "record/record.h"

namespace tideline::cluster {

namespace {

// Kafka's snapshots come in batches of up to 8 MiB; smaller ones keep a reader's memory small.
constexpr std::size_t kSnapshotBatchBytes = 1 << 20;
// Metadata may come compressed from elsewhere; more than this in one batch is not believed.
constexpr std::size_t kDecodeBudget = std::size_t{256} << 20;

std::unexpected<base::Error> corrupt(std::string_view note, std::int64_t detail) {
    return base::fail(ErrorCode::corrupt_message, note, detail);
}

void append(base::Bytes& to, const base::Bytes& from) { to.insert(to.end(), from.begin(), from.end()); }

record::BatchBuilder builder_at(const BatchPlace& place, bool control) {
    record::BatchOptions options;
    options.base_offset = place.base_offset;
    options.leader_epoch = place.leader_epoch;
    options.control = control;
    return record::BatchBuilder(options);
}

// The number behind "key": in one line of JSON that Kafka or we wrote; nullopt when it is not there.
std::optional<std::int64_t> json_number(std::string_view text, std::string_view key) {
    std::size_t at = text.find(fmt::format("\"{}\"", key));
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    at = text.find_first_not_of(" \t:", at + key.size() + 2);
    std::int64_t number = 0;
    if (at == std::string_view::npos || std::from_chars(text.data() + at, text.data() + text.size(), number).ec != std::errc()) {
        return std::nullopt;
    }
    return number;
}

}  // namespace

// ---- batches ----

base::Bytes build_data_batch(std::span<const MetadataRecord> records, std::int16_t metadata_version, const BatchPlace& place) {
    record::BatchBuilder builder = builder_at(place, false);
    for (const MetadataRecord& each : records) {
        base::Bytes value = protocol::encode_metadata_record(each, record_version(each, metadata_version));
        builder.add(place.now_ms, std::nullopt, value);
    }
    return builder.finish();
}

base::Bytes build_control_batch(std::span<const ControlRecord> records, const BatchPlace& place) {
    record::BatchBuilder builder = builder_at(place, true);
    for (const ControlRecord& each : records) {
        base::Bytes key = record::control_key(each.type);
        builder.add(place.now_ms, key, each.value);
    }
    return builder.finish();
}

base::Result<std::vector<MetadataRecord>> read_data_batch(const record::BatchView& batch) {
    std::vector<MetadataRecord> records;
    TL_TRY(reader, record::RecordReader::open(batch, kDecodeBudget));
    while (true) {
        TL_TRY(entry, reader.next());
        if (!entry) {
            return std::move(records);
        }
        if (!entry->value) {
            return corrupt("a metadata record has no value", entry->offset);
        }
        auto decoded = protocol::decode_metadata_record(*entry->value);
        if (!decoded) {
            return base::fail(decoded.error().code, decoded.error().note, entry->offset);
        }
        records.push_back(std::move(decoded->record));
    }
}

base::Result<std::vector<ControlRecord>> read_control_batch(const record::BatchView& batch) {
    std::vector<ControlRecord> records;
    TL_TRY(reader, record::RecordReader::open(batch, kDecodeBudget));
    while (true) {
        TL_TRY(entry, reader.next());
        if (!entry) {
            return std::move(records);
        }
        if (!entry->key || !entry->value) {
            return corrupt("a control record has no key or no value", entry->offset);
        }
        TL_TRY(type, record::parse_control_key(*entry->key));
        records.push_back({type, base::Bytes(entry->value->begin(), entry->value->end())});
    }
}

// ---- what the quorum is ----

base::Result<> apply_control(const ControlRecord& record, QuorumShape& shape) {
    if (record.type == record::ControlType::kraft_version) {
        TL_TRY(version, record::parse_kraft_version(record.value));
        shape.kraft_version = version;
    } else if (record.type == record::ControlType::kraft_voters) {
        protocol::Reader reader(record.value);
        TL_TRY(voters, protocol::VotersRecord::decode(reader, 0));
        shape.voters = std::move(voters);
    }
    return {};
}

std::vector<ControlRecord> control_records_of(const QuorumShape& shape) {
    if (shape.kraft_version == 0) {
        return {};
    }
    std::vector<ControlRecord> records{{record::ControlType::kraft_version, record::kraft_version_value(shape.kraft_version)}};
    if (shape.voters) {
        protocol::Writer writer;
        shape.voters->encode(writer, 0);
        records.push_back({record::ControlType::kraft_voters, writer.take()});
    }
    return records;
}

// ---- snapshots ----

std::string snapshot_file_name(const SnapshotId& id) { return fmt::format("{:020}-{:010}.checkpoint", id.offset, id.epoch); }

std::optional<SnapshotId> parse_snapshot_file_name(std::string_view name) {
    constexpr std::size_t kEpochAt = 21;
    constexpr std::size_t kEnd = 31;
    SnapshotId id;
    if (name.size() < kEnd || name[20] != '-' || name.substr(kEnd) != ".checkpoint") {
        return std::nullopt;
    }
    auto [offset_end, offset_error] = std::from_chars(name.data(), name.data() + 20, id.offset);
    auto [epoch_end, epoch_error] = std::from_chars(name.data() + kEpochAt, name.data() + kEnd, id.epoch);
    bool whole = offset_error == std::errc() && epoch_error == std::errc() && offset_end == name.data() + 20 && epoch_end == name.data() + kEnd;
    return whole ? std::optional(id) : std::nullopt;
}

base::Bytes encode_snapshot(const Snapshot& snapshot, std::int16_t metadata_version, std::int32_t epoch, std::int64_t now_ms) {
    BatchPlace place{0, epoch, now_ms};
    std::vector<ControlRecord> header{
        {record::ControlType::snapshot_header, record::snapshot_header_value(snapshot.last_contained_log_ms)}};
    for (ControlRecord& record : control_records_of(snapshot.quorum)) {
        header.push_back(std::move(record));
    }
    base::Bytes out = build_control_batch(header, place);
    place.base_offset += static_cast<std::int64_t>(header.size());

    record::BatchBuilder builder = builder_at(place, false);
    for (const MetadataRecord& each : snapshot.records) {
        if (builder.uncompressed_bytes() >= kSnapshotBatchBytes) {
            place.base_offset = builder.next_offset();
            append(out, builder.finish());
            builder = builder_at(place, false);
        }
        base::Bytes value = protocol::encode_metadata_record(each, record_version(each, metadata_version));
        builder.add(now_ms, std::nullopt, value);
    }
    if (!builder.empty()) {
        place.base_offset = builder.next_offset();
        append(out, builder.finish());
    }
    ControlRecord footer{record::ControlType::snapshot_footer, record::snapshot_footer_value()};
    append(out, build_control_batch({&footer, 1}, place));
    return out;
}

base::Result<Snapshot> decode_snapshot(base::ByteView bytes) {
    Snapshot snapshot;
    bool has_header = false;
    bool has_footer = false;
    TL_TRY(batches, record::split_batches(bytes));
    for (const record::BatchView& batch : batches) {
        if (has_footer || !batch.crc_is_valid()) {
            return corrupt("a snapshot has a damaged batch or goes on behind its footer", batch.header.base_offset);
        }
        if (!batch.header.is_control()) {
            TL_TRY(records, read_data_batch(batch));
            std::ranges::move(records, std::back_inserter(snapshot.records));
            continue;
        }
        TL_TRY(controls, read_control_batch(batch));
        for (const ControlRecord& control : controls) {
            if (control.type == record::ControlType::snapshot_header) {
                TL_TRY(last_ms, record::parse_snapshot_header(control.value));
                snapshot.last_contained_log_ms = last_ms;
                has_header = true;
            }
            has_footer = has_footer || control.type == record::ControlType::snapshot_footer;
            TL_TRY_VOID(apply_control(control, snapshot.quorum));
        }
    }
    if (!has_header || !has_footer) {
        return corrupt("a snapshot lacks its header or its footer", 0);
    }
    return snapshot;
}

// ---- quorum-state ----

std::string encode_quorum_state(const QuorumState& state, std::int16_t kraft_version, std::span<const std::int32_t> voters) {
    if (kraft_version > 0) {
        return fmt::format(R"({{"leaderId":{},"leaderEpoch":{},"votedId":{},"votedDirectoryId":"{}","data_version":1}})", state.leader_id,
                           state.leader_epoch, state.voted_id, base::to_string(base::Uuid{}));
    }
    std::string list;
    for (std::int32_t voter : voters) {
        list += fmt::format("{}{{\"voterId\":{}}}", list.empty() ? "" : ",", voter);
    }
    return fmt::format(
        R"({{"clusterId":"","leaderId":{},"leaderEpoch":{},"votedId":{},"appliedOffset":0,"currentVoters":[{}],"data_version":0}})",
        state.leader_id, state.leader_epoch, state.voted_id, list);
}

base::Result<QuorumState> decode_quorum_state(base::ByteView text) {
    std::string_view json = base::as_text(text);
    auto version = json_number(json, "data_version");
    auto epoch = json_number(json, "leaderEpoch");
    if (!version || *version < 0 || *version > 1 || !epoch || *epoch < 0 || *epoch > INT32_MAX) {
        return corrupt("quorum-state cannot be read", version.value_or(-1));
    }
    return QuorumState{static_cast<std::int32_t>(json_number(json, "leaderId").value_or(-1)), static_cast<std::int32_t>(*epoch),
                       static_cast<std::int32_t>(json_number(json, "votedId").value_or(-1))};
}

}  // namespace tideline::cluster
