// Bytes that Apache Kafka 4.2's own classes (ProducerStateManager, OffsetIndex, TimeIndex, TransactionIndex) wrote; the same
// that docs/formats/log.md explains.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "log/index.h"
#include "log/producer_snapshot.h"
#include "log/test_disk.h"
#include "log/transaction_index.h"

namespace tideline::log {
namespace {

std::string hex(ByteView bytes) {
    std::string text;
    for (std::uint8_t byte : bytes) {
        text += fmt::format("{:02x}", byte);
    }
    return text;
}

class GoldenFile : public testing::Test {
protected:
    std::string content(std::string_view path) {
        auto bytes = runtime::read_file(disk_.files(), path);
        return bytes ? hex(*bytes) : base::to_string(bytes.error());
    }

    void SetUp() override { ASSERT_TRUE(disk_.files().make_directories("/data")); }

    TestDisk disk_;
    FileCache cache_{disk_.files()};
};

TEST_F(GoldenFile, OffsetIndexIsKafkas) {
    OffsetIndex index(cache_, "/data/i", 100);
    ASSERT_TRUE(index.create());
    index.append(109, 4200);
    index.append(131, 8500);
    ASSERT_TRUE(index.entries().write_pending());
    EXPECT_EQ(content("/data/i"), "00000009000010680000001f00002134");
}

TEST_F(GoldenFile, TimeIndexIsKafkas) {
    TimeIndex index(cache_, "/data/t", 100);
    ASSERT_TRUE(index.create());
    index.append(1700000000000, 105);
    index.append(1699999999999, 110);  // not larger: no entry
    index.append(1700000000500, 131);
    ASSERT_TRUE(index.entries().write_pending());
    EXPECT_EQ(content("/data/t"), "0000018bcfe56800000000050000018bcfe569f40000001f");
}

TEST_F(GoldenFile, TransactionIndexIsKafkas) {
    TransactionIndex index(cache_, "/data/x", false);
    ASSERT_TRUE(index.append({4000, 110, 120, 118}));
    EXPECT_EQ(content("/data/x"), "00000000000000000fa0000000000000006e00000000000000780000000000000076");
}

TEST(GoldenBytes, ProducerSnapshotIsKafkas) {
    ProducerEntry first{.producer_id = 1, .producer_epoch = 0, .last_timestamp = 1700000000000};
    first.add_batch({.last_sequence = 4, .offset_delta = 2, .last_offset = 41, .timestamp = 1700000000000});
    ProducerEntry second{.producer_id = 4000,
                         .producer_epoch = 7,
                         .coordinator_epoch = 3,
                         .last_timestamp = 1700000000123,
                         .transaction_first_offset = 38};
    std::vector<ProducerEntry> producers{first, second};
    Bytes written = encode_producer_snapshot(producers);
    EXPECT_EQ(hex(written),
              "0001176335cb0000000200000000000000010000000000040000000000000029000000020000018bcfe56800ffffffffffffffffffffffff"
              "0000000000000fa00007ffffffffffffffffffffffff000000000000018bcfe5687b000000030000000000000026");
    EXPECT_EQ(*decode_producer_snapshot(written), producers);
}

}  // namespace
}  // namespace tideline::log
