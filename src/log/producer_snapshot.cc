#include "log/producer_snapshot.h"

#include "base/crc32c.h"

namespace tideline::log {

namespace {

constexpr std::int16_t kVersion = 1;
constexpr std::size_t kCrcAt = 2;
constexpr std::size_t kSummedFrom = 6;
constexpr std::size_t kEntryBytes = 46;

Result<ProducerEntry> read_entry(base::ByteReader& in) {
    ProducerEntry entry;
    TL_TRY(producer_id, in.read_int64());
    TL_TRY(epoch, in.read_int16());
    TL_TRY(last_sequence, in.read_int32());
    TL_TRY(last_offset, in.read_int64());
    TL_TRY(offset_delta, in.read_int32());
    TL_TRY(timestamp, in.read_int64());
    TL_TRY(coordinator_epoch, in.read_int32());
    TL_TRY(transaction_first_offset, in.read_int64());
    entry.producer_id = producer_id;
    entry.producer_epoch = epoch;
    entry.last_timestamp = timestamp;
    entry.coordinator_epoch = coordinator_epoch;
    entry.transaction_first_offset = transaction_first_offset >= 0 ? transaction_first_offset : kNoOffset;
    if (last_offset >= 0) {
        entry.add_batch({last_sequence, offset_delta, last_offset, timestamp});
    }
    return entry;
}

}  // namespace

Bytes encode_producer_snapshot(std::span<const ProducerEntry> producers) {
    base::ByteWriter out;
    out.reserve(10 + producers.size() * kEntryBytes);
    out.write_int16(kVersion);
    out.write_int32(0);  // CRC, below
    out.write_int32(static_cast<std::int32_t>(producers.size()));
    for (const ProducerEntry& entry : producers) {
        out.write_int64(entry.producer_id);
        out.write_int16(entry.producer_epoch);
        out.write_int32(entry.last_sequence());
        out.write_int64(entry.last_data_offset());
        out.write_int32(entry.last_offset_delta());
        out.write_int64(entry.last_timestamp);
        out.write_int32(entry.coordinator_epoch);
        out.write_int64(entry.transaction_first_offset);
    }
    out.patch_int32(kCrcAt, static_cast<std::int32_t>(base::crc32c(out.view().subspan(kSummedFrom))));
    return out.take();
}

Result<std::vector<ProducerEntry>> decode_producer_snapshot(ByteView bytes) {
    constexpr auto kCode = ErrorCode::kafka_storage_error;
    base::ByteReader in(bytes);
    auto version = in.read_int16();
    auto crc = in.read_uint32();
    ByteView summed = in.rest();
    auto count = in.read_int32();
    if (!version || !crc || !count) {
        return base::fail(kCode, "a producer snapshot is cut short", static_cast<std::int64_t>(bytes.size()));
    }
    if (*version != kVersion) {
        return base::fail(kCode, "a producer snapshot has an unknown version", *version);
    }
    if (base::crc32c(summed) != *crc) {
        return base::fail(kCode, "a producer snapshot does not match its checksum", *crc);
    }
    if (*count < 0 || static_cast<std::size_t>(*count) != in.remaining() / kEntryBytes || in.remaining() % kEntryBytes != 0) {
        return base::fail(kCode, "a producer snapshot does not hold as many producers as it says", *count);
    }
    std::vector<ProducerEntry> producers;
    producers.reserve(static_cast<std::size_t>(*count));
    while (!in.at_end()) {
        TL_TRY(entry, read_entry(in));
        producers.push_back(entry);
    }
    return producers;
}

}  // namespace tideline::log
