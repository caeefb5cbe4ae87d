// record/rewrite.h: the records of a batch written again with another codec and offsets 0, 1, 2 … Internal to validation.
//
// Records flow from a RecordScanner straight into a Compressor: neither the old nor the new blob is ever there uncompressed.
// As Kafka does it: the first record's timestamp becomes the base timestamp, record attributes become 0.
// Memory: the new batch, and no more than it is allowed: what comes after that is dropped.
// Errors: finish() says message_too_large if the new batch is longer than allowed, not earlier: what else is wrong with the records
//         comes first. invalid_timestamp for a timestamp below -1, which no new batch may hold.
#pragma once

#include <memory>

#include "record/record.h"

namespace tideline::record {

class BatchRewriter final : public RecordTap {
public:
    // `source` is the header of the batch whose records will pass.
    BatchRewriter(const BatchHeader& source, CompressionType codec, std::int32_t level, std::size_t batch_bytes_max);

    Result<> on_record(const RecordFacts& before_key, std::size_t rest_bytes) override;
    Result<> on_rest(ByteView piece) override;

    // The batch, complete but for its place in a log. Exactly once, when all records have passed.
    Result<Bytes> finish(TimestampType type, std::int64_t max_timestamp);

private:
    void write(ByteView bytes);
    bool is_too_large() const { return out_->size() > batch_bytes_max_; }

    BatchHeader source_;
    CompressionType codec_;
    std::size_t batch_bytes_max_;
    std::unique_ptr<Bytes> out_;  // the compressor holds a reference, so it must not move
    std::unique_ptr<Compressor> compressor_;
    std::int32_t count_ = 0;
    std::int64_t base_timestamp_ = kNoTimestamp;
};

}  // namespace tideline::record
