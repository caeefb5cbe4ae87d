#include "coordinator/batches.h"

namespace tideline::coordinator {

namespace {

// Far above what a batch of an internal topic may hold; a compressed one was written by an operator's choice of codec.
constexpr std::size_t kDecompressedMax = std::size_t{256} << 20;

base::Result<> visit_batch(const record::BatchView& batch, const VisitRecord& visit) {
    TL_TRY(reader, record::RecordReader::open(batch, kDecompressedMax));
    while (true) {
        TL_TRY(next, reader.next());
        if (!next) {
            return {};
        }
        if (next->key) {
            visit(batch.header, *next);
        }
    }
}

}  // namespace

base::Result<> visit_records(base::ByteView batches, const VisitRecord& visit) {
    record::BatchCursor cursor(batches);
    while (true) {
        TL_TRY(batch, cursor.next());
        if (!batch) {
            return {};
        }
        TL_TRY_VOID(visit_batch(*batch, visit));
    }
}

std::vector<base::Bytes> make_batches(std::span<const Record> records, std::size_t bytes_max, std::int64_t now_ms,
                                      const record::BatchOptions& options) {
    std::vector<base::Bytes> batches;
    std::optional<record::BatchBuilder> builder;
    for (const auto& record : records) {
        auto bytes = record.key.size() + (record.value ? record.value->size() : 0) + kRecordOverhead;
        if (builder && builder->uncompressed_bytes() + bytes > bytes_max) {
            batches.push_back(builder->finish());
            builder.reset();
        }
        if (!builder) {
            builder.emplace(options);
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

}  // namespace tideline::coordinator
