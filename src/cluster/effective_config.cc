#include "cluster/effective_config.h"

#include <array>

#include "log/log_config.h"

namespace tideline::cluster {

namespace {

// Broker properties of other units that stand for the topic property, too.
std::vector<std::string_view> synonyms_of(const base::PropertyRow& row) {
    if (row.name == "retention.ms") {
        return {"log.retention.ms", "log.retention.minutes", "log.retention.hours"};
    }
    if (row.name == "segment.ms") {
        return {"log.roll.ms", "log.roll.hours"};
    }
    if (row.name == "segment.jitter.ms") {
        return {"log.roll.jitter.ms", "log.roll.jitter.hours"};
    }
    if (row.name == "flush.ms") {
        return {"log.flush.interval.ms", "log.flush.scheduler.interval.ms"};
    }
    return row.broker_synonym.empty() ? std::vector<std::string_view>{} : std::vector{row.broker_synonym};
}

EffectiveConfig resolve(const base::PropertyRow& row, const MetadataImage& image, const BrokerConfig& static_config,
                        const ConfigMap& overrides) {
    if (auto at = overrides.find(row.name); at != overrides.end()) {
        return {&row, at->second, ConfigSource::topic};
    }
    auto synonyms = synonyms_of(row);
    struct Layer {
        const ConfigMap& values;
        ConfigSource source;
    };
    const std::array layers{Layer{image.broker_configs(static_config.node_id()), ConfigSource::dynamic_broker},
                            Layer{image.cluster_configs(), ConfigSource::dynamic_default_broker}};
    for (const Layer& layer : layers) {
        for (std::string_view synonym : synonyms) {
            if (auto at = layer.values.find(synonym); at != layer.values.end()) {
                return {&row, static_config.overlaid_with({{std::string(synonym), at->second}}).topic_default(row.name), layer.source};
            }
        }
    }
    for (std::string_view synonym : synonyms) {
        if (static_config.set_value(synonym)) {
            return {&row, static_config.topic_default(row.name), ConfigSource::static_broker};
        }
    }
    auto value = row.default_value ? std::optional(std::string(*row.default_value)) : std::nullopt;
    return {&row, value, ConfigSource::default_value};
}

}  // namespace

std::vector<EffectiveConfig> effective_topic_configs(const MetadataImage& image, const BrokerConfig& static_config,
                                                     const ConfigMap& overrides) {
    std::vector<EffectiveConfig> all;
    for (const base::PropertyRow& row : log::topic_properties()) {
        all.push_back(resolve(row, image, static_config, overrides));
    }
    return all;
}

}  // namespace tideline::cluster
