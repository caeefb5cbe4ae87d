#include "cluster/config_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "cluster/controller.h"
#include "log/log_config.h"

namespace tideline::cluster {

namespace {

using base::PropertyRow;
using enum base::PropertyType;

constexpr std::string_view kIsolationLevels[] = {"read_committed", "read_uncommitted"};

// Properties of groups; broker_synonym is where the default comes from.
constexpr std::array kGroupRows{
    PropertyRow{.name = "consumer.heartbeat.interval.ms", .type = int32, .default_value = "5000",
                .description = "Time between heartbeats of the group's members.", .min = 1,
                .broker_synonym = "group.consumer.heartbeat.interval.ms"},
    PropertyRow{.name = "consumer.session.timeout.ms", .type = int32, .default_value = "45000",
                .description = "Silence after which a member of the group is taken out.", .min = 1,
                .broker_synonym = "group.consumer.session.timeout.ms"},
    PropertyRow{.name = "share.auto.offset.reset", .type = string, .default_value = "latest",
                .description = "Where a share group starts on a partition it never read: earliest, latest or by_duration:<ISO 8601>."},
    PropertyRow{.name = "share.heartbeat.interval.ms", .type = int32, .default_value = "5000",
                .description = "Time between heartbeats of the share group's members.", .min = 1,
                .broker_synonym = "group.share.heartbeat.interval.ms"},
    PropertyRow{.name = "share.isolation.level", .type = string, .default_value = "read_uncommitted",
                .description = "Whether a share group sees records of open and aborted transactions.", .choices = kIsolationLevels},
    PropertyRow{.name = "share.record.lock.duration.ms", .type = int32, .default_value = "30000",
                .description = "Time for which a delivered record is locked.", .min = 1000,
                .broker_synonym = "group.share.record.lock.duration.ms"},
    PropertyRow{.name = "share.session.timeout.ms", .type = int32, .default_value = "45000",
                .description = "Silence after which a member of the share group is taken out.", .min = 1,
                .broker_synonym = "group.share.session.timeout.ms"},
    PropertyRow{.name = "streams.heartbeat.interval.ms", .type = int32, .default_value = "5000",
                .description = "Time between heartbeats of the streams group's members.", .min = 1,
                .broker_synonym = "group.streams.heartbeat.interval.ms"},
    PropertyRow{.name = "streams.initial.rebalance.delay.ms", .type = int32, .default_value = "3000",
                .description = "Wait for more members before the streams group's first assignment.", .min = 0,
                .broker_synonym = "group.streams.initial.rebalance.delay.ms"},
    PropertyRow{.name = "streams.num.standby.replicas", .type = int32, .default_value = "0",
                .description = "Standby replicas of each task of the streams group.", .min = 0,
                .broker_synonym = "group.streams.num.standby.replicas"},
    PropertyRow{.name = "streams.session.timeout.ms", .type = int32, .default_value = "45000",
                .description = "Silence after which a member of the streams group is taken out.", .min = 1,
                .broker_synonym = "group.streams.session.timeout.ms"},
};

constexpr std::array kClientMetricsRows{
    PropertyRow{.name = "interval.ms", .type = int32, .default_value = "300000",
                .description = "Time between pushes of metrics by a client."},
    PropertyRow{.name = "match", .type = list, .default_value = "", .description = "Which clients the subscription is for, as name=pattern."},
    PropertyRow{.name = "metrics", .type = list, .default_value = "", .description = "Prefixes of the metrics to push; * for all."},
};

// Broker properties that exist at run time only (KIP-73, KIP-113).
constexpr std::array kThrottleRows{
    PropertyRow{.name = "follower.replication.throttled.rate", .type = int64, .default_value = "9223372036854775807",
                .description = "Most bytes a second that throttled replicas fetch.", .min = 0, .update = base::PropertyUpdate::cluster_wide},
    PropertyRow{.name = "leader.replication.throttled.rate", .type = int64, .default_value = "9223372036854775807",
                .description = "Most bytes a second that throttled leaders serve.", .min = 0, .update = base::PropertyUpdate::cluster_wide},
    PropertyRow{.name = "replica.alter.log.dirs.io.max.bytes.per.second", .type = int64, .default_value = "9223372036854775807",
                .description = "Most bytes a second that moves between log directories take.", .min = 0,
                .update = base::PropertyUpdate::cluster_wide},
};

const PropertyRow* find_in(std::span<const PropertyRow> rows, std::string_view name) {
    auto at = std::ranges::find(rows, name, &PropertyRow::name);
    return at == rows.end() ? nullptr : &*at;
}

const PropertyRow* find_broker_row(std::string_view name) {
    const BrokerProperty* property = find_broker_property(name);
    return property != nullptr ? &property->row : find_in(kThrottleRows, name);
}

ApiError invalid(ErrorCode code, std::string message) { return {code, std::move(message)}; }

ApiError judge_value(const PropertyRow& row, const std::string& value, ErrorCode code) {
    if (auto why = base::why_illegal(row, value)) {
        bool secret = row.type == password;
        return invalid(code, fmt::format("Invalid value {} for configuration {}: {}", secret ? "[hidden]" : value, row.name, *why));
    }
    return {};
}

std::optional<std::int32_t> parse_id(std::string_view text) {
    std::int32_t id = -1;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(id) : std::nullopt;
}

std::map<std::string, std::string> plain(const ConfigMap& configs) { return {configs.begin(), configs.end()}; }

}  // namespace

std::span<const PropertyRow> group_properties() { return kGroupRows; }
std::span<const PropertyRow> client_metrics_properties() { return kClientMetricsRows; }

const PropertyRow* find_property(ConfigResourceType type, std::string_view name) {
    switch (type) {
        case ConfigResourceType::topic:
            return log::find_topic_property(name);
        case ConfigResourceType::broker:
            return find_broker_row(name);
        case ConfigResourceType::client_metrics:
            return find_in(kClientMetricsRows, name);
        case ConfigResourceType::group:
            return find_in(kGroupRows, name);
        case ConfigResourceType::unknown:
        case ConfigResourceType::broker_logger:
            break;
    }
    return nullptr;
}

ApiError judge_topic_configs(const ConfigMap& configs, const BrokerConfig& config) {
    if (auto why = log::why_illegal_topic_config(plain(configs), [&](std::string_view name) { return config.topic_default(name); })) {
        return invalid(ErrorCode::invalid_config, std::move(*why));
    }
    if (auto at = configs.find("remote.storage.enable"); at != configs.end() && base::parse_bool(at->second)) {
        return invalid(ErrorCode::invalid_config, "tiered storage is off in this broker; remote.storage.enable cannot be true");
    }
    return {};
}

ApiError judge_broker_configs(const ConfigMap& configs, bool for_all_brokers) {
    for (const auto& [name, value] : configs) {
        const PropertyRow* row = find_broker_row(name);
        if (row == nullptr) {
            return invalid(ErrorCode::invalid_request, fmt::format("Unknown broker config name: {}", name));
        }
        if (row->update == base::PropertyUpdate::read_only) {
            return invalid(ErrorCode::invalid_request, fmt::format("{} cannot change while the broker runs", name));
        }
        if (row->update == base::PropertyUpdate::per_broker) {
            return invalid(ErrorCode::invalid_request, for_all_brokers ? fmt::format("{} is a broker's own; name its id", name)
                                                                       : fmt::format("{} cannot change while the broker runs yet", name));
        }
        if (auto wrong = judge_value(*row, value, ErrorCode::invalid_request)) {
            return wrong;
        }
        const BrokerProperty* property = find_broker_property(name);
        if (property != nullptr && property->serving == Serving::refused && value != row->default_value.value_or("")) {
            return invalid(ErrorCode::invalid_request, fmt::format("{} cannot be honoured: {}", name, property->reason));
        }
    }
    return {};
}

ApiError judge_group_configs(const ConfigMap& configs, const BrokerConfig& config) {
    for (const auto& [name, value] : configs) {
        const PropertyRow* row = find_in(kGroupRows, name);
        if (row == nullptr) {
            return invalid(ErrorCode::invalid_config, fmt::format("Unknown group config name: {}", name));
        }
        if (auto wrong = judge_value(*row, value, ErrorCode::invalid_config)) {
            return wrong;
        }
        bool is_reset = value == "earliest" || value == "latest" || value.starts_with("by_duration:P");
        if (name == "share.auto.offset.reset" && !is_reset) {
            return invalid(ErrorCode::invalid_config, fmt::format("{} must be earliest, latest or by_duration:<ISO 8601>", name));
        }
    }
    // An unset property counts with Kafka's default, whatever the broker's own is.
    auto number = [&](const std::string& name) {
        auto at = configs.find(name);
        return base::parse_int(at != configs.end() ? std::string_view(at->second) : *find_in(kGroupRows, name)->default_value);
    };
    for (const char* kind : {"consumer", "share", "streams"}) {
        for (const char* what : {"heartbeat.interval.ms", "session.timeout.ms"}) {
            std::string name = fmt::format("{}.{}", kind, what);
            std::string least = fmt::format("group.{}.min.{}", kind, what);
            std::string most = fmt::format("group.{}.max.{}", kind, what);
            if (number(name) < config.integer(least) || number(name) > config.integer(most)) {
                return invalid(ErrorCode::invalid_config, fmt::format("{} must lie between {} and {}", name, least, most));
            }
        }
        if (number(fmt::format("{}.session.timeout.ms", kind)) <= number(fmt::format("{}.heartbeat.interval.ms", kind))) {
            return invalid(ErrorCode::invalid_config, fmt::format("{0}.session.timeout.ms must be greater than {0}.heartbeat.interval.ms", kind));
        }
    }
    auto lock_ms = number("share.record.lock.duration.ms");
    if (lock_ms < config.integer("group.share.min.record.lock.duration.ms") || lock_ms > config.integer("group.share.max.record.lock.duration.ms")) {
        return invalid(ErrorCode::invalid_config, "share.record.lock.duration.ms must lie between group.share.min.record.lock.duration.ms "
                                                  "and group.share.max.record.lock.duration.ms");
    }
    if (number("streams.num.standby.replicas") > config.integer("group.streams.max.standby.replicas")) {
        return invalid(ErrorCode::invalid_config, "streams.num.standby.replicas must be at most group.streams.max.standby.replicas");
    }
    return {};
}

ApiError judge_client_metrics_configs(const ConfigMap& configs) {
    static constexpr std::string_view kMatchNames[] = {"client_instance_id",      "client_id",             "client_software_name",
                                                       "client_software_version", "client_source_address", "client_source_port"};
    for (const auto& [name, value] : configs) {
        const PropertyRow* row = find_in(kClientMetricsRows, name);
        if (row == nullptr) {
            return invalid(ErrorCode::invalid_request, fmt::format("Unknown client metrics configuration: {}", name));
        }
        if (auto wrong = judge_value(*row, value, ErrorCode::invalid_config)) {
            return wrong;
        }
        if (name == "interval.ms" && (base::parse_int(value) < 100 || base::parse_int(value) > 3'600'000)) {
            return invalid(ErrorCode::invalid_request, fmt::format("Invalid value {} for interval.ms: must be 100 to 3600000", value));
        }
        if (name == "match") {
            for (const std::string& item : base::parse_list(value)) {
                std::size_t equals = item.find('=');
                std::string_view key = std::string_view(item).substr(0, equals);
                if (equals == std::string::npos || equals + 1 == item.size() || std::ranges::find(kMatchNames, key) == std::end(kMatchNames)) {
                    return invalid(ErrorCode::invalid_config, fmt::format("Illegal client matching pattern: {}", item));
                }
            }
        }
    }
    return {};
}

ApiError judge_configs(const ConfigResource& resource, const ConfigMap& configs, const BrokerConfig& config) {
    switch (resource.type) {
        case ConfigResourceType::topic:
            return judge_topic_configs(configs, config);
        case ConfigResourceType::broker:
            return judge_broker_configs(configs, resource.name.empty());
        case ConfigResourceType::client_metrics:
            return judge_client_metrics_configs(configs);
        case ConfigResourceType::group:
            return judge_group_configs(configs, config);
        case ConfigResourceType::unknown:
        case ConfigResourceType::broker_logger:
            break;
    }
    return invalid(ErrorCode::invalid_request, "resources of this type have no configuration here");
}

ApiError judge_resource_name(const ConfigResource& resource, std::int32_t node_id) {
    switch (resource.type) {
        case ConfigResourceType::topic:
            if (resource.name.empty()) {
                return invalid(ErrorCode::invalid_request, "topics have no common defaults; name a topic");
            }
            if (auto why = why_illegal_topic_name(resource.name)) {
                return invalid(ErrorCode::invalid_topic_exception, std::move(*why));
            }
            return {};
        case ConfigResourceType::broker: {
            auto id = parse_id(resource.name);
            if (resource.name.empty() || id == node_id) {
                return {};
            }
            return invalid(ErrorCode::invalid_request, id ? fmt::format("this broker is {}, not {}", node_id, *id)
                                                          : fmt::format("'{}' is not a broker's id", resource.name));
        }
        case ConfigResourceType::client_metrics:
        case ConfigResourceType::group:
            return resource.name.empty() ? invalid(ErrorCode::invalid_request, "the resource needs a name") : ApiError{};
        case ConfigResourceType::broker_logger:
            return invalid(ErrorCode::invalid_request, "log levels of loggers are not served");
        case ConfigResourceType::unknown:
            break;
    }
    return invalid(ErrorCode::invalid_request, fmt::format("Unknown resource type {}", static_cast<int>(resource.type)));
}

ApiError judge_resource_exists(const ConfigResource& resource, const MetadataImage& image) {
    if (resource.type == ConfigResourceType::topic && image.topic(resource.name) == nullptr) {
        return invalid(ErrorCode::unknown_topic_or_partition, fmt::format("there is no topic '{}'", resource.name));
    }
    if (resource.type == ConfigResourceType::broker && !resource.name.empty() && image.broker(parse_id(resource.name).value_or(-1)) == nullptr) {
        return invalid(ErrorCode::broker_id_not_registered, fmt::format("no broker {} is registered", resource.name));
    }
    return {};
}

}  // namespace tideline::cluster
