// server.properties, --set and the configuration of a topic. Byte 0 is 1: a broker's, 2: a topic's; what follows is a properties file. What
// is taken must have a value for every property.
#include "base/check.h"
#include "cluster/broker_config.h"
#include "cluster/config_rules.h"
#include "cluster/effective_config.h"
#include "input.h"
#include "log/log_config.h"

using namespace tideline;

namespace {

void read_every_value(const cluster::BrokerConfig& config) {
    using base::PropertyType;
    for (const cluster::BrokerProperty& property : cluster::broker_properties()) {
        const std::string_view name = property.row.name;
        if (!config.value(name)) {
            continue;
        }
        switch (property.row.type) {
            case PropertyType::boolean: config.boolean(name); break;
            case PropertyType::int16:
            case PropertyType::int32:
            case PropertyType::int64: config.integer(name); break;
            case PropertyType::float64: config.real(name); break;
            case PropertyType::list: config.list(name); break;
            default: config.text(name);
        }
    }
    config.node_id();
    config.log_dirs();
    config.metadata_log_dir();
    TL_CHECK(config.advertised_listeners("host").size() == config.listeners().size());
    TL_CHECK(!config.controller_listeners().empty());
    config.inter_broker_listener();
}

log::LogConfig topic_config(const cluster::BrokerConfig& config, const std::map<std::string, std::string>& overrides) {
    return log::make_log_config(overrides, [&](std::string_view name) { return config.topic_default(name); });
}

void as_broker(std::string_view text, std::string_view override_text) {
    cluster::ConfigInput input{.file_name = "server.properties", .file_text = std::string(text), .overrides = {}};
    for (const base::PropertyLine& line : base::parse_properties(override_text)) {
        input.overrides.emplace_back(line.key, line.value);
    }
    auto config = cluster::BrokerConfig::parse(input);
    if (!config) {
        TL_CHECK(!cluster::to_string(config.error()).empty());
        return;
    }
    read_every_value(*config);
    topic_config(*config, {});
}

void as_topic(std::string_view text) {
    static const cluster::BrokerConfig defaults = cluster::BrokerConfig::defaults();
    std::map<std::string, std::string> overrides;
    cluster::ConfigMap as_stored;
    for (const base::PropertyLine& line : base::parse_properties(text)) {
        overrides[line.key] = line.value;
        as_stored[line.key] = line.value;
    }
    cluster::judge_topic_configs(as_stored, defaults);
    cluster::judge_broker_configs(as_stored, false);
    cluster::judge_broker_configs(as_stored, true);
    cluster::judge_group_configs(as_stored, defaults);
    cluster::judge_client_metrics_configs(as_stored);
    read_every_value(defaults.overlaid_with(as_stored));
    if (!log::why_illegal_topic_config(overrides, [](std::string_view name) { return defaults.topic_default(name); })) {
        topic_config(defaults, overrides);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    if ((input.byte() & 1) != 0) {
        const base::ByteView overrides = input.take(input.byte());
        as_broker(base::as_text(input.rest()), base::as_text(overrides));
    } else {
        as_topic(base::as_text(input.rest()));
    }
    return 0;
}
