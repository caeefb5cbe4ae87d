#include "record/validate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "record/record.h"
#include "record/rewrite.h"

namespace tideline::record {

using base::fail;

namespace {

constexpr std::int16_t kZstdSinceProduceVersion = 7;

std::unexpected<Error> invalid(std::string_view note, std::int64_t detail = 0) { return fail(ErrorCode::invalid_record, note, detail); }

// What Kafka checks before it knows the topic: one batch, of today's format.
Result<BatchView> only_batch(ByteView records, const ValidationRules& rules) {
    BatchCursor cursor(records);
    auto batch = cursor.next();
    if (!batch && batch.error().code == ErrorCode::unsupported_for_message_format) {
        return invalid("only batches of magic 2 are taken", batch.error().detail);
    }
    if (!batch) {
        return std::unexpected(batch.error());
    }
    if (!*batch) {
        return invalid("no whole record batch for the partition");
    }
    if (rules.produce_version < kZstdSinceProduceVersion && (*batch)->header.compression() == CompressionType::zstd) {
        return fail(ErrorCode::unsupported_compression_type, "zstd needs Produce version 7 or later", rules.produce_version);
    }
    auto second = cursor.next();
    if (!second && second.error().code != ErrorCode::unsupported_for_message_format) {
        return std::unexpected(second.error());
    }
    if (!second || *second) {
        return invalid("more than one record batch for the partition");
    }
    return **batch;
}

// What needs no look at the records, in Kafka's order: the cheap size before the CRC, which reads every byte.
Result<> check_whole(const BatchView& batch, const ValidationRules& rules) {
    const BatchHeader& header = batch.header;
    if (rules.origin == AppendOrigin::client && header.base_offset != 0) {
        return invalid("base offset of a produced batch is not 0", header.base_offset);
    }
    if (batch.bytes.size() > static_cast<std::size_t>(rules.max_message_bytes)) {
        return fail(ErrorCode::message_too_large, "record batch exceeds max.message.bytes", static_cast<std::int64_t>(batch.bytes.size()));
    }
    if (!batch.crc_is_valid()) {
        return fail(ErrorCode::corrupt_message, "CRC of the record batch is wrong", header.crc);
    }
    if (!header.compression()) {
        return fail(ErrorCode::unsupported_compression_type, "no codec has this number", header.attributes & kCompressionMask);
    }
    return {};
}

Result<> check_header(const BatchHeader& header, const ValidationRules& rules) {
    if (rules.origin != AppendOrigin::client) {
        return {};
    }
    if (header.last_offset_delta < 0) {
        return invalid("last offset delta is negative", header.last_offset_delta);
    }
    if (header.record_count <= 0) {
        return invalid("record count is not positive", header.record_count);
    }
    if (header.record_count != static_cast<std::int64_t>(header.last_offset_delta) + 1) {
        return invalid("record count and last offset delta do not agree", header.record_count);
    }
    if (header.is_control()) {
        return invalid("clients may not write control records");
    }
    if (header.has_producer_id() && header.base_sequence < 0) {
        return invalid("base sequence is negative though there is a producer id", header.base_sequence);
    }
    if (header.is_transactional() && !header.has_producer_id()) {
        return invalid("transactional batch without a producer id");
    }
    return {};
}

// Java subtracts with wrap-around; a timestamp chosen to overflow must get the same answer.
std::int64_t wrapping_difference(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

bool is_out_of_range(std::int64_t timestamp, const ValidationRules& rules, std::int64_t now_ms) {
    return wrapping_difference(now_ms, timestamp) > rules.timestamp_before_max_ms ||
           wrapping_difference(timestamp, now_ms) > rules.timestamp_after_max_ms;
}

std::string out_of_range_text(std::int64_t timestamp, const ValidationRules& rules, std::int64_t now_ms) {
    return fmt::format("timestamp {} is not within {} ms before and {} ms after the broker's time {}", timestamp,
                       rules.timestamp_before_max_ms, rules.timestamp_after_max_ms, now_ms);
}

// Collects what is wrong with single records: the batch fails as a whole, but the producer is told which ones did it.
class RecordErrors {
public:
    void add(std::int32_t index, ErrorCode code, std::string message) {
        invalid_timestamp_ |= code == ErrorCode::invalid_timestamp;
        ++count_;
        if (errors_.size() < kRecordErrorsMax) {
            errors_.push_back({index, std::move(message)});
        }
    }
    bool empty() const { return count_ == 0; }

    Rejection take() {
        Error error = invalid_timestamp_ ? Error{ErrorCode::invalid_timestamp, "records with an invalid timestamp", count_}
                                         : Error{ErrorCode::invalid_record, "invalid records", count_};
        return {error, std::move(errors_)};
    }

private:
    std::vector<RecordError> errors_;
    std::int64_t count_ = 0;
    bool invalid_timestamp_ = false;
};

struct Findings {
    RecordErrors errors;
    bool consecutive = true;  // the offset deltas are 0, 1, 2 …
    std::int64_t max_timestamp = kNoTimestamp;
    std::int32_t index_of_max_timestamp = -1;
    std::size_t uncompressed_bytes = 0;
};

void judge_record(const BatchHeader& header, const RecordFacts& record, std::int32_t index, const ValidationRules& rules,
                  std::int64_t now_ms, Findings& findings) {
    std::int64_t timestamp = timestamp_of(header, record.timestamp_delta);
    if (rules.compacted && !record.has_key()) {
        findings.errors.add(index, ErrorCode::invalid_record, "a record of a compacted topic needs a key");
    } else if (rules.timestamp_type == TimestampType::create_time && timestamp != kNoTimestamp) {
        if (is_out_of_range(timestamp, rules, now_ms)) {
            findings.errors.add(index, ErrorCode::invalid_timestamp, out_of_range_text(timestamp, rules, now_ms));
        }
    } else if (header.timestamp_type() == TimestampType::log_append_time) {
        findings.errors.add(index, ErrorCode::invalid_timestamp, "a producer must not set the timestamp type to LogAppendTime");
    }
    findings.consecutive &= record.offset_delta == index;
    if (timestamp > findings.max_timestamp) {
        findings.max_timestamp = timestamp;
        findings.index_of_max_timestamp = index;
    }
}

// One pass over the records. With a tap they are written anew at the same time.
Result<Findings> scan_records(const BatchView& batch, const ValidationRules& rules, std::int64_t now_ms, RecordTap* tap) {
    Findings findings;
    TL_TRY(scanner, RecordScanner::open(batch, decompression_budget(rules.max_message_bytes), tap));
    RecordFacts facts;
    for (std::int32_t index = 0;; ++index) {
        if (!scanner.next_whole(facts)) {
            TL_TRY(record, scanner.next());
            if (!record) {
                break;
            }
            facts = *record;
        }
        judge_record(batch.header, facts, index, rules, now_ms, findings);
    }
    findings.uncompressed_bytes = scanner.uncompressed_bytes();
    return findings;
}

// A blob with the right CRC that its codec cannot read was sent like that: retrying, which CORRUPT_MESSAGE asks for, cannot help.
Error as_final(Error error) {
    if (error.code == ErrorCode::corrupt_message) {
        error.code = ErrorCode::invalid_record;
    }
    return error;
}

CompressionType target_codec(const BatchHeader& header, const ValidationRules& rules) {
    CompressionType source = *header.compression();
    // Control batches are not compressed behind a coordinator's back.
    if (header.is_control() && source == CompressionType::none) {
        return source;
    }
    return rules.compression.value_or(source);
}

Validated describe(const BatchHeader& header, const Findings& findings, const ValidationRules& rules, std::int64_t now_ms) {
    Validated validated{.header = header,
                        .timestamp_type = rules.timestamp_type,
                        .max_timestamp = findings.max_timestamp,
                        .offset_delta_of_max_timestamp = findings.index_of_max_timestamp,
                        .uncompressed_bytes = findings.uncompressed_bytes};
    if (rules.timestamp_type == TimestampType::log_append_time) {
        validated.max_timestamp = now_ms;
        validated.offset_delta_of_max_timestamp = 0;
        validated.log_append_time_ms = now_ms;
    }
    return validated;
}

std::unexpected<Rejection> reject(Error error) { return std::unexpected(Rejection{error, {}}); }

std::expected<Validated, Rejection> validate_records(const BatchView& batch, const ValidationRules& rules, std::int64_t now_ms) {
    CompressionType target = target_codec(batch.header, rules);
    std::int32_t level = rules.compression_level.value_or(default_level(target));
    auto size_max = static_cast<std::size_t>(rules.max_message_bytes);
    std::optional<BatchRewriter> rewriter;
    if (target != batch.header.compression()) {
        rewriter.emplace(batch.header, target, level, size_max);
    }
    auto findings = scan_records(batch, rules, now_ms, rewriter ? &*rewriter : nullptr);
    if (!findings) {
        return reject(as_final(findings.error()));
    }
    if (!findings->errors.empty()) {
        return std::unexpected(findings->errors.take());
    }
    Validated validated = describe(batch.header, *findings, rules, now_ms);
    if (!rewriter && !findings->consecutive) {
        // No client of today does this, so a second pass is cheap enough.
        rewriter.emplace(batch.header, target, level, size_max);
        if (auto again = scan_records(batch, rules, now_ms, &*rewriter); !again) {
            return reject(as_final(again.error()));
        }
    }
    if (rewriter) {
        auto bytes = rewriter->finish(validated.timestamp_type, validated.max_timestamp);
        if (!bytes) {
            return reject(bytes.error());
        }
        auto rewritten = read_batch_header(*bytes);
        TL_CHECK(rewritten);
        validated.header = *rewritten;
        validated.replacement = std::move(*bytes);
    }
    return validated;
}

}  // namespace

std::size_t decompression_budget(std::int32_t max_message_bytes) {
    constexpr std::size_t kRatio = 128;
    constexpr std::size_t kLeast = std::size_t{16} << 20;
    constexpr std::size_t kMost = std::size_t{1} << 30;
    auto bytes = static_cast<std::size_t>(std::max(max_message_bytes, 0));
    return std::max(std::clamp(bytes * kRatio, kLeast, kMost), bytes);
}

std::expected<Validated, Rejection> validate_batch(ByteView records, const ValidationRules& rules, std::int64_t now_ms) {
    auto batch = only_batch(records, rules);
    if (!batch) {
        return reject(batch.error());
    }
    if (auto whole = check_whole(*batch, rules); !whole) {
        return reject(whole.error());
    }
    if (auto header = check_header(batch->header, rules); !header) {
        return reject(header.error());
    }
    if (auto readable = check_readable_by_java(*batch->header.compression(), batch->records()); !readable) {
        return reject(as_final(readable.error()));
    }
    return validate_records(*batch, rules, now_ms);
}

void assign(MutableByteView batch, const Validated& validated, std::int64_t base_offset, std::int32_t leader_epoch) {
    TL_CHECK(batch.size() == validated.header.size_in_bytes());
    set_max_timestamp(batch, validated.timestamp_type, validated.max_timestamp);
    set_base_offset(batch, base_offset);
    set_leader_epoch(batch, leader_epoch);
}

}  // namespace tideline::record
