// group/config.h: the broker properties that coordinators obey, with Kafka's names and defaults.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tideline::group {

enum class MigrationPolicy : std::uint8_t { disabled, upgrade, downgrade, bidirectional };  // group.consumer.migration.policy

struct GroupConfig {
    // Classic groups.
    std::int32_t min_session_timeout_ms = 6'000;       // group.min.session.timeout.ms
    std::int32_t max_session_timeout_ms = 1'800'000;   // group.max.session.timeout.ms
    std::int32_t max_size = 2'147'483'647;             // group.max.size
    std::int32_t initial_rebalance_delay_ms = 3'000;   // group.initial.rebalance.delay.ms

    // Offsets.
    std::int32_t offset_metadata_bytes_max = 4'096;                  // offset.metadata.max.bytes
    std::int64_t offsets_retention_ms = std::int64_t{7} * 86'400'000;  // offsets.retention.minutes
    std::int64_t offsets_retention_check_interval_ms = 600'000;      // offsets.retention.check.interval.ms

    // Consumer groups (KIP-848).
    std::int32_t consumer_session_timeout_ms = 45'000;         // group.consumer.session.timeout.ms
    std::int32_t consumer_min_session_timeout_ms = 45'000;     // group.consumer.min.session.timeout.ms
    std::int32_t consumer_max_session_timeout_ms = 60'000;     // group.consumer.max.session.timeout.ms
    std::int32_t consumer_heartbeat_interval_ms = 5'000;       // group.consumer.heartbeat.interval.ms
    std::int32_t consumer_min_heartbeat_interval_ms = 5'000;   // group.consumer.min.heartbeat.interval.ms
    std::int32_t consumer_max_heartbeat_interval_ms = 15'000;  // group.consumer.max.heartbeat.interval.ms
    std::int32_t consumer_max_size = 2'147'483'647;            // group.consumer.max.size
    std::int32_t consumer_regex_refresh_interval_ms = 600'000; // group.consumer.regex.refresh.interval.ms
    std::vector<std::string> consumer_assignors = {"uniform", "range"};  // group.consumer.assignors, the default first
    MigrationPolicy consumer_migration_policy = MigrationPolicy::bidirectional;

    // Larger records cannot be appended: max.message.bytes of __consumer_offsets, less what a batch takes. The driver says it anew
    // before each step.
    std::size_t record_bytes_max = 1'000'000;
};

// What a group's own configuration may change (resource type GROUP).
struct ConsumerTimeouts {
    std::int32_t session_timeout_ms = 45'000;     // consumer.session.timeout.ms
    std::int32_t heartbeat_interval_ms = 5'000;   // consumer.heartbeat.interval.ms
};

class GroupConfigs {
public:
    virtual ~GroupConfigs() = default;
    virtual ConsumerTimeouts consumer_timeouts(std::string_view group_id) const = 0;
};

}  // namespace tideline::group
