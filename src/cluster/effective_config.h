// cluster/effective_config.h: the value of a topic property that counts, and who set it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/property.h"
#include "cluster/broker_config.h"
#include "cluster/metadata_image.h"

namespace tideline::cluster {

// The numbers of DescribeConfigs and CreateTopics.
enum class ConfigSource : std::int8_t { topic = 1, dynamic_broker = 2, dynamic_default_broker = 3, static_broker = 4, default_value = 5 };

struct EffectiveConfig {
    const base::PropertyRow* row = nullptr;
    std::optional<std::string> value;  // nullopt: null
    ConfigSource source = ConfigSource::default_value;
};

// Every topic property, in the order of their names, for a topic on which `overrides` are set: those, then what was set for the
// broker, then for all brokers, then the static configuration, then the default.
std::vector<EffectiveConfig> effective_topic_configs(const MetadataImage& image, const BrokerConfig& static_config,
                                                     const ConfigMap& overrides);

}  // namespace tideline::cluster
