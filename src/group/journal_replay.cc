#include "group/journal_replay.h"

#include "base/log.h"
#include "record/build.h"
#include "record/control.h"

namespace tideline::group {

namespace {

// Far above what a batch of __consumer_offsets may hold; a compressed one was written by an operator's choice of codec.
constexpr std::size_t kDecompressedMax = std::size_t{256} << 20;
constexpr std::size_t kRecordOverhead = 40;  // lengths, deltas and attributes of a record, at most

base::Result<> replay_batch(Coordinator& coordinator, const record::BatchView& batch, const Now& now) {
    const auto& header = batch.header;
    TL_TRY(reader, record::RecordReader::open(batch, kDecompressedMax));
    while (true) {
        TL_TRY(next, reader.next());
        if (!next) {
            return {};
        }
        if (!next->key) {
            continue;
        }
        if (header.is_control()) {
            auto marker = record::parse_end_txn_marker(*next->key, next->value.value_or(base::ByteView{}));
            if (marker) {
                coordinator.replay_end_transaction(header.producer_id, marker->type == record::ControlType::commit);
            }
            continue;
        }
        auto producer_id = header.is_transactional() ? header.producer_id : -1;
        if (auto replayed = coordinator.replay(*next->key, next->value, producer_id, now); !replayed) {
            TL_LOG_WARN("group_record_skipped", {"offset", next->offset}, {"error", base::to_string(replayed.error())});
        }
    }
}

}  // namespace

base::Result<> replay_batches(Coordinator& coordinator, base::ByteView batches, const Now& now) {
    record::BatchCursor cursor(batches);
    while (true) {
        TL_TRY(batch, cursor.next());
        if (!batch) {
            return {};
        }
        TL_TRY_VOID(replay_batch(coordinator, *batch, now));
    }
}

std::vector<base::Bytes> make_batches(std::span<const Record> records, std::size_t bytes_max, std::int64_t now_ms) {
    std::vector<base::Bytes> batches;
    std::optional<record::BatchBuilder> builder;
    for (const auto& record : records) {
        auto bytes = record.key.size() + (record.value ? record.value->size() : 0) + kRecordOverhead;
        if (builder && builder->uncompressed_bytes() + bytes > bytes_max) {
            batches.push_back(builder->finish());
            builder.reset();
        }
        if (!builder) {
            builder.emplace(record::BatchOptions{});
        }
        std::optional<base::ByteView> value;
        if (record.value) {
            value = *record.value;
        }
        builder->add(now_ms, record.key, value);
    }
    if (builder) {
        batches.push_back(builder->finish());
    }
    return batches;
}

}  // namespace tideline::group
