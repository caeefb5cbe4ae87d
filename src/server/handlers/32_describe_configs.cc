// server/handlers/32_describe_configs.cc: DescribeConfigs, versions 1–4.
// v1 source and synonyms (KIP-226)   v3 type and documentation (KIP-569)   v4 flexible

#include <charconv>
#include <set>

#include "cluster/config_rules.h"
#include "cluster/controller.h"
#include "log/log_config.h"
#include "server/broker.h"
#include "server/handlers/handlers.h"
#include "server/row_memory.h"

namespace tideline::server {

using protocol::DescribeConfigsRequest;
using protocol::DescribeConfigsResponse;
using runtime::Task;

namespace {

using Result = DescribeConfigsResponse::DescribeConfigsResult;
using Entry = DescribeConfigsResponse::DescribeConfigsResourceResult;
using Synonym = DescribeConfigsResponse::DescribeConfigsSynonym;

// Where a value comes from, as the protocol numbers it; the most specific first.
enum Source : std::int8_t { kTopic = 1, kDynamicBroker = 2, kDynamicDefault = 3, kStatic = 4, kDefault = 5, kClientMetrics = 7, kGroup = 8 };

struct Describing {
    const cluster::MetadataImage& image;
    const cluster::BrokerConfig& static_config;
    std::int32_t node_id;
    const DescribeConfigsRequest& request;
};

std::optional<std::string> to_text(std::optional<std::string_view> value) {
    return value ? std::optional<std::string>(*value) : std::nullopt;
}

// The values that would be in effect one after the other if the ones before were taken away.
void add_broker_synonyms(const Describing& describing, std::string_view name, std::vector<Synonym>& synonyms) {
    auto add_dynamic = [&](const cluster::ConfigMap& configs, Source source) {
        if (auto found = configs.find(name); found != configs.end()) {
            synonyms.push_back({std::string(name), found->second, source});
        }
    };
    add_dynamic(describing.image.broker_configs(describing.node_id), kDynamicBroker);
    add_dynamic(describing.image.cluster_configs(), kDynamicDefault);
    if (auto set = describing.static_config.set_value(name)) {
        synonyms.push_back({std::string(name), std::string(*set), kStatic});
    }
}

Entry make_entry(const Describing& describing, const base::PropertyRow& row, std::vector<Synonym> synonyms, bool read_only) {
    Entry entry;
    entry.name = std::string(row.name);
    entry.read_only = read_only;
    entry.is_sensitive = row.type == base::PropertyType::password;
    entry.config_type = static_cast<std::int8_t>(row.type);
    entry.config_source = synonyms.empty() ? static_cast<std::int8_t>(kDefault) : synonyms.front().source;
    entry.value = synonyms.empty() ? to_text(row.default_value) : synonyms.front().value;
    if (entry.is_sensitive) {
        entry.value = std::nullopt;
        for (Synonym& each : synonyms) {
            each.value = std::nullopt;
        }
    }
    if (describing.request.include_synonyms) {
        entry.synonyms = std::move(synonyms);
    }
    entry.documentation = describing.request.include_documentation ? to_text(row.description) : std::nullopt;
    return entry;
}

bool is_wanted(const DescribeConfigsRequest::DescribeConfigsResource& resource, std::string_view name) {
    return !resource.configuration_keys || resource.configuration_keys->empty() ||
           std::ranges::find(*resource.configuration_keys, name) != resource.configuration_keys->end();
}

void refuse(Result& result, ErrorCode error, std::string message) {
    result.error_code = error;
    result.error_message = std::move(message);
}

void describe_topic(const Describing& describing, const DescribeConfigsRequest::DescribeConfigsResource& resource, Result& result) {
    if (auto why = cluster::why_illegal_topic_name(resource.resource_name)) {
        return refuse(result, ErrorCode::invalid_topic_exception, *why);
    }
    if (describing.image.topic(resource.resource_name) == nullptr) {
        return refuse(result, ErrorCode::unknown_topic_or_partition, "no such topic");
    }
    const cluster::ConfigMap& overrides = describing.image.topic_configs(resource.resource_name);
    cluster::BrokerConfig effective = describing.static_config.overlaid_with(describing.image.cluster_configs())
                                          .overlaid_with(describing.image.broker_configs(describing.node_id));
    for (const base::PropertyRow& row : log::topic_properties()) {
        if (!is_wanted(resource, row.name)) {
            continue;
        }
        std::vector<Synonym> synonyms;
        if (auto found = overrides.find(row.name); found != overrides.end()) {
            synonyms.push_back({std::string(row.name), found->second, kTopic});
        }
        if (!row.broker_synonym.empty()) {
            add_broker_synonyms(describing, row.broker_synonym, synonyms);
        }
        std::optional<std::string> inherited = effective.topic_default(row.name);
        bool is_default = inherited == to_text(row.default_value);
        if (synonyms.empty() && !is_default) {
            // Set by a synonym of another unit (log.retention.hours for retention.ms).
            synonyms.push_back({std::string(row.broker_synonym), inherited, kStatic});
        }
        const cluster::BrokerProperty* synonym = cluster::find_broker_property(row.broker_synonym);
        if (synonym != nullptr && synonym->row.default_value) {
            // Some synonyms have no default: log.retention.ms leaves it to log.retention.hours.
            synonyms.push_back({std::string(row.broker_synonym), to_text(synonym->row.default_value), kDefault});
        }
        result.configs.push_back(make_entry(describing, row, std::move(synonyms), false));
    }
}

// Properties that no file can set, as throttles: only what was set.
void add_run_time_only(const Describing& describing, const DescribeConfigsRequest::DescribeConfigsResource& resource, Result& result) {
    std::set<std::string_view> names;
    for (const cluster::ConfigMap* configs : {&describing.image.broker_configs(describing.node_id), &describing.image.cluster_configs()}) {
        for (const auto& [name, value] : *configs) {
            names.insert(name);
        }
    }
    for (std::string_view name : names) {
        const base::PropertyRow* row = cluster::find_property(cluster::ConfigResourceType::broker, name);
        if (row != nullptr && cluster::find_broker_property(name) == nullptr && is_wanted(resource, name)) {
            std::vector<Synonym> synonyms;
            add_broker_synonyms(describing, name, synonyms);
            result.configs.push_back(make_entry(describing, *row, std::move(synonyms), false));
        }
    }
}

void describe_broker(const Describing& describing, const DescribeConfigsRequest::DescribeConfigsResource& resource, Result& result) {
    if (resource.resource_name.empty()) {
        // The cluster-wide defaults: only what was set.
        for (const auto& [name, value] : describing.image.cluster_configs()) {
            const base::PropertyRow* row = cluster::find_property(cluster::ConfigResourceType::broker, name);
            if (row != nullptr && is_wanted(resource, name)) {
                result.configs.push_back(make_entry(describing, *row, {{name, value, kDynamicDefault}}, false));
            }
        }
        return;
    }
    std::int32_t id = -1;
    const std::string& name = resource.resource_name;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc() || end != name.data() + name.size() || id != describing.node_id) {
        return refuse(result, ErrorCode::invalid_request,
                      "broker configurations are described by the broker itself: ask for " + std::to_string(describing.node_id));
    }
    for (const cluster::BrokerProperty& property : cluster::broker_properties()) {
        if (!is_wanted(resource, property.row.name)) {
            continue;
        }
        std::vector<Synonym> synonyms;
        add_broker_synonyms(describing, property.row.name, synonyms);
        if (property.row.default_value) {
            synonyms.push_back({std::string(property.row.name), to_text(property.row.default_value), kDefault});
        }
        bool read_only = property.row.update == base::PropertyUpdate::read_only;
        result.configs.push_back(make_entry(describing, property.row, std::move(synonyms), read_only));
    }
    add_run_time_only(describing, resource, result);
}

// A group or a subscription of client metrics need not exist: what is set for its name counts when it comes.
void describe_named(const Describing& describing, const DescribeConfigsRequest::DescribeConfigsResource& resource, Source source,
                    std::span<const base::PropertyRow> rows, Result& result) {
    if (resource.resource_name.empty()) {
        return refuse(result, ErrorCode::invalid_request, "the resource needs a name");
    }
    auto type = static_cast<cluster::ConfigResourceType>(resource.resource_type);
    const cluster::ConfigMap& overrides = describing.image.configs({type, resource.resource_name});
    for (const base::PropertyRow& row : rows) {
        if (!is_wanted(resource, row.name)) {
            continue;
        }
        std::vector<Synonym> synonyms;
        if (auto found = overrides.find(row.name); found != overrides.end()) {
            synonyms.push_back({std::string(row.name), found->second, source});
        } else if (source == kGroup) {
            auto inherited = row.broker_synonym.empty() ? row.default_value : describing.static_config.value(row.broker_synonym);
            synonyms.push_back({std::string(row.name), to_text(inherited), kDefault});
        }
        result.configs.push_back(make_entry(describing, row, std::move(synonyms), false));
    }
}

}  // namespace

