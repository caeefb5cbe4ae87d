// Batches that the Java client wrote are read right, and the ones we build are the same bytes where a codec leaves no freedom.
#include <gtest/gtest.h>

#include "record/build.h"
#include "record/control.h"
#include "record/golden_vectors.h"
#include "record/test_support.h"

namespace tideline::record {
namespace {

constexpr std::int64_t kBaseTime = 1'700'000'000'000;
constexpr int kCount = 20;

struct ExpectedRecord {
    std::int64_t timestamp;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

ExpectedRecord expected_record(int i) {
    ExpectedRecord record{.timestamp = kBaseTime + i * 10 - (i == 7 ? 5000 : 0)};
    if (i % 3 != 0) {
        record.key = "key-" + std::to_string(i);
    }
    if (i % 5 != 4) {
        record.value = "value-" + std::to_string(i) + std::string(static_cast<std::size_t>(i * 7 % 50), 'x');
    }
    if (i % 4 == 0) {
        record.headers = {{"h", std::to_string(i)}};
    } else if (i % 4 == 1) {
        record.headers = {{"a", "1"}, {"b", std::nullopt}};
    }
    return record;
}

std::optional<ByteView> view(const std::optional<std::string>& text) { return text ? std::optional(base::as_bytes(*text)) : std::nullopt; }

Bytes build_expected(BatchOptions options) {
    options.base_offset = 100;
    options.leader_epoch = 5;
    options.producer_id = 77;
    options.producer_epoch = 3;
    options.base_sequence = 2147483640;
    options.transactional = true;
    BatchBuilder builder(options);
    for (int i = 0; i < kCount; ++i) {
        ExpectedRecord record = expected_record(i);
        std::vector<RecordHeader> headers;
        for (const auto& [key, value] : record.headers) {
            headers.push_back({base::as_bytes(key), view(value)});
        }
        builder.add(record.timestamp, view(record.key), view(record.value), headers);
    }
    return builder.finish();
}

void expect_records(const BatchView& batch) {
    auto list = read_all_records(batch, kPlenty);
    ASSERT_TRUE(list) << to_string(list.error());
    ASSERT_EQ(list->records.size(), static_cast<std::size_t>(kCount));
    for (int i = 0; i < kCount; ++i) {
        const Record& record = list->records[static_cast<std::size_t>(i)];
        ExpectedRecord expected = expected_record(i);
        EXPECT_EQ(record.offset, 100 + i);
        EXPECT_EQ(record.timestamp, expected.timestamp);
        EXPECT_EQ(text_of(record.key), expected.key.value_or("null"));
        EXPECT_EQ(text_of(record.value), expected.value.value_or("null"));
        ASSERT_EQ(record.headers.size(), expected.headers.size());
        for (std::size_t h = 0; h < record.headers.size(); ++h) {
            EXPECT_EQ(base::as_text(record.headers[h].key), expected.headers[h].first);
            EXPECT_EQ(text_of(record.headers[h].value), expected.headers[h].second.value_or("null"));
        }
    }
}

void expect_scanned(const BatchView& batch) {
    auto scanner = RecordScanner::open(batch, kPlenty);
    ASSERT_TRUE(scanner);
    for (int i = 0; i < kCount; ++i) {
        auto facts = scanner->next();
        ASSERT_TRUE(facts && *facts) << i;
        ExpectedRecord expected = expected_record(i);
        EXPECT_EQ((*facts)->offset_delta, i);
        EXPECT_EQ(timestamp_of(batch.header, (*facts)->timestamp_delta), expected.timestamp);
        EXPECT_EQ((*facts)->key_bytes, expected.key ? static_cast<int>(expected.key->size()) : -1);
        EXPECT_EQ((*facts)->value_bytes, expected.value ? static_cast<int>(expected.value->size()) : -1);
        EXPECT_EQ((*facts)->header_count, static_cast<int>(expected.headers.size()));
    }
    EXPECT_FALSE(*scanner->next());
}

struct Vector {
    std::string_view name;
    std::string_view base64;
    CompressionType codec;
};

class JavaBatch : public testing::TestWithParam<Vector> {};

TEST_P(JavaBatch, IsReadRecordByRecord) {
    Bytes bytes = from_base64(GetParam().base64);
    auto batch = read_batch(bytes);
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->bytes.size(), bytes.size());
    EXPECT_TRUE(batch->crc_is_valid());
    const BatchHeader& header = batch->header;
    EXPECT_EQ(header.compression(), GetParam().codec);
    EXPECT_EQ(header.base_offset, 100);
    EXPECT_EQ(header.last_offset(), 119);
    EXPECT_EQ(header.leader_epoch, 5);
    EXPECT_EQ(header.base_timestamp, kBaseTime);
    EXPECT_EQ(header.max_timestamp, kBaseTime + 190);
    EXPECT_EQ(header.producer_id, 77);
    EXPECT_EQ(header.producer_epoch, 3);
    EXPECT_EQ(header.base_sequence, 2147483640);
    EXPECT_EQ(header.last_sequence(), 11);
    EXPECT_TRUE(header.is_transactional());
    expect_records(*batch);
    expect_scanned(*batch);
}

TEST_P(JavaBatch, HoldsTheSameRecordsWhenWeBuildIt) {
    Bytes ours = build_expected({.compression = GetParam().codec});
    auto batch = read_batch(ours);
    ASSERT_TRUE(batch);
    EXPECT_TRUE(batch->crc_is_valid());
    expect_records(*batch);
    expect_scanned(*batch);
}

INSTANTIATE_TEST_SUITE_P(Codecs, JavaBatch,
                         testing::Values(Vector{"none", golden::kNone, CompressionType::none}, Vector{"gzip", golden::kGzip, CompressionType::gzip},
                                         Vector{"snappy", golden::kSnappy, CompressionType::snappy}, Vector{"lz4", golden::kLz4, CompressionType::lz4},
                                         Vector{"lz4_hc", golden::kLz4Hc, CompressionType::lz4}, Vector{"zstd", golden::kZstd, CompressionType::zstd}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(JavaBatch, IsTheSameBytesUncompressedAndAsLz4) {
    EXPECT_EQ(hex(build_expected({})), hex(from_base64(golden::kNone)));
    EXPECT_EQ(hex(build_expected({.compression = CompressionType::lz4})), hex(from_base64(golden::kLz4)));
}

TEST(JavaBatch, OfSeveralCodecBlocksIsReadWhole) {
    for (std::string_view base64 : {golden::kGzipBlocks, golden::kSnappyBlocks, golden::kLz4Blocks, golden::kZstdBlocks}) {
        Bytes bytes = from_base64(base64);
        auto batch = read_batch(bytes);
        ASSERT_TRUE(batch);
        EXPECT_TRUE(batch->crc_is_valid());
        auto list = read_all_records(*batch, kPlenty);
        ASSERT_TRUE(list) << to_string(list.error());
        ASSERT_EQ(list->records.size(), 1u);
        const Record& record = list->records[0];
        EXPECT_EQ(record.timestamp, 1700000009999) << "the batch's, since the log appended it";
        ASSERT_EQ(record.value->size(), 70000u);
        for (std::size_t i = 0; i < 70000; ++i) {
            ASSERT_EQ((*record.value)[i], 'a' + i / 1000 % 26);
        }
    }
}

Record only_record(const BatchView& batch) {
    auto list = read_all_records(batch, kPlenty);
    EXPECT_TRUE(list && list->records.size() == 1);
    return list->records.at(0);  // uncompressed: views point into the batch
}

TEST(JavaControlBatch, TransactionMarkersAreReadAndBuiltAlike) {
    for (auto [base64, type] : {std::pair(golden::kCommit, ControlType::commit), std::pair(golden::kAbort, ControlType::abort)}) {
        Bytes bytes = from_base64(base64);
        auto batch = read_batch(bytes);
        ASSERT_TRUE(batch);
        EXPECT_TRUE(batch->header.is_control());
        Record record = only_record(*batch);
        EndTxnMarker expected{type, 12};
        EXPECT_EQ(parse_end_txn_marker(*record.key, *record.value), expected);
        EXPECT_EQ(hex(build_marker_batch({.base_offset = 9,
                                          .leader_epoch = 4,
                                          .timestamp = kBaseTime,
                                          .producer_id = 77,
                                          .producer_epoch = 3,
                                          .marker = expected})),
                  hex(bytes));
    }
}

TEST(JavaControlBatch, QuorumRecordsAreReadAndBuiltAlike) {
    auto built = [](std::int64_t offset, ControlType type, ByteView value) { return hex(build_control_batch(offset, 2, kBaseTime, type, value)); };
    std::vector<std::int32_t> voters{1, 2};
    std::vector<std::int32_t> granting{1};
    EXPECT_EQ(built(7, ControlType::leader_change, leader_change_value(1, voters, granting)), hex(from_base64(golden::kLeaderChange)));
    EXPECT_EQ(built(0, ControlType::snapshot_header, snapshot_header_value(kBaseTime - 1)), hex(from_base64(golden::kSnapshotHeader)));
    EXPECT_EQ(built(1, ControlType::snapshot_footer, snapshot_footer_value()), hex(from_base64(golden::kSnapshotFooter)));
    EXPECT_EQ(built(1, ControlType::kraft_version, kraft_version_value(1)), hex(from_base64(golden::kKraftVersion)));

    Bytes bytes = from_base64(golden::kLeaderChange);
    Record record = only_record(*read_batch(bytes));
    EXPECT_EQ(parse_control_key(*record.key), ControlType::leader_change);
    auto change = parse_leader_change(*record.value);
    ASSERT_TRUE(change);
    EXPECT_EQ(change->leader_id, 1);
    EXPECT_EQ(change->voters, voters);
    EXPECT_EQ(change->granting_voters, granting);
}

TEST(ControlRecord, TypesOfANewerVersionAreUnknownAndShortOnesInvalid) {
    EXPECT_EQ(parse_control_key(Bytes{0, 0, 0, 9}), ControlType::unknown);
    EXPECT_EQ(parse_control_key(Bytes{0, 5, 0, 1}), ControlType::commit) << "a newer version only adds fields";
    EXPECT_EQ(parse_control_key(Bytes{0, 0, 0}).error().code, ErrorCode::invalid_record);
    EXPECT_EQ(parse_control_key(Bytes{0xff, 0xff, 0, 1}).error().code, ErrorCode::invalid_record);
    EXPECT_EQ(parse_end_txn_marker(control_key(ControlType::leader_change), end_txn_value(1)).error().code, ErrorCode::invalid_record);
    EXPECT_EQ(parse_end_txn_marker(control_key(ControlType::commit), Bytes{0, 0, 0}).error().code, ErrorCode::invalid_record);
    std::vector<std::int32_t> voters{1, 2, 3};
    Bytes value = leader_change_value(1, voters, voters);
    for (std::size_t size = 0; size + 1 < value.size(); ++size) {
        EXPECT_FALSE(parse_leader_change(ByteView(value).first(size))) << size;
    }
}

}  // namespace
}  // namespace tideline::record
