#include "record/print.h"

#include "record/control.h"
#include "record/golden_vectors.h"
#include "record/test_support.h"

namespace tideline::record {
namespace {

std::string print(std::string_view text) { return printable(base::as_bytes(text)); }

Bytes one_record(std::optional<ByteView> key, std::optional<ByteView> value, std::span<const RecordHeader> headers = {}) {
    BatchBuilder builder({.base_offset = 7});
    builder.add(1000, key, value, headers);
    return builder.finish();
}

std::string text_of_only(const Bytes& bytes, const PrintOptions& options = {}) {
    auto batch = read_batch(bytes);
    auto list = read_all_records(*batch, kPlenty);
    return record_text(batch->header, list->records.at(0), options);
}

std::string json_of_only(const Bytes& bytes) {
    auto batch = read_batch(bytes);
    auto list = read_all_records(*batch, kPlenty);
    return record_json(batch->header, list->records.at(0));
}

TEST(Printable, KeepsTextAndEscapesWhatCouldHarmATerminal) {
    EXPECT_EQ(print("plain text"), "plain text");
    EXPECT_EQ(print("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8c\x8a"), "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8c\x8a");
    EXPECT_EQ(print("a\"b\\c"), "a\\\"b\\\\c");
    EXPECT_EQ(print("a\nb\tc"), "a\\nb\\tc");
    EXPECT_EQ(print(std::string_view("\x00\x1b[2J\x7f", 6)), "\\x00\\x1b[2J\\x7f");
    EXPECT_EQ(print("\xc2\x9b"), "\\xc2\\x9b") << "a C1 control";
    EXPECT_EQ(print("\xe2\x80\xae"), "\\xe2\\x80\\xae") << "right-to-left override";
}

TEST(Printable, EscapesEveryFormOfBrokenUtf8) {
    EXPECT_EQ(print("\xff"), "\\xff");
    EXPECT_EQ(print("\xc3"), "\\xc3");
    EXPECT_EQ(print("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
    EXPECT_EQ(print("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "surrogate";
    EXPECT_EQ(print("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "over U+10FFFF";
    EXPECT_EQ(print("\xe2(\xa1"), "\\xe2(\\xa1");
}

TEST(Print, ABatchIsOneLineOfFacts) {
    Bytes bytes = from_base64(golden::kZstd);
    BatchHeader header = *read_batch_header(bytes);
    std::string text = batch_text(header);
    EXPECT_TRUE(text.starts_with("batch offsets=100..119 records=20 bytes=")) << text;
    EXPECT_NE(text.find("codec=zstd timestamp_type=CreateTime max_timestamp=1700000000190 producer_id=77 producer_epoch=3 "
                        "sequences=2147483640..11 transactional crc=0x"),
              std::string::npos)
        << text;
    EXPECT_EQ(text.find('\n'), std::string::npos);
    std::string json = batch_json(header);
    EXPECT_TRUE(json.starts_with(R"({"base_offset":100,"last_offset":119,"records":20,)")) << json;
    EXPECT_NE(json.find(R"("transactional":true,"control":false,"delete_horizon_ms":null,)"), std::string::npos) << json;
}

TEST(Print, ARecordShowsKeyValueAndHeaders) {
    RecordHeader headers[] = {{base::as_bytes("h"), base::as_bytes("1")}, {base::as_bytes("n"), std::nullopt}};
    Bytes bytes = one_record(std::nullopt, base::as_bytes("v\x01"), headers);
    EXPECT_EQ(text_of_only(bytes), R"(offset=7 timestamp=1000 key=null value="v\x01" headers={h="1" n=null})");
    EXPECT_EQ(json_of_only(bytes),
              R"({"offset":7,"timestamp":1000,"key":null,"value":"v\u0001","headers":[{"key":"h","value":"1"},{"key":"n","value":null}]})");
}

TEST(Print, BytesThatAreNoTextAreBase64InJson) {
    EXPECT_EQ(json_of_only(one_record(Bytes{0xff, 0x00}, Bytes{})), R"({"offset":7,"timestamp":1000,"key":{"base64":"/wA="},"value":"","headers":[]})");
}

TEST(Print, LongFieldsAreCutInTextAndSayHowMuch) {
    Bytes bytes = one_record(base::as_bytes("k"), Bytes(100, 'x'));
    EXPECT_EQ(text_of_only(bytes, {.field_bytes_max = 3}), R"(offset=7 timestamp=1000 key="k" value="xxx"...(97 more bytes))");
}

TEST(Print, ControlRecordsSayWhatTheyMean) {
    EXPECT_EQ(text_of_only(from_base64(golden::kCommit)), "offset=9 timestamp=1700000000000 control=COMMIT coordinator_epoch=12");
    EXPECT_EQ(json_of_only(from_base64(golden::kAbort)), R"({"offset":9,"timestamp":1700000000000,"control":"ABORT","coordinator_epoch":12})");
    EXPECT_EQ(text_of_only(from_base64(golden::kLeaderChange)),
              "offset=7 timestamp=1700000000000 control=LEADER_CHANGE leader=1 voters=[1,2] granting_voters=[1]");
    EXPECT_EQ(text_of_only(from_base64(golden::kSnapshotHeader)),
              "offset=0 timestamp=1700000000000 control=SNAPSHOT_HEADER last_contained_log_timestamp=1699999999999");
    EXPECT_EQ(text_of_only(from_base64(golden::kKraftVersion)), "offset=1 timestamp=1700000000000 control=KRAFT_VERSION kraft_version=1");
}

}  // namespace
}  // namespace tideline::record
