#include "log/log_config.h"

#include <gtest/gtest.h>

namespace tideline::log {
namespace {

TEST(LogConfig, TheTablesDefaultsAreTheStructsDefaults) { EXPECT_EQ(make_log_config({}), LogConfig{}); }

TEST(LogConfig, EveryDefaultIsLegal) {
    for (const base::PropertyRow& row : topic_properties()) {
        EXPECT_EQ(base::why_illegal(row, row.default_value.value_or("")), std::nullopt) << row.name;
        EXPECT_EQ(find_topic_property(row.name), &row);
    }
}

TEST(LogConfig, ATopicsOwnValueWinsOverTheBrokersAndThatOverTheTable) {
    auto broker = [](std::string_view name) {
        return name == "retention.ms" || name == "segment.ms" ? std::optional<std::string>("5000") : std::nullopt;
    };
    LogConfig config = make_log_config({{"retention.ms", "1000"}}, broker);
    EXPECT_EQ(config.retention_ms, 1000);
    EXPECT_EQ(config.segment_ms, 5000);
    EXPECT_EQ(config.retention_bytes, -1);
}

TEST(LogConfig, CleanupPolicyMayNameBothOrNone) {
    LogConfig both = make_log_config({{"cleanup.policy", "compact, delete"}});
    EXPECT_TRUE(both.cleanup_compact && both.cleanup_delete);
    LogConfig none = make_log_config({{"cleanup.policy", ""}});
    EXPECT_FALSE(none.cleanup_compact || none.cleanup_delete);
    EXPECT_TRUE(why_illegal_topic_config({{"cleanup.policy", "delete,delete"}}));
    EXPECT_TRUE(why_illegal_topic_config({{"cleanup.policy", "forget"}}));
}

TEST(LogConfig, CompressionTypeProducerKeepsTheProducersCodec) {
    EXPECT_EQ(make_log_config({}).compression_type, std::nullopt);
    EXPECT_EQ(make_log_config({{"compression.type", "uncompressed"}}).compression_type, record::CompressionType::none);
    EXPECT_EQ(make_log_config({{"compression.type", "zstd"}}).compression_type, record::CompressionType::zstd);
}

TEST(LogConfig, RefusesUnknownNamesAndValuesOutOfRange) {
    EXPECT_EQ(why_illegal_topic_config({{"retention.millis", "1"}}), "Unknown topic config name: retention.millis");
    EXPECT_TRUE(why_illegal_topic_config({{"segment.bytes", "1048575"}}));
    EXPECT_TRUE(why_illegal_topic_config({{"retention.ms", "-2"}}));
    EXPECT_TRUE(why_illegal_topic_config({{"compression.gzip.level", "0"}}));
    EXPECT_TRUE(why_illegal_topic_config({{"min.insync.replicas", "none"}}));
    EXPECT_TRUE(why_illegal_topic_config({{"leader.replication.throttled.replicas", "1-2"}}));
    EXPECT_FALSE(why_illegal_topic_config({{"leader.replication.throttled.replicas", "0:1,1:2"}}));
    EXPECT_FALSE(why_illegal_topic_config({{"segment.bytes", "1048576"}, {"retention.ms", "-1"}}));
}

TEST(LogConfig, RefusesLagsThatContradictEachOther) {
    EXPECT_TRUE(why_illegal_topic_config({{"min.compaction.lag.ms", "10"}, {"max.compaction.lag.ms", "5"}}));
}

}  // namespace
}  // namespace tideline::log
