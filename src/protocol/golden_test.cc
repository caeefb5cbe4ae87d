// Our bytes against those of Apache Kafka's own classes.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "protocol/message_schema.h"
#include "protocol/messages/describe_topic_partitions.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/produce.h"
#include "protocol/reader.h"
#include "protocol/test_bytes.h"
#include "protocol/writer.h"

namespace tideline::protocol {
namespace {

constexpr base::Uuid kTopicId{0x0102030405060708, 0x090a0b0c0d0e0f10};

struct Golden {
    std::string name;
    std::int16_t version;
    std::string what;
    std::string hex;
};

std::vector<Golden> golden_lines() {
    std::ifstream file(TL_PROTOCOL_GOLDEN_DIR "/kafka_4_2.txt");
    std::vector<Golden> found;
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with('#')) {
            std::istringstream words(line);
            Golden& golden = found.emplace_back();
            words >> golden.name >> golden.version >> golden.what >> golden.hex;
        }
    }
    return found;
}

const MessageSchema* schema_named(std::string_view name) {
    auto found = std::ranges::find(all_messages(), name, [](const MessageSchema* schema) { return schema->name; });
    return found == all_messages().end() ? nullptr : *found;
}

// A tagged struct that may be null starts null here, and empty in Kafka's classes.
bool starts_as_in_kafka(const MessageSchema& schema) {
    return std::ranges::none_of(schema.fields, [](const FieldSchema& field) {
        return field.type == FieldType::structure && !field.is_array && field.tag >= 0 && field.nullable.last >= 0;
    });
}

template <class T>
std::string hex_of(const T& message, std::int16_t version) {
    Writer out;
    message.encode(out, version);
    return to_hex(out.view());
}

TEST(KafkaBytes, OfEveryListedMessageAreReadAndWrittenAlike) {
    int seen = 0;
    for (const Golden& golden : golden_lines()) {
        SCOPED_TRACE(golden.name + " v" + std::to_string(golden.version) + " " + golden.what);
        const MessageSchema* schema = schema_named(golden.name);
        ASSERT_NE(schema, nullptr);
        const base::Bytes bytes = from_hex(golden.hex);
        Reader in(bytes);
        auto message = schema->decode(in, golden.version);
        ASSERT_TRUE(message) << base::to_string(message.error());
        EXPECT_TRUE(in.at_end());
        EXPECT_EQ(hex_of(**message, golden.version), golden.hex);
        if (golden.what == "default" && starts_as_in_kafka(*schema)) {
            EXPECT_EQ(hex_of(*schema->make(), golden.version), golden.hex);
        }
        ++seen;
    }
    EXPECT_GT(seen, 700);
}

TEST(KafkaBytes, OfAProduceRequestNameTheTopicByIdFromVersion13) {
    const base::Bytes record_bytes{1, 2, 3};
    ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 30000;
    request.topic_data.push_back({.name = "t", .topic_id = kTopicId, .partition_data = {}});
    request.topic_data[0].partition_data.push_back({.index = 7, .records = Records::of(record_bytes)});
    EXPECT_EQ(hex_of(request, 13),
              "00ffff00007530020102030405060708090a0b0c0d0e0f10020000000704010203000000");
    EXPECT_EQ(hex_of(request, 3), "ffffffff0000753000000001000174000000010000000700000003010203");
}

TEST(KafkaBytes, OfAFetchResponseCarryTheNewLeaderInTags) {
    const base::Bytes record_bytes{0xaa, 0xbb};
    FetchResponse::PartitionData partition;
    partition.partition_index = 1;
    partition.error_code = ErrorCode::not_leader_or_follower;
    partition.high_watermark = 100;
    partition.last_stable_offset = 99;
    partition.log_start_offset = 3;
    partition.aborted_transactions.reset();
    partition.records = Records::of(record_bytes);
    FetchResponse response;
    response.responses.push_back({.topic = "t", .topic_id = kTopicId, .partitions = {partition}});
    EXPECT_EQ(hex_of(response, 4),
              "00000000000000010001740000000100000001000600000000000000640000000000000063ffffffff00000002aabb");

    response.session_id = 5;
    response.responses[0].partitions[0].current_leader = {.leader_id = 2, .leader_epoch = 9};
    response.node_endpoints.push_back({.node_id = 2, .host = "h", .port = 9092, .rack = {}});
    EXPECT_EQ(hex_of(response, 18),
              "00000000000000000005020102030405060708090a0b0c0d0e0f1002000000010006000000000000006400000000000000630000000000"
              "00000300ffffffff03aabb0101090000000200000009000001000d02000000020268000023840000");
}

TEST(KafkaBytes, OfANullableStructBeginWithAMark) {
    DescribeTopicPartitionsRequest request;
    request.topics.push_back({.name = "a"});
    request.response_partition_limit = 2000;
    request.cursor = DescribeTopicPartitionsRequest::Cursor{.topic_name = "b", .partition_index = 2};
    EXPECT_EQ(hex_of(request, 0), "02026100000007d0010262000000020000");
    request.cursor.reset();
    EXPECT_EQ(hex_of(request, 0), "02026100000007d0ff00");
}

}  // namespace
}  // namespace tideline::protocol
