// log/log_config.h: the topic properties of Kafka 4.2 and what a partition's log makes of them.
//
// topic_properties() is the table that describes, validates and documents them; LogConfig is their parsed form.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/property.h"
#include "log/types.h"
#include "record/batch.h"

namespace tideline::log {

inline constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

// One field a property; the names are Kafka's with '_' for '.'.
struct LogConfig {
    std::int32_t segment_bytes = 1 << 30;
    std::int64_t segment_ms = 604'800'000;
    std::int64_t segment_jitter_ms = 0;
    std::int32_t segment_index_bytes = 10 << 20;
    std::int32_t index_interval_bytes = 4096;
    std::int32_t max_message_bytes = 1'048'588;
    std::int64_t flush_messages = kUnlimited;
    std::int64_t flush_ms = kUnlimited;
    std::int64_t retention_bytes = -1;            // -1: unlimited
    std::int64_t retention_ms = 604'800'000;      // -1: unlimited
    bool cleanup_delete = true;                   // cleanup.policy; both false is legal since 4.2: keep everything
    bool cleanup_compact = false;
    std::int64_t file_delete_delay_ms = 60'000;
    std::int64_t delete_retention_ms = 86'400'000;
    std::int64_t min_compaction_lag_ms = 0;
    std::int64_t max_compaction_lag_ms = kUnlimited;
    double min_cleanable_dirty_ratio = 0.5;
    std::int32_t min_insync_replicas = 1;
    bool unclean_leader_election_enable = false;
    // nullopt: `producer`, keep what the producer chose. `none` is `uncompressed`.
    std::optional<record::CompressionType> compression_type;
    std::int32_t compression_gzip_level = -1;
    std::int32_t compression_lz4_level = 9;
    std::int32_t compression_zstd_level = 3;
    record::TimestampType message_timestamp_type = record::TimestampType::create_time;
    std::int64_t message_timestamp_before_max_ms = kUnlimited;
    std::int64_t message_timestamp_after_max_ms = 3'600'000;
    bool preallocate = false;  // accepted, without effect
    bool remote_storage_enable = false;

    friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

// Every topic property of Kafka 4.2, sorted by name. Each row's broker_synonym names the broker property that is its default.
std::span<const base::PropertyRow> topic_properties();
const base::PropertyRow* find_topic_property(std::string_view name);

// Answers the value of a broker property, already translated to the unit of the topic property (log.roll.hours → ms), or
// nullopt when the broker has none set.
using BrokerDefault = std::function<std::optional<std::string>(std::string_view topic_property)>;

// The configuration of one topic: its own overrides, else what the broker says, else the table's default.
// Both must have passed why_illegal_topic_config().
LogConfig make_log_config(const std::map<std::string, std::string>& overrides, const BrokerDefault& broker_default = {});

// The sentence for people why these overrides cannot be a topic's configuration, or nullopt: unknown names, values out of
// range, and values that contradict each other (min over max compaction lag).
std::optional<std::string> why_illegal_topic_config(const std::map<std::string, std::string>& overrides,
                                                    const BrokerDefault& broker_default = {});

}  // namespace tideline::log
