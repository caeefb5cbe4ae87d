#include "log/checkpoint_file.h"

#include <gtest/gtest.h>

#include "log/directory_name.h"
#include "log/test_disk.h"

namespace tideline::log {
namespace {

class CheckpointFile : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(disk_.files().make_directories("/data")); }
    void put(std::string_view path, std::string_view text) {
        ASSERT_TRUE(runtime::replace_file(disk_.files(), path, base::as_bytes(text)));
    }
    std::string get(std::string_view path) {
        auto content = runtime::read_file(disk_.files(), path);
        return content ? std::string(base::as_text(*content)) : "?";
    }
    TestDisk disk_;
};

TEST_F(CheckpointFile, IsKafkasText) {
    ASSERT_TRUE(write_offset_checkpoint(disk_.files(), "/data/c", {{{"orders", 3}, 1042}, {{"a-b", 0}, 0}}));
    EXPECT_EQ(get("/data/c"), "0\n2\na-b 0 0\norders 3 1042\n");
    auto back = read_offset_checkpoint(disk_.files(), "/data/c");
    EXPECT_EQ(*back, (OffsetCheckpoint{{{"orders", 3}, 1042}, {{"a-b", 0}, 0}}));
}

TEST_F(CheckpointFile, AMissingOrEmptyFileHasNoEntries) {
    EXPECT_TRUE(read_offset_checkpoint(disk_.files(), "/data/c")->empty());
    put("/data/c", "");
    EXPECT_TRUE(read_offset_checkpoint(disk_.files(), "/data/c")->empty());
}

TEST_F(CheckpointFile, RefusesWhatItDoesNotUnderstand) {
    for (std::string_view text : {"1\n0\n", "0\n", "0\n1\n", "0\n0\norders 1 2\n", "0\n1\norders 1\n", "0\n1\norders 1 x\n",
                                  "0\n1\norders -1 5\n", "0\n1\norders 1 5 6\n", "x\n", "0\n-1\n"}) {
        put("/data/c", text);
        EXPECT_EQ(read_offset_checkpoint(disk_.files(), "/data/c").error().code, ErrorCode::kafka_storage_error) << text;
    }
}

TEST_F(CheckpointFile, TheCleanShutdownMarkerCarriesTheBrokerEpoch) {
    EXPECT_FALSE(read_clean_shutdown(disk_.files(), "/data")->has_value());
    ASSERT_TRUE(write_clean_shutdown(disk_.files(), "/data", {.broker_epoch = 42}));
    EXPECT_EQ(get("/data/.kafka_cleanshutdown"), R"({"version":0,"brokerEpoch":42})");
    EXPECT_EQ((*read_clean_shutdown(disk_.files(), "/data"))->broker_epoch, 42);
    put("/data/.kafka_cleanshutdown", R"({ "brokerEpoch": -1, "version" : 0 })");
    EXPECT_EQ((*read_clean_shutdown(disk_.files(), "/data"))->broker_epoch, -1);
    ASSERT_TRUE(remove_clean_shutdown(disk_.files(), "/data"));
    EXPECT_FALSE(read_clean_shutdown(disk_.files(), "/data")->has_value());
    EXPECT_TRUE(remove_clean_shutdown(disk_.files(), "/data"));
}

TEST_F(CheckpointFile, PartitionMetadataHoldsTheTopicId) {
    EXPECT_FALSE(read_partition_metadata(disk_.files(), "/data")->has_value());
    Uuid id{0x0123456789abcdef, 0xfedcba9876543210};
    ASSERT_TRUE(write_partition_metadata(disk_.files(), "/data", id));
    EXPECT_EQ(get("/data/partition.metadata"), "version: 0\ntopic_id: " + base::to_string(id));
    EXPECT_EQ(**read_partition_metadata(disk_.files(), "/data"), id);
    put("/data/partition.metadata", "version: 0\ntopic_id: " + base::to_string(id) + "\n");
    EXPECT_EQ(**read_partition_metadata(disk_.files(), "/data"), id);
    put("/data/partition.metadata", "version: 1\ntopic_id: x");
    EXPECT_FALSE(read_partition_metadata(disk_.files(), "/data"));
}

TEST(DirectoryName, SplitsAtTheLastDash) {
    EXPECT_EQ(directory_name("a-b", 3), "a-b-3");
    EXPECT_EQ(parse_directory_name("a-b-3"), (TopicPartition{"a-b", 3}));
    EXPECT_EQ(parse_directory_name("a--1"), (TopicPartition{"a-", 1}));
    for (std::string_view bad : {"orders", "-3", "orders-", "orders-x", "orders-3x", "../x-3", ".-1", "..-1", "a b-1"}) {
        EXPECT_EQ(parse_directory_name(bad), std::nullopt) << bad;
    }
    EXPECT_EQ(parse_directory_name(doomed_directory_name("orders", 3, {1, 2}, kDeleteSuffix)), std::nullopt);
}

TEST(DirectoryName, ADoomedNameIsCutAtTheFileSystemsLimit) {
    EXPECT_EQ(doomed_directory_name("orders", 3, {1, 2}, kDeleteSuffix), "orders-3.00000000000000010000000000000002-delete");
    std::string longest = doomed_directory_name(std::string(249, 'x'), 12345, {1, 2}, kDeleteSuffix);
    EXPECT_EQ(longest.size(), 255u);
    EXPECT_TRUE(is_doomed_directory(longest));
    EXPECT_FALSE(is_doomed_directory("my-delete"));
}

}  // namespace
}  // namespace tideline::log
