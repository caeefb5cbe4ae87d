#include "load/requests.h"

#include <chrono>
#include <random>

#include "record/build.h"

namespace tideline::load {

namespace {

constexpr std::int32_t kRequestTimeoutMs = 60'000;
constexpr std::size_t kStringLengthBytes = 2;

void write_string(base::ByteWriter& out, std::string_view text) {
    out.write_int16(static_cast<std::int16_t>(text.size()));
    out.write_bytes(base::as_bytes(text));
}

base::ByteWriter begin_rest() {
    base::ByteWriter out;
    write_string(out, "tl_load");  // the client id ends the header
    return out;
}

// The int16 behind `before` bytes, a string, and `after` bytes more.
std::int16_t error_behind_string(ByteView answer, std::size_t before, std::size_t after) {
    if (answer.size() < before + kStringLengthBytes) {
        return -1;
    }
    auto length = static_cast<std::size_t>(base::load_be<std::uint16_t>(answer.data() + before));
    std::size_t at = before + kStringLengthBytes + length + after;
    return answer.size() < at + sizeof(std::int16_t) ? std::int16_t{-1} : base::load_be<std::int16_t>(answer.data() + at);
}

}  // namespace

Prefix prefix(std::int16_t api, std::int16_t version, std::int32_t correlation, std::size_t rest_bytes) {
    Prefix made;
    base::store_be(made.bytes.data(), static_cast<std::int32_t>(Prefix::kBytes - sizeof(std::int32_t) + rest_bytes));
    base::store_be(made.bytes.data() + 4, api);
    base::store_be(made.bytes.data() + 6, version);
    base::store_be(made.bytes.data() + 8, correlation);
    return made;
}

Bytes make_batch(std::int64_t records, std::size_t record_bytes, std::uint32_t seed) {
    std::mt19937 random(seed);
    auto now = std::chrono::system_clock::now().time_since_epoch();
    std::int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    record::BatchBuilder builder({});
    Bytes value(record_bytes);
    for (std::int64_t i = 0; i < records; ++i) {
        for (std::uint8_t& byte : value) {
            byte = static_cast<std::uint8_t>(' ' + random() % 95);
        }
        builder.add(now_ms, std::nullopt, ByteView(value));
    }
    return builder.finish();
}

std::int64_t records_per_batch(std::size_t record_bytes, std::size_t batch_bytes) {
    std::int64_t records = 1;
    std::size_t one = make_batch(1, record_bytes, 0).size() - record::kBatchHeaderBytes + 2;  // deltas grow to three bytes
    if (batch_bytes > record::kBatchHeaderBytes + one) {
        records = static_cast<std::int64_t>((batch_bytes - record::kBatchHeaderBytes) / one);
    }
    return records;
}

Bytes produce_rest(std::string_view topic, std::int32_t partition, std::int16_t acks, ByteView batch) {
    base::ByteWriter out = begin_rest();
    out.write_int16(-1);  // no transactional id
    out.write_int16(acks);
    out.write_int32(kRequestTimeoutMs);
    out.write_int32(1);
    write_string(out, topic);
    out.write_int32(1);
    out.write_int32(partition);
    out.write_int32(static_cast<std::int32_t>(batch.size()));
    out.write_bytes(batch);
    return out.take();
}

Bytes fetch_rest(std::string_view topic, std::int32_t partition, std::int64_t offset, std::int32_t bytes_max, bool committed_only) {
    constexpr std::int32_t kWaitMs = 500;
    constexpr std::int32_t kResponseBytesMax = 50 << 20;
    base::ByteWriter out = begin_rest();
    out.write_int32(-1);  // a consumer
    out.write_int32(kWaitMs);
    out.write_int32(1);
    out.write_int32(kResponseBytesMax);
    out.write_int8(committed_only ? 1 : 0);
    out.write_int32(0);   // no session
    out.write_int32(-1);
    out.write_int32(1);
    write_string(out, topic);
    out.write_int32(1);
    out.write_int32(partition);
    out.write_int32(-1);  // any leader epoch
    out.write_int64(offset);
    out.write_int64(-1);
    out.write_int32(bytes_max);
    out.write_int32(0);   // forgets nothing
    return out.take();
}

Bytes offset_commit_rest(std::string_view group, std::string_view topic) {
    base::ByteWriter out = begin_rest();
    write_string(out, group);
    out.write_int32(-1);  // no generation
    write_string(out, "");
    out.write_int64(-1);  // the broker's own retention
    out.write_int32(1);
    write_string(out, topic);
    out.write_int32(1);
    out.write_int32(0);
    out.write_int64(1);
    write_string(out, "");
    return out.take();
}

Bytes create_topic_rest(std::string_view topic, std::int32_t partitions) {
    base::ByteWriter out = begin_rest();
    out.write_int32(1);
    write_string(out, topic);
    out.write_int32(partitions);
    out.write_int16(1);
    out.write_int32(0);
    out.write_int32(0);
    out.write_int32(kRequestTimeoutMs);
    out.write_bool(false);
    return out.take();
}

std::int16_t partition_error(ByteView answer) {
    // correlation id, count of topics | name | count of partitions, index
    return error_behind_string(answer, 8, 8);
}

std::int16_t create_topic_error(ByteView answer) {
    // correlation id, throttle time, count of topics | name
    return error_behind_string(answer, 12, 0);
}

}  // namespace tideline::load
