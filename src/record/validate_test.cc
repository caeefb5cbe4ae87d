#include "record/validate.h"

#include "record/golden_vectors.h"
#include "record/record.h"
#include "record/test_support.h"

namespace tideline::record {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;
constexpr CompressionType kCodecs[] = {CompressionType::none, CompressionType::gzip, CompressionType::snappy, CompressionType::lz4, CompressionType::zstd};

ErrorCode code_of(ByteView bytes, const ValidationRules& rules = {}) {
    auto result = validate_batch(bytes, rules, kNow);
    return result ? ErrorCode::none : result.error().error.code;
}

// The batch after `change` was applied to its header; the CRC is right again.
template <class Change>
Bytes changed(Bytes batch, Change change) {
    BatchHeader header = *read_batch_header(batch);
    change(header);
    write_batch_header(batch, header);
    update_crc(batch);
    return batch;
}

Bytes one_record_at(std::int64_t timestamp, BatchOptions options = {}) {
    BatchBuilder builder(options);
    builder.add(timestamp, base::as_bytes("k"), base::as_bytes("v"));
    return builder.finish();
}

// A batch whose records carry these offset deltas, under a header that claims 0, 1, 2 …
Bytes misnumbered(std::initializer_list<std::int64_t> deltas, CompressionType codec) {
    BatchBuilder builder({.compression = codec});
    for (std::int64_t delta : deltas) {
        builder.add_at(delta, kNow + delta, base::as_bytes("k"), base::as_bytes("v"));
    }
    return changed(builder.finish(), [&](BatchHeader& h) { h.last_offset_delta = static_cast<std::int32_t>(deltas.size()) - 1; });
}

TEST(Validate, AnOrdinaryBatchStaysAsItIs) {
    for (CompressionType codec : kCodecs) {
        Bytes batch = produced_batch(10, {.compression = codec});
        auto validated = validate_batch(batch, {}, kNow);
        ASSERT_TRUE(validated) << name_of(codec);
        EXPECT_FALSE(validated->replacement);
        EXPECT_EQ(validated->bytes(batch).data(), batch.data());
        EXPECT_EQ(validated->header.record_count, 10);
        EXPECT_EQ(validated->max_timestamp, kNow + 9);
        EXPECT_EQ(validated->offset_delta_of_max_timestamp, 9);
        EXPECT_EQ(validated->log_append_time_ms, -1);
        Bytes before = batch;
        assign(batch, *validated, 500, 3);
        auto stored = read_batch(batch);
        EXPECT_TRUE(stored->crc_is_valid());
        EXPECT_EQ(stored->header.base_offset, 500);
        EXPECT_EQ(stored->header.last_offset(), 509);
        EXPECT_EQ(stored->header.leader_epoch, 3);
        EXPECT_EQ(stored->header.crc, read_batch_header(before)->crc) << "nothing under the CRC changed";
    }
}

TEST(Validate, EveryFlippedBitIsRefusedOrOutsideTheRecords) {
    Bytes batch = produced_batch(3);
    for (std::size_t bit = 0; bit < batch.size() * 8; ++bit) {
        Bytes flipped = batch;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
        bool in_leader_epoch = bit / 8 >= position::leader_epoch && bit / 8 < position::magic;
        EXPECT_EQ(code_of(flipped) == ErrorCode::none, in_leader_epoch) << bit;
    }
}

TEST(Validate, EveryPrefixIsRefused) {
    Bytes batch = produced_batch(3);
    for (std::size_t size = 0; size < batch.size(); ++size) {
        EXPECT_EQ(code_of(ByteView(batch).first(size)), ErrorCode::invalid_record) << size;
    }
}

TEST(Validate, ExactlyOneBatchIsTaken) {
    Bytes batch = produced_batch(2);
    EXPECT_EQ(code_of({}), ErrorCode::invalid_record);
    Bytes two = batch;
    two.insert(two.end(), batch.begin(), batch.end());
    EXPECT_EQ(code_of(two), ErrorCode::invalid_record);
    Bytes cut(two.begin(), two.end() - 1);
    auto validated = validate_batch(cut, {}, kNow);
    ASSERT_TRUE(validated) << "the beginning of a second batch is dropped, as Kafka drops it";
    EXPECT_EQ(validated->bytes(cut).size(), batch.size());
    Bytes old_format = batch;
    old_format.insert(old_format.end(), {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0});
    EXPECT_EQ(code_of(old_format), ErrorCode::none) << "so is a cut message of an old format";
    Bytes garbage = batch;
    garbage.resize(garbage.size() + 20);
    EXPECT_EQ(code_of(garbage), ErrorCode::corrupt_message) << "a length of 0 is no batch";
}

TEST(Validate, OnlyMagic2IsTaken) {
    Bytes batch = produced_batch(1);
    for (auto [magic, code] : {std::pair(0, ErrorCode::invalid_record), std::pair(1, ErrorCode::invalid_record),
                               std::pair(3, ErrorCode::corrupt_message), std::pair(255, ErrorCode::corrupt_message)}) {
        batch[position::magic] = static_cast<std::uint8_t>(magic);
        EXPECT_EQ(code_of(batch), code) << magic;
    }
}

TEST(Validate, ZstdNeedsProduceVersion7) {
    Bytes batch = produced_batch(1, {.compression = CompressionType::zstd});
    EXPECT_EQ(code_of(batch, {.produce_version = 6}), ErrorCode::unsupported_compression_type);
    EXPECT_EQ(code_of(batch, {.produce_version = 7}), ErrorCode::none);
    EXPECT_EQ(code_of(produced_batch(1, {.compression = CompressionType::lz4}), {.produce_version = 3}), ErrorCode::none);
}

TEST(Validate, AProducersBaseOffsetIs0) {
    Bytes batch = produced_batch(1);
    set_base_offset(batch, 1);
    EXPECT_EQ(code_of(batch), ErrorCode::invalid_record);
    EXPECT_EQ(code_of(batch, {.origin = AppendOrigin::coordinator}), ErrorCode::none);
}

TEST(Validate, TheWholeBatchCountsAgainstMaxMessageBytes) {
    Bytes batch = produced_batch(5);
    auto size = static_cast<std::int32_t>(batch.size());
    EXPECT_EQ(code_of(batch, {.max_message_bytes = size}), ErrorCode::none);
    EXPECT_EQ(code_of(batch, {.max_message_bytes = size - 1}), ErrorCode::message_too_large);
    batch.back() ^= 1;
    EXPECT_EQ(code_of(batch, {.max_message_bytes = size - 1}), ErrorCode::message_too_large) << "said before the CRC is computed";
}

TEST(Validate, AnUnknownCodecIsUnsupported) {
    Bytes batch = changed(produced_batch(1), [](BatchHeader& h) { h.attributes |= 6; });
    EXPECT_EQ(code_of(batch), ErrorCode::unsupported_compression_type);
}

TEST(Validate, CountAndOffsetsMustAgree) {
    Bytes batch = produced_batch(3);
    auto code = [&](auto change) { return code_of(changed(batch, change)); };
    EXPECT_EQ(code([](BatchHeader& h) { h.last_offset_delta = 3; }), ErrorCode::invalid_record);
    EXPECT_EQ(code([](BatchHeader& h) { h.last_offset_delta = -1; }), ErrorCode::invalid_record);
    EXPECT_EQ(code([](BatchHeader& h) { h.record_count = 0; }), ErrorCode::invalid_record);
    EXPECT_EQ(code([](BatchHeader& h) { h.record_count = -1; }), ErrorCode::invalid_record);
    EXPECT_EQ(code([](BatchHeader& h) { h.record_count = 2; }), ErrorCode::invalid_record);
    EXPECT_EQ(code([](BatchHeader& h) { h.record_count = h.last_offset_delta = 2'000'000'000; }), ErrorCode::invalid_record);
    EXPECT_EQ(code([](BatchHeader& h) { h.record_count = 4, h.last_offset_delta = 3; }), ErrorCode::invalid_record) << "fewer records than said";
    EXPECT_EQ(code([](BatchHeader& h) { h.record_count = 2, h.last_offset_delta = 1; }), ErrorCode::invalid_record) << "more records than said";
}

TEST(Validate, ControlBatchesComeFromCoordinatorsOnly) {
    Bytes marker = from_base64(golden::kCommit);
    set_base_offset(marker, 0);
    EXPECT_EQ(code_of(marker), ErrorCode::invalid_record);
    EXPECT_EQ(code_of(marker, {.origin = AppendOrigin::coordinator}), ErrorCode::none);
    auto validated = validate_batch(marker, {.origin = AppendOrigin::coordinator, .compression = CompressionType::zstd}, kNow);
    ASSERT_TRUE(validated);
    EXPECT_FALSE(validated->replacement) << "not compressed behind the coordinator's back";
}

TEST(Validate, AProducerIdNeedsASequence) {
    EXPECT_EQ(code_of(produced_batch(1, {.producer_id = 5, .producer_epoch = 0})), ErrorCode::invalid_record);
    EXPECT_EQ(code_of(produced_batch(1, {.producer_id = 5, .producer_epoch = 0, .base_sequence = 0})), ErrorCode::none);
}

TEST(Validate, ATransactionNeedsAProducerId) {
    Bytes batch = changed(produced_batch(1), [](BatchHeader& h) { h.attributes |= kTransactionalBit; });
    EXPECT_EQ(code_of(batch), ErrorCode::invalid_record);
    EXPECT_EQ(code_of(produced_batch(1, {.producer_id = 5, .producer_epoch = 0, .base_sequence = 7, .transactional = true})), ErrorCode::none);
}

TEST(Validate, CompactedTopicsNeedKeysAndEachKeylessRecordIsNamed) {
    for (CompressionType codec : kCodecs) {
        BatchBuilder builder({.compression = codec});
        builder.add(kNow, std::nullopt, base::as_bytes("v"));
        builder.add(kNow, base::as_bytes("k"), base::as_bytes("v"));
        builder.add(kNow, std::nullopt, base::as_bytes("v"));
        Bytes batch = builder.finish();
        EXPECT_EQ(code_of(batch), ErrorCode::none);
        auto result = validate_batch(batch, {.compacted = true}, kNow);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().error.code, ErrorCode::invalid_record);
        ASSERT_EQ(result.error().record_errors.size(), 2u);
        EXPECT_EQ(result.error().record_errors[0].batch_index, 0);
        EXPECT_EQ(result.error().record_errors[1].batch_index, 2);
        EXPECT_FALSE(result.error().record_errors[1].message.empty());
    }
    Bytes tombstone = [] {
        BatchBuilder builder({});
        builder.add(kNow, base::as_bytes("k"), std::nullopt);
        return builder.finish();
    }();
    EXPECT_EQ(code_of(tombstone, {.compacted = true}), ErrorCode::none);
}

TEST(Validate, TheListOfRecordErrorsIsBounded) {
    BatchBuilder builder({});
    for (int i = 0; i < 5000; ++i) {
        builder.add(kNow, std::nullopt, std::nullopt);
    }
    auto result = validate_batch(builder.finish(), {.compacted = true}, kNow);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().record_errors.size(), kRecordErrorsMax);
    EXPECT_EQ(result.error().error.detail, 5000);
}

TEST(Validate, CreateTimeIsBoundedOnBothSides) {
    ValidationRules rules{.timestamp_before_max_ms = 1000, .timestamp_after_max_ms = 100};
    EXPECT_EQ(code_of(one_record_at(kNow - 1000), rules), ErrorCode::none);
    EXPECT_EQ(code_of(one_record_at(kNow - 1001), rules), ErrorCode::invalid_timestamp);
    EXPECT_EQ(code_of(one_record_at(kNow + 100), rules), ErrorCode::none);
    EXPECT_EQ(code_of(one_record_at(kNow + 101), rules), ErrorCode::invalid_timestamp);
    EXPECT_EQ(code_of(one_record_at(-1), rules), ErrorCode::none) << "no timestamp at all is legal";
    rules.timestamp_type = TimestampType::log_append_time;
    EXPECT_EQ(code_of(one_record_at(0), rules), ErrorCode::none) << "the log's own time does not ask the producer's";
}

TEST(Validate, TimestampsThatOverflowAreRefused) {
    Bytes batch = changed(one_record_at(kNow), [](BatchHeader& h) { h.base_timestamp = std::numeric_limits<std::int64_t>::max(); });
    EXPECT_EQ(code_of(batch), ErrorCode::invalid_timestamp);
    batch = changed(one_record_at(kNow), [](BatchHeader& h) { h.base_timestamp = std::numeric_limits<std::int64_t>::min() + 5; });
    EXPECT_EQ(code_of(batch), ErrorCode::invalid_timestamp);
}

TEST(Validate, OneInvalidTimestampNamesTheWholeFailure) {
    BatchBuilder builder({});
    builder.add(kNow, std::nullopt, std::nullopt);
    builder.add(kNow + 9'000'000, base::as_bytes("k"), std::nullopt);
    auto result = validate_batch(builder.finish(), {.compacted = true}, kNow);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().error.code, ErrorCode::invalid_timestamp);
    EXPECT_EQ(result.error().record_errors.size(), 2u);
}

TEST(Validate, AMaxTimestampThatIsNotTheRecordsIsPutRight) {
    Bytes batch = changed(produced_batch(3), [](BatchHeader& h) { h.max_timestamp = 12345; });
    auto validated = validate_batch(batch, {}, kNow);
    ASSERT_TRUE(validated);
    EXPECT_EQ(validated->max_timestamp, kNow + 2);
    assign(batch, *validated, 0, 0);
    EXPECT_EQ(read_batch(batch)->header.max_timestamp, kNow + 2);
    EXPECT_TRUE(read_batch(batch)->crc_is_valid());
}

TEST(Validate, LogAppendTimeReplacesTheProducersTime) {
    for (CompressionType codec : kCodecs) {
        Bytes batch = produced_batch(3, {.compression = codec}, 5);
        auto validated = validate_batch(batch, {.timestamp_type = TimestampType::log_append_time}, kNow);
        ASSERT_TRUE(validated);
        EXPECT_EQ(validated->log_append_time_ms, kNow);
        EXPECT_EQ(validated->max_timestamp, kNow);
        EXPECT_EQ(validated->offset_delta_of_max_timestamp, 0);
        assign(batch, *validated, 70, 1);
        auto stored = read_batch(batch);
        EXPECT_TRUE(stored->crc_is_valid());
        EXPECT_EQ(stored->header.timestamp_type(), TimestampType::log_append_time);
        EXPECT_EQ(read_all_records(*stored, kPlenty)->records[1].timestamp, kNow);
    }
}

TEST(Validate, AProducerMayNotClaimLogAppendTime) {
    Bytes batch = produced_batch(2, {.timestamp_type = TimestampType::log_append_time, .log_append_time_ms = kNow});
    EXPECT_EQ(code_of(batch, {.timestamp_type = TimestampType::log_append_time}), ErrorCode::invalid_timestamp);
    // On a topic of create time Kafka takes the claimed time for the records' and corrects the attribute.
    auto validated = validate_batch(batch, {}, kNow);
    ASSERT_TRUE(validated);
    assign(batch, *validated, 0, 0);
    EXPECT_EQ(read_batch(batch)->header.timestamp_type(), TimestampType::create_time);
}

TEST(Validate, TheTopicsCodecReplacesTheProducers) {
    for (CompressionType from : kCodecs) {
        for (CompressionType to : kCodecs) {
            BatchOptions options{.compression = from, .producer_id = 9, .producer_epoch = 2, .base_sequence = 40, .transactional = true};
            Bytes batch = produced_batch(200, options);
            auto validated = validate_batch(batch, {.compression = to}, kNow);
            ASSERT_TRUE(validated) << name_of(from) << ' ' << name_of(to);
            ASSERT_EQ(validated->replacement.has_value(), from != to);
            options.compression = to;
            EXPECT_EQ(validated->header.compression(), to);
            EXPECT_EQ(validated->header.base_sequence, 40);
            EXPECT_TRUE(validated->header.is_transactional());
            EXPECT_EQ(validated->max_timestamp, kNow + 199);
            auto stored = read_batch(validated->bytes(batch));
            ASSERT_TRUE(stored);
            EXPECT_TRUE(stored->crc_is_valid());
            auto plain = decompress(to, stored->records(), kPlenty);
            Bytes expected = produced_batch(200);
            EXPECT_TRUE(std::ranges::equal(*plain, ByteView(expected).subspan(kBatchHeaderBytes)));
            EXPECT_EQ(code_of(validated->bytes(batch)), ErrorCode::none);
        }
    }
}

TEST(Validate, TheTopicsCodecIsUsedAtItsLevel) {
    Bytes batch = produced_batch(3000);
    auto fast = validate_batch(batch, {.compression = CompressionType::gzip, .compression_level = 1}, kNow);
    auto best = validate_batch(batch, {.compression = CompressionType::gzip, .compression_level = 9}, kNow);
    ASSERT_TRUE(fast && best);
    EXPECT_LT(best->replacement->size(), fast->replacement->size());
}

TEST(Validate, ABatchThatGrowsOverTheLimitWhenRewrittenIsTooLarge) {
    Bytes batch = produced_batch(3000, {.compression = CompressionType::zstd});
    ValidationRules rules{.max_message_bytes = static_cast<std::int32_t>(batch.size()), .compression = CompressionType::none};
    EXPECT_EQ(code_of(batch, rules), ErrorCode::message_too_large);
}

TEST(Validate, WhatIsWrongWithRecordsIsSaidBeforeTheSizeOfTheRewrittenBatch) {
    BatchBuilder builder({.compression = CompressionType::zstd});
    builder.add(kNow, std::nullopt, Bytes(100'000));
    Bytes batch = builder.finish();
    ValidationRules rules{.max_message_bytes = 1000, .compacted = true, .compression = CompressionType::none};
    EXPECT_EQ(code_of(batch, rules), ErrorCode::invalid_record);
    rules.compacted = false;
    EXPECT_EQ(code_of(batch, rules), ErrorCode::message_too_large);
}

TEST(Validate, MisnumberedRecordsAreRenumbered) {
    for (CompressionType codec : kCodecs) {
        Bytes batch = misnumbered({0, 5, 9}, codec);
        auto validated = validate_batch(batch, {}, kNow);
        ASSERT_TRUE(validated) << name_of(codec);
        ASSERT_TRUE(validated->replacement);
        auto list = read_all_records(*read_batch(*validated->replacement), kPlenty);
        ASSERT_EQ(list->records.size(), 3u);
        EXPECT_EQ(list->records[2].offset, 2);
        EXPECT_EQ(list->records[2].timestamp, kNow + 9);
        EXPECT_EQ(validated->header.compression(), codec);
        EXPECT_EQ(validated->offset_delta_of_max_timestamp, 2);
    }
}

TEST(Validate, ABombIsCutAtTheBudget) {
    EXPECT_EQ(decompression_budget(1'048'588), 128u * 1'048'588u);
    EXPECT_EQ(decompression_budget(1000), std::size_t{16} << 20);
    EXPECT_EQ(decompression_budget(100 << 20), std::size_t{1} << 30);
    EXPECT_EQ(decompression_budget(std::numeric_limits<std::int32_t>::max()), 2147483647u);
    for (CompressionType codec : {CompressionType::gzip, CompressionType::lz4, CompressionType::zstd}) {
        Bytes value(std::size_t{17} << 20);
        BatchBuilder builder({.compression = codec});
        builder.add(kNow, base::as_bytes("k"), value);
        Bytes batch = builder.finish();
        ASSERT_LT(batch.size(), 128u * 1024u);
        EXPECT_EQ(code_of(batch, {.max_message_bytes = 128 * 1024}), ErrorCode::message_too_large) << name_of(codec);
        EXPECT_EQ(code_of(batch, {.max_message_bytes = 256 * 1024}), ErrorCode::none) << name_of(codec);
    }
}

TEST(Validate, ABlobThatItsCodecCannotReadIsNotRetriable) {
    for (CompressionType codec : kCodecs) {
        if (codec == CompressionType::none) {
            continue;
        }
        Bytes batch = produced_batch(5, {.compression = codec});
        for (std::size_t at = kBatchHeaderBytes; at < batch.size(); ++at) {
            batch[at] = 0xee;
        }
        update_crc(batch);
        EXPECT_EQ(code_of(batch), ErrorCode::invalid_record) << name_of(codec);
        EXPECT_FALSE(is_retriable(code_of(batch)));
    }
}

TEST(Validate, Lz4FramesThatJavaCannotReadAreRefused) {
    Bytes batch = produced_batch(5, {.compression = CompressionType::lz4});
    batch[kBatchHeaderBytes + 4] &= 0xdf;  // blocks depend on each other
    update_crc(batch);
    EXPECT_EQ(code_of(batch), ErrorCode::invalid_record);
}

TEST(Validate, JavasBatchesPass) {
    ValidationRules rules{.timestamp_after_max_ms = 10'000};
    for (std::string_view base64 : {golden::kNone, golden::kGzip, golden::kSnappy, golden::kLz4, golden::kLz4Hc, golden::kZstd}) {
        Bytes batch = from_base64(base64);
        set_base_offset(batch, 0);
        auto validated = validate_batch(batch, rules, kNow);
        ASSERT_TRUE(validated) << to_string(validated.error().error);
        EXPECT_FALSE(validated->replacement);
    }
}

}  // namespace
}  // namespace tideline::record