Task<DescribeConfigsResponse> handle_describe_configs(RequestContext& context, DescribeConfigsRequest& request) {
    cluster::ImagePtr image = context.server.image();
    Broker& broker = context.server.broker();
    Describing describing{*image, broker.static_config(), broker.node_id(), request};
    DescribeConfigsResponse response;
    for (const auto& resource : request.resources) {
        Result& result = response.results.emplace_back();
        result.resource_type = resource.resource_type;
        result.resource_name = resource.resource_name;
        // Kafka's word for "no error" is an empty message here, which is the field's default.
        switch (static_cast<cluster::ConfigResourceType>(resource.resource_type)) {
            case cluster::ConfigResourceType::topic:
                describe_topic(describing, resource, result);
                break;
            case cluster::ConfigResourceType::broker:
                describe_broker(describing, resource, result);
                break;
            case cluster::ConfigResourceType::group:
                describe_named(describing, resource, kGroup, cluster::group_properties(), result);
                break;
            case cluster::ConfigResourceType::client_metrics:
                describe_named(describing, resource, kClientMetrics, cluster::client_metrics_properties(), result);
                break;
            default:
                refuse(result, ErrorCode::invalid_request, "resources of this type have no configuration here");
        }
        bool has_memory = co_await take_for_row(context, result);
        if (!has_memory) {
            co_return DescribeConfigsResponse{};
        }
    }
    co_return response;
}

}  // namespace tideline::server
