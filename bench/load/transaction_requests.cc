#include "load/transaction_requests.h"

#include "base/crc32c.h"
#include "load/options.h"
#include "record/batch.h"

namespace tideline::load {

namespace {

constexpr std::int32_t kTimeoutMs = 60'000;
constexpr std::size_t kTextBytesMax = 126;
constexpr std::size_t kCorrelationAndTagsBytes = 5;

void write_text(base::ByteWriter& out, std::string_view text) {
    if (text.size() > kTextBytesMax) {
        die("names of topics and transactions are short here");
    }
    out.write_unsigned_varint(static_cast<std::uint32_t>(text.size()) + 1);
    out.write_bytes(base::as_bytes(text));
}

void write_no_tags(base::ByteWriter& out) { out.write_int8(0); }
void write_count(base::ByteWriter& out, std::size_t count) { out.write_unsigned_varint(static_cast<std::uint32_t>(count) + 1); }

base::ByteWriter begin_flexible_rest() {
    constexpr std::string_view kClientId = "tl_load";
    base::ByteWriter out;
    out.write_int16(static_cast<std::int16_t>(kClientId.size()));
    out.write_bytes(base::as_bytes(kClientId));
    write_no_tags(out);
    return out;
}

}  // namespace

Bytes init_producer_id_rest(std::string_view transactional_id) {
    base::ByteWriter out = begin_flexible_rest();
    write_text(out, transactional_id);
    out.write_int32(kTimeoutMs);
    out.write_int64(-1);  // a new instance, which continues no epoch
    out.write_int16(-1);
    write_no_tags(out);
    return out.take();
}

Bytes end_txn_rest(std::string_view transactional_id, ProducerIdentity identity, bool committed) {
    base::ByteWriter out = begin_flexible_rest();
    write_text(out, transactional_id);
    out.write_int64(identity.id);
    out.write_int16(identity.epoch);
    out.write_bool(committed);
    write_no_tags(out);
    return out.take();
}

ProduceFrame::ProduceFrame(std::string_view transactional_id, std::string_view topic, ByteView batch, std::size_t batches)
    : batch_bytes_(batch.size()) {
    constexpr std::int16_t kAcksAll = -1;
    base::ByteWriter out = begin_flexible_rest();
    if (transactional_id.empty()) {
        out.write_unsigned_varint(0);
    } else {
        write_text(out, transactional_id);
    }
    out.write_int16(kAcksAll);
    out.write_int32(kTimeoutMs);
    write_count(out, 1);
    write_text(out, topic);
    write_count(out, batches);
    for (std::size_t i = 0; i < batches; ++i) {
        std::size_t partition_at = out.size();
        out.write_int32(0);
        out.write_unsigned_varint(static_cast<std::uint32_t>(batch.size()) + 1);
        rows_.push_back({partition_at, out.size()});
        out.write_bytes(batch);
        write_no_tags(out);
    }
    write_no_tags(out);  // of the topic
    write_no_tags(out);  // of the request
    rest_ = out.take();
    for (const Row& row : rows_) {
        std::uint8_t* attributes = rest_.data() + row.batch_at + record::position::attributes;
        std::int16_t kind = transactional_id.empty() ? std::int16_t{0} : record::kTransactionalBit;
        base::store_be(attributes, static_cast<std::int16_t>(base::load_be<std::int16_t>(attributes) | kind));
    }
}

void ProduceFrame::address(std::size_t row, std::int32_t partition, ProducerIdentity identity, std::int32_t base_sequence) {
    const auto [partition_at, batch_at] = rows_[row];
    base::store_be(rest_.data() + partition_at, partition);
    std::uint8_t* batch = rest_.data() + batch_at;
    base::store_be(batch + record::position::producer_id, identity.id);
    base::store_be(batch + record::position::producer_epoch, identity.epoch);
    base::store_be(batch + record::position::base_sequence, base_sequence);
    ByteView covered = ByteView(rest_).subspan(batch_at, batch_bytes_).subspan(record::position::attributes);
    base::store_be(batch + record::position::crc, base::crc32c(covered));
}

std::int16_t produce_error(ByteView answer, std::size_t batches) {
    // correlation id, tags | count of topics | length of the name, name | count of partitions | rows
    // A row without an error: index | error | base offset, append time, log start | no record errors, no message, no tags
    constexpr std::size_t kNameLengthAt = kCorrelationAndTagsBytes + 1;
    constexpr std::size_t kErrorInRow = 4;
    constexpr std::size_t kRowBytes = kErrorInRow + 2 + 3 * 8 + 3;
    if (answer.size() <= kNameLengthAt || answer[kNameLengthAt] == 0) {
        return -1;
    }
    std::size_t error_at = kNameLengthAt + answer[kNameLengthAt] + 1 + kErrorInRow;
    for (std::size_t row = 0; row < batches; ++row, error_at += kRowBytes) {
        if (answer.size() < error_at + sizeof(std::int16_t)) {
            return -1;
        }
        if (auto error = base::load_be<std::int16_t>(answer.data() + error_at); error != 0) {
            return error;
        }
    }
    return 0;
}

IdentityAnswer read_identity(ByteView answer) {
    // correlation id, tags | throttle time | error | producer id | epoch | tags
    constexpr std::size_t kErrorAt = kCorrelationAndTagsBytes + 4;
    if (answer.size() < kErrorAt + 2 + 8 + 2 + 1) {
        return {};
    }
    const std::uint8_t* at = answer.data() + kErrorAt;
    return {.error = base::load_be<std::int16_t>(at),
            .identity = {.id = base::load_be<std::int64_t>(at + 2), .epoch = base::load_be<std::int16_t>(at + 10)}};
}

}  // namespace tideline::load
