#include "protocol/metadata_record.h"

#include <gtest/gtest.h>

#include "protocol/test_bytes.h"

namespace tideline::protocol {
namespace {

constexpr base::Uuid kTopicId{0x0102030405060708, 0x090a0b0c0d0e0f10};

// The bytes are those of Kafka 4.2.1's MetadataRecordSerde.
void expect_bytes(const MetadataRecord& record, std::int16_t version, std::string_view hex) {
    EXPECT_EQ(to_hex(encode_metadata_record(record, version)), hex);
    auto back = decode_metadata_record(from_hex(hex));
    ASSERT_TRUE(back) << base::to_string(back.error());
    EXPECT_EQ(*back, (VersionedRecord{record, version}));
}

TEST(MetadataRecord, HasTheBytesOfKafka) {
    expect_bytes(TopicRecord{.name = "orders", .topic_id = kTopicId}, 0,
                 "010200076f72646572730102030405060708090a0b0c0d0e0f1000");
    expect_bytes(FeatureLevelRecord{.name = "metadata.version", .feature_level = 29}, 0,
                 "010c00116d657461646174612e76657273696f6e001d00");

    PartitionRecord partition{.partition_id = 3, .topic_id = kTopicId, .replicas = {1, 2}, .isr = {1}};
    partition.leader = 1;
    partition.leader_epoch = 4;
    partition.partition_epoch = 5;
    partition.directories = {kTopicId, base::Uuid{}};
    partition.eligible_leader_replicas = {{2}};
    expect_bytes(partition, 2,
                 "010302000000030102030405060708090a0b0c0d0e0f1003000000010000000202000000010101000000010000000400000005"
                 "030102030405060708090a0b0c0d0e0f10000000000000000000000000000000000101050200000002");

    PartitionChangeRecord change{.partition_id = 3, .topic_id = kTopicId};
    change.leader = -1;
    change.isr.emplace();
    expect_bytes(change, 2, "010502000000030102030405060708090a0b0c0d0e0f10020001010104ffffffff");
}

TEST(MetadataRecord, RefusesWhatStandsAfterIt) {
    base::Bytes bytes = encode_metadata_record(NoOpRecord{}, 0);
    ASSERT_TRUE(decode_metadata_record(bytes));
    bytes.push_back(0);
    EXPECT_EQ(decode_metadata_record(bytes).error().code, ErrorCode::corrupt_message);
}

TEST(MetadataRecord, RefusesFramesTypesAndVersionsOfAnotherRelease) {
    for (const char* hex : {"001400 00", "021400 00", "017f00 00", "0114 01 00", "0114 ff7f 00"}) {
        auto record = decode_metadata_record(from_hex(hex));
        ASSERT_FALSE(record) << hex;
        EXPECT_EQ(record.error().code, ErrorCode::unsupported_version) << hex;
    }
    EXPECT_FALSE(decode_metadata_record({}));
    EXPECT_FALSE(decode_metadata_record(from_hex("0114ffffff7f00")));
}

TEST(MetadataRecord, PrintsItsTypeAndVersion) {
    EXPECT_EQ(to_json({TopicRecord{.name = "t", .topic_id = kTopicId}, 0}),
              R"({"type":"TopicRecord","version":0,"data":{"name":"t","topicId":"AQIDBAUGBwgJCgsMDQ4PEA"}})");
}

}  // namespace
}  // namespace tideline::protocol
