// cluster/broker_property_row.h: the notation of the broker property tables (broker_properties_*.cc only).
//
//   Row("num.partitions", int32, "1", "Partitions of a topic whose creator did not say.").at_least(1)
// A row is served unless it says accepted() or refused(), with the reason.
#pragma once

#include "cluster/broker_config.h"

namespace tideline::cluster {

inline constexpr std::optional<std::string_view> kNull = std::nullopt;

struct Row : BrokerProperty {
    constexpr Row(std::string_view name, base::PropertyType type, std::optional<std::string_view> default_value,
                  std::string_view description) {
        row = {.name = name, .type = type, .default_value = default_value, .description = description};
    }

    constexpr Row at_least(double min) const {
        Row copy = *this;
        copy.row.min = min;
        return copy;
    }
    constexpr Row between(double min, double max) const {
        Row copy = at_least(min);
        copy.row.max = max;
        return copy;
    }
    constexpr Row one_of(std::span<const std::string_view> choices) const {
        Row copy = *this;
        copy.row.choices = choices;
        return copy;
    }
    constexpr Row cluster_wide() const {
        Row copy = *this;
        copy.row.update = base::PropertyUpdate::cluster_wide;
        return copy;
    }
    constexpr Row per_broker() const {
        Row copy = *this;
        copy.row.update = base::PropertyUpdate::per_broker;
        return copy;
    }
    constexpr Row accepted(std::string_view why) const {
        Row copy = *this;
        copy.serving = Serving::accepted;
        copy.reason = why;
        return copy;
    }
    constexpr Row refused(std::string_view why) const {
        Row copy = *this;
        copy.serving = Serving::refused;
        copy.reason = why;
        return copy;
    }
};

// The tables, each sorted by name within itself.
std::span<const Row> server_properties();
std::span<const Row> log_properties();
std::span<const Row> coordinator_properties();
std::span<const Row> security_properties();

}  // namespace tideline::cluster
