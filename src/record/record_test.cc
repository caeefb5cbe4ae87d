#include "record/record.h"

#include "record/test_support.h"

namespace tideline::record {
namespace {

constexpr CompressionType kCodecs[] = {CompressionType::none, CompressionType::gzip, CompressionType::snappy, CompressionType::lz4, CompressionType::zstd};

// The batch's own header over other records, length and CRC right.
Bytes with_records(ByteView batch, ByteView records) {
    Bytes out(batch.begin(), batch.begin() + kBatchHeaderBytes);
    out.insert(out.end(), records.begin(), records.end());
    base::store_be(out.data() + position::length, static_cast<std::int32_t>(out.size() - kLogOverheadBytes));
    update_crc(out);
    return out;
}

Bytes with_count(Bytes batch, std::int32_t count) {
    base::store_be(batch.data() + position::record_count, count);
    update_crc(batch);
    return batch;
}

Result<int> scan(const Bytes& bytes, std::size_t budget = kPlenty) {
    TL_TRY(batch, read_batch(bytes));
    TL_TRY(scanner, RecordScanner::open(batch, budget));
    for (int count = 0;; ++count) {
        TL_TRY(record, scanner.next());
        if (!record) {
            return count;
        }
    }
}

Result<int> read(const Bytes& bytes, std::size_t budget = kPlenty) {
    TL_TRY(batch, read_batch(bytes));
    TL_TRY(list, read_all_records(batch, budget));
    return static_cast<int>(list.records.size());
}

void expect_both_refuse(const Bytes& bytes, ErrorCode code) {
    EXPECT_EQ(scan(bytes).error().code, code);
    EXPECT_EQ(read(bytes).error().code, code);
}

// One record from its fields, each field as the raw bytes that stand for it.
Bytes one_record(std::initializer_list<Bytes> fields, int size_change = 0) {
    base::ByteWriter body;
    for (const Bytes& field : fields) {
        body.write_bytes(field);
    }
    base::ByteWriter record;
    record.write_varint(static_cast<std::int32_t>(body.size()) + size_change);
    record.write_bytes(body.view());
    return with_records(with_count(produced_batch(1), 1), record.view());
}

const Bytes kZero{0};
const Bytes kNull{1};  // the varint -1

TEST(Records, EveryPrefixOfThemIsRefused) {
    for (CompressionType codec : kCodecs) {
        Bytes batch = produced_batch(10, {.compression = codec});
        ASSERT_EQ(scan(batch), 10);
        ByteView records = ByteView(batch).subspan(kBatchHeaderBytes);
        for (std::size_t size = 0; size < records.size(); ++size) {
            Bytes cut = with_records(batch, records.first(size));
            EXPECT_FALSE(scan(cut)) << name_of(codec) << ' ' << size;
            EXPECT_FALSE(read(cut)) << name_of(codec) << ' ' << size;
        }
    }
}

TEST(Records, ScannerAndReaderAgreeOnEveryFlippedBit) {
    for (CompressionType codec : kCodecs) {
        Bytes batch = produced_batch(6, {.compression = codec});
        for (std::size_t bit = position::attributes * 8; bit < batch.size() * 8; ++bit) {
            Bytes flipped = batch;
            flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
            update_crc(flipped);
            auto scanned = scan(flipped);
            auto whole = read(flipped);
            ASSERT_EQ(scanned.has_value(), whole.has_value()) << name_of(codec) << ' ' << bit;
            if (scanned) {
                ASSERT_EQ(*scanned, *whole);
            }
        }
    }
}

TEST(Records, ACountThatIsNotTheirsIsRefused) {
    for (CompressionType codec : kCodecs) {
        Bytes batch = produced_batch(5, {.compression = codec});
        expect_both_refuse(with_count(batch, 4), ErrorCode::invalid_record);
        expect_both_refuse(with_count(batch, 6), ErrorCode::invalid_record);
        expect_both_refuse(with_count(batch, -1), ErrorCode::invalid_record);
        EXPECT_EQ(scan(with_count(batch, 0)), 0) << "compaction leaves such batches, their bytes are not looked at";
        EXPECT_EQ(read(with_count(batch, 0)), 0);
    }
}

TEST(Records, AnUnknownCodecIsRefused) {
    Bytes batch = produced_batch(1);
    batch[position::attributes + 1] |= 5;
    update_crc(batch);
    expect_both_refuse(batch, ErrorCode::unsupported_compression_type);
}

TEST(Records, AnyNegativeLengthIsNull) {
    Bytes minus_two{3};
    Bytes bytes = one_record({kZero, kZero, kZero, minus_two, kNull, kZero});
    EXPECT_EQ(scan(bytes), 1);
    auto batch = read_batch(bytes);
    auto list = read_all_records(*batch, kPlenty);
    ASSERT_TRUE(list);
    EXPECT_FALSE(list->records[0].key);
    EXPECT_FALSE(list->records[0].value);
}

TEST(Records, EmptyIsNotNull) {
    Bytes bytes = one_record({kZero, kZero, kZero, kZero, kZero, kZero});
    auto list = read_all_records(*read_batch(bytes), kPlenty);
    ASSERT_TRUE(list);
    EXPECT_TRUE(list->records[0].key && list->records[0].key->empty());
    EXPECT_TRUE(list->records[0].value && list->records[0].value->empty());
}

TEST(Records, ALengthThatIsNotTheRecordsOwnIsRefused) {
    for (int change : {-6, -1, 1, 1000}) {
        expect_both_refuse(one_record({kZero, kZero, kZero, kNull, kNull, kZero}, change), ErrorCode::invalid_record);
    }
}

TEST(Records, HeaderCountsAndKeysAreChecked) {
    Bytes giant{0xfe, 0xff, 0xff, 0xff, 0x0f};  // 2147483647
    expect_both_refuse(one_record({kZero, kZero, kZero, kNull, kNull, giant}), ErrorCode::invalid_record);
    expect_both_refuse(one_record({kZero, kZero, kZero, kNull, kNull, kNull}), ErrorCode::invalid_record);
    Bytes one{2};
    expect_both_refuse(one_record({kZero, kZero, kZero, kNull, kNull, one, kNull, kZero}), ErrorCode::invalid_record);
    EXPECT_EQ(scan(one_record({kZero, kZero, kZero, kNull, kNull, one, kZero, kNull})), 1);
}

TEST(Records, VarintsThatAreTooLongAreRefused) {
    Bytes six_bytes{0x80, 0x80, 0x80, 0x80, 0x80, 0x00};
    expect_both_refuse(one_record({kZero, kZero, six_bytes, kNull, kNull, kZero}), ErrorCode::invalid_record);
    Bytes eleven_bytes(10, 0x80);
    eleven_bytes.push_back(0);
    expect_both_refuse(one_record({kZero, eleven_bytes, kZero, kNull, kNull, kZero}), ErrorCode::invalid_record);
}

TEST(Records, TimestampsWrapLikeJavasInsteadOfOverflowing) {
    BatchHeader header{.base_timestamp = std::numeric_limits<std::int64_t>::max()};
    EXPECT_EQ(timestamp_of(header, 1), std::numeric_limits<std::int64_t>::min());
    header.attributes = kLogAppendTimeBit;
    header.max_timestamp = 7;
    EXPECT_EQ(timestamp_of(header, 1), 7);
}

TEST(Records, OverTheBudgetIsTooLarge) {
    for (CompressionType codec : kCodecs) {
        Bytes batch = produced_batch(2000, {.compression = codec});
        EXPECT_EQ(scan(batch, 1000).error().code, ErrorCode::message_too_large) << name_of(codec);
    }
}

TEST(Records, FieldsMayStandAcrossCodecWindows) {
    // Values just under and over a window make lengths and keys straddle its end.
    for (CompressionType codec : kCodecs) {
        BatchBuilder builder({.compression = codec});
        Bytes value = noise(32 * 1024 - 40);
        for (int i = 0; i < 40; ++i) {
            builder.add(i * 100'000, base::as_bytes("a key"), ByteView(value).first(value.size() - static_cast<std::size_t>(i)));
        }
        Bytes batch = builder.finish();
        EXPECT_EQ(scan(batch), 40) << name_of(codec);
        EXPECT_EQ(read(batch), 40) << name_of(codec);
    }
}

TEST(BatchBuilder, BuildsTheExampleOfTheFormatPage) {
    BatchBuilder builder({.base_offset = 42, .leader_epoch = 3, .producer_id = 7, .producer_epoch = 0, .base_sequence = 5});
    RecordHeader headers[] = {{base::as_bytes("h"), base::as_bytes("1")}};
    builder.add(1'700'000'000'000, base::as_bytes("k"), base::as_bytes("hi"), headers);
    builder.add(1'700'000'000'002, std::nullopt, base::as_bytes("ho"));
    EXPECT_EQ(hex(builder.finish()),
              "000000000000002a0000004800000003022657a0b40000000000010000018bcfe568000000018bcfe5680200000000000000070000"
              "00000005000000021a000000026b0468690202680231100004020104686f00");
}

TEST(BatchBuilder, OffsetsMayHaveHoles) {
    BatchBuilder builder({.base_offset = 10});
    builder.add_at(12, 5, std::nullopt, base::as_bytes("a"));
    builder.add_at(20, 3, std::nullopt, base::as_bytes("b"));
    EXPECT_EQ(builder.next_offset(), 21);
    Bytes bytes = builder.finish();
    auto batch = read_batch(bytes);
    ASSERT_TRUE(batch);
    EXPECT_TRUE(check_stored_batch(batch->header));
    EXPECT_EQ(batch->header.last_offset(), 20);
    EXPECT_EQ(batch->header.record_count, 2);
    EXPECT_EQ(batch->header.max_timestamp, 5);
    auto list = read_all_records(*batch, kPlenty);
    EXPECT_EQ(list->records[0].offset, 12);
    EXPECT_EQ(list->records[1].offset, 20);
    EXPECT_EQ(list->records[1].timestamp, 3);
}

TEST(BatchBuilder, TheDeleteHorizonStandsInThePlaceOfTheBaseTimestamp) {
    BatchBuilder builder({.delete_horizon_ms = 9'000});
    builder.add(5'000, base::as_bytes("k"), std::nullopt);
    Bytes bytes = builder.finish();
    auto batch = read_batch(bytes);
    EXPECT_EQ(batch->header.delete_horizon_ms(), 9'000);
    EXPECT_EQ(read_all_records(*batch, kPlenty)->records[0].timestamp, 5'000);
}

TEST(BatchBuilder, ABatchOfNoRecordsIsOnlyAHeader) {
    for (CompressionType codec : kCodecs) {
        Bytes bytes = BatchBuilder({.compression = codec}).finish();
        EXPECT_EQ(bytes.size(), kBatchHeaderBytes);
        EXPECT_EQ(read(bytes), 0);
    }
}

}  // namespace
}  // namespace tideline::record
