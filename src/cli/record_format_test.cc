#include "cli/record_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideline::cli {
namespace {

using ::testing::HasSubstr;

RecordView sample() {
    RecordView record;
    record.topic = "orders";
    record.partition = 3;
    record.offset = 42;
    record.timestamp_kind = TimestampKind::create_time;
    record.timestamp_ms = 1769854830123;
    record.key = "k";
    record.value = "value";
    record.headers = {{"a", "1"}, {"b", std::nullopt}};
    return record;
}

std::string formatted(std::string_view format, const RecordView& record, std::string null_marker = "") {
    auto parsed = RecordFormat::parse(format, std::move(null_marker));
    EXPECT_TRUE(parsed);
    std::string out;
    parsed->append(out, record);
    return out;
}

TEST(RecordFormat, PrintsEveryLetterOfTheHelp) {
    EXPECT_EQ(formatted(R"(%t %p %o %k %s %h %T %D %K %S 100%%\t\x41\n)", sample()),
              "orders 3 42 k value a=1,b= 1769854830123 2026-01-31T10:20:30.123Z 1 5 100%\tA\n");
}

TEST(RecordFormat, PrintsTheOutcomeIfSomebodyAsked) {
    RecordView record = sample();
    EXPECT_EQ(formatted("%x:%s", record), ":value");
    record.outcome = RecordOutcome::aborted;
    EXPECT_EQ(formatted("%x:%s", record), "aborted:value");
}

TEST(RecordFormat, PrintsTheMarkerForNulls) {
    RecordView record = sample();
    record.key = std::nullopt;
    record.value = std::nullopt;
    EXPECT_EQ(formatted("%k:%s", record), ":");
    EXPECT_EQ(formatted("%k:%s %K %S", record, "NULL"), "NULL:NULL -1 -1");
}

TEST(RecordFormat, RefusesUnknownLettersAndEscapes) {
    for (const char* bad : {"%q", "%", R"(\q)", "a%"}) {
        EXPECT_FALSE(RecordFormat::parse(bad)) << bad;
    }
}

TEST(RecordFormat, APercentSignInTheRecordIsNotAFormat) {
    RecordView record = sample();
    record.value = "%k\\n";
    EXPECT_EQ(formatted("%s", record), "%k\\n");
}

std::string as_json(const RecordView& record) {
    std::string out;
    append_json(out, record);
    return out;
}

TEST(RecordJson, IsOneLineWithEveryField) {
    EXPECT_EQ(as_json(sample()),
              R"({"topic":"orders","partition":3,"offset":42,"timestamp":1769854830123,"timestamp_type":"CreateTime",)"
              R"("key":"k","value":"value","headers":[{"key":"a","value":"1"},{"key":"b","value":null}]})"
              "\n");
}

TEST(RecordJson, HasTheOutcomeIfSomebodyAsked) {
    RecordView record = sample();
    record.outcome = RecordOutcome::open;
    record.producer_id = 7;
    EXPECT_THAT(as_json(record), HasSubstr(R"("outcome":"open","producer_id":7})"));
    record.outcome = RecordOutcome::committed;
    record.producer_id = std::nullopt;
    EXPECT_THAT(as_json(record), HasSubstr(R"("outcome":"committed","producer_id":null})"));
}

TEST(RecordJson, EscapesWhatALineCannotHold) {
    RecordView record = sample();
    record.value = "two\nlines \"quoted\"";
    EXPECT_THAT(as_json(record), HasSubstr(R"("value":"two\nlines \"quoted\"")"));
}

TEST(RecordJson, SaysWhenBytesHadToBeEncoded) {
    RecordView record = sample();
    record.key = std::string_view("\xff\x00", 2);
    record.headers = {{"h", "\xfe"}};
    EXPECT_THAT(as_json(record), HasSubstr(R"("key":"/wA=","key_encoding":"base64")"));
    EXPECT_THAT(as_json(record), HasSubstr(R"({"key":"h","value":"/g==","encoding":"base64"})"));
}

TEST(RecordJson, ATombstoneIsNull) {
    RecordView record = sample();
    record.value = std::nullopt;
    EXPECT_THAT(as_json(record), HasSubstr(R"("value":null)"));
}

}  // namespace
}  // namespace tideline::cli
