// Controller: IncrementalAlterConfigs and AlterConfigs. A resource changes as a whole or not at all.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cluster/config_rules.h"
#include "cluster/controller.h"
#include "cluster/metadata_version.h"

namespace tideline::cluster {

namespace {

constexpr std::string_view kMinInsyncReplicas = "min.insync.replicas";
// What a ConfigRecord's string may hold, and older readers with it.
constexpr std::size_t kValueBytesMax = 32767;

enum class Operation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

// A key and what it becomes; nullopt: it is deleted.
struct Change {
    std::string name;
    std::optional<std::string> value;
};

struct Outcome {
    ApiError error;
    std::vector<MetadataRecord> records;
};

MetadataRecord record_of(const ConfigResource& resource, const Change& change) {
    protocol::ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(resource.type);
    record.resource_name = resource.name;
    record.name = change.name;
    record.value = change.value;
    return record;
}

// With eligible leader replicas, which replicas may lead hangs on min.insync.replicas of the whole cluster (KIP-966).
ApiError judge_elr(const ConfigResource& resource, const Change& change, const MetadataImage& image) {
    if (change.name != kMinInsyncReplicas || resource.type != ConfigResourceType::broker || image.feature(kElrVersion) == 0) {
        return {};
    }
    if (!resource.name.empty()) {
        return {ErrorCode::invalid_config, "min.insync.replicas cannot be set for one broker while eligible leader replicas are on"};
    }
    if (!change.value) {
        return {ErrorCode::invalid_config, "the cluster-wide min.insync.replicas cannot be removed while eligible leader replicas are on"};
    }
    return {};
}

ConfigMap with_changes(const ConfigMap& before, const std::vector<Change>& changes) {
    ConfigMap after = before;
    for (const Change& change : changes) {
        if (change.value) {
            after[change.name] = *change.value;
        } else {
            after.erase(change.name);
        }
    }
    return after;
}

// What must be judged: brokers' changes one by one, since what lies there already was judged by whoever stored it; all
// others as they will be as a whole.
ConfigMap to_judge(const ConfigResource& resource, const ConfigMap& after, const std::vector<Change>& changes) {
    return resource.type == ConfigResourceType::broker ? with_changes({}, changes) : after;
}

Outcome decide_resource(const ConfigResource& resource, const std::vector<Change>& changes, const MetadataImage& image,
                        const BrokerConfig& config) {
    const ConfigMap& before = image.configs(resource);
    for (const Change& change : changes) {
        if (auto wrong = judge_elr(resource, change, image)) {
            return {wrong, {}};
        }
        if (change.value && change.value->size() > kValueBytesMax) {
            return {{ErrorCode::invalid_config, fmt::format("the value of {} is longer than {} bytes", change.name, kValueBytesMax)}, {}};
        }
    }
    if (auto wrong = judge_configs(resource, to_judge(resource, with_changes(before, changes), changes), config)) {
        return {wrong, {}};
    }
    if (auto wrong = judge_resource_exists(resource, image)) {
        return {wrong, {}};
    }
    Outcome outcome;
    for (const Change& change : changes) {
        auto at = before.find(change.name);
        bool same = change.value ? at != before.end() && at->second == *change.value : at == before.end();
        // A broker's value is written even when it is the same: files it names may have changed.
        if (!same || resource.type == ConfigResourceType::broker) {
            outcome.records.push_back(record_of(resource, change));
        }
    }
    return outcome;
}

// The items of a list as they were written, empty ones left out.
std::vector<std::string> parts_of(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        std::size_t comma = text.find(',');
        if (comma != 0) {
            parts.emplace_back(text.substr(0, comma));
        }
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return parts;
}

std::string changed_list(std::string_view before, std::string_view operand, Operation operation) {
    std::vector<std::string> parts = parts_of(before);
    for (std::string& item : parts_of(operand)) {
        auto at = std::ranges::find(parts, item);
        if (operation == Operation::append && at == parts.end()) {
            parts.push_back(std::move(item));
        } else if (operation == Operation::subtract && at != parts.end()) {
            parts.erase(at);
        }
    }
    return fmt::format("{}", fmt::join(parts, ","));
}

using AlterableConfig = protocol::IncrementalAlterConfigsRequest::AlterableConfig;

std::expected<Change, ApiError> change_of(const ConfigResource& resource, const AlterableConfig& asked, const MetadataImage& image) {
    auto operation = static_cast<Operation>(asked.config_operation);
    switch (operation) {
        case Operation::set:
            return Change{asked.name, asked.value};
        case Operation::remove:
            return Change{asked.name, std::nullopt};
        case Operation::append:
        case Operation::subtract:
            break;
        default:
            return std::unexpected(ApiError{ErrorCode::invalid_request, fmt::format("Unknown operation {}", asked.config_operation)});
    }
    const base::PropertyRow* row = find_property(resource.type, asked.name);
    if (row == nullptr || row->type != base::PropertyType::list) {
        return std::unexpected(ApiError{ErrorCode::invalid_config, fmt::format("{} is not a list; it can be set, not appended to or subtracted from", asked.name)});
    }
    const ConfigMap& configs = image.configs(resource);
    auto at = configs.find(asked.name);
    std::string_view before = at != configs.end() ? std::string_view(at->second) : row->default_value.value_or("");
    return Change{asked.name, changed_list(before, *asked.value, operation)};
}

// What is wrong with the list of keys, before their values are looked at.
template <class Configs, class MayBeNull>
ApiError judge_keys(const Configs& configs, MayBeNull may_be_null) {
    std::set<std::string_view> names;
    for (const auto& config : configs) {
        if (!names.insert(config.name).second) {
            return {ErrorCode::invalid_request, fmt::format("{} is there twice", config.name)};
        }
        if (!config.value && !may_be_null(config)) {
            return {ErrorCode::invalid_request, fmt::format("{} has no value", config.name)};
        }
    }
    return {};
}

template <class Resources>
std::set<ConfigResource> named_twice(const Resources& resources) {
    std::set<ConfigResource> seen;
    std::set<ConfigResource> twice;
    for (const auto& each : resources) {
        ConfigResource resource{static_cast<ConfigResourceType>(each.resource_type), each.resource_name};
        if (!seen.insert(resource).second) {
            twice.insert(resource);
        }
    }
    return twice;
}

// Runs `decide_one(resource, asked)` for every resource of the request and puts answers and records together.
template <class Response, class Request, class DecideOne>
Decision<Response> decide_all(const Request& request, DecideOne decide_one) {
    Decision<Response> decision;
    auto twice = named_twice(request.resources);
    for (const auto& asked : request.resources) {
        ConfigResource resource{static_cast<ConfigResourceType>(asked.resource_type), asked.resource_name};
        Outcome outcome;
        if (twice.contains(resource)) {
            outcome.error = {ErrorCode::invalid_request, "the resource is there more than once"};
        } else {
            outcome = decide_one(resource, asked);
        }
        auto& answer = decision.response.responses.emplace_back();
        answer.error_code = outcome.error.code;
        answer.error_message = outcome.error ? std::optional(outcome.error.message) : std::nullopt;
        answer.resource_type = asked.resource_type;
        answer.resource_name = asked.resource_name;
        std::ranges::move(outcome.records, std::back_inserter(decision.records));
    }
    if (request.validate_only) {
        decision.records.clear();
    }
    return decision;
}

}  // namespace

std::vector<MetadataRecord> elr_clearing_of(std::span<const MetadataRecord> records, const MetadataImage& image) {
    std::vector<MetadataRecord> clearing;
    for (const MetadataRecord& record : records) {
        const auto* config = std::get_if<protocol::ConfigRecord>(&record);
        if (image.feature(kElrVersion) == 0 || config == nullptr || config->name != kMinInsyncReplicas) {
            continue;
        }
        protocol::ClearElrRecord clear;
        if (static_cast<ConfigResourceType>(config->resource_type) == ConfigResourceType::topic) {
            clear.topic_name = config->resource_name;
        }
        clearing.emplace_back(std::move(clear));
    }
    return clearing;
}

Decision<protocol::IncrementalAlterConfigsResponse> Controller::incremental_alter_configs(
    const MetadataImage& image, const protocol::IncrementalAlterConfigsRequest& request) const {
    auto decide_one = [&](const ConfigResource& resource, const auto& asked) -> Outcome {
        auto is_delete = [](const AlterableConfig& config) { return static_cast<Operation>(config.config_operation) == Operation::remove; };
        if (auto wrong = judge_keys(asked.configs, is_delete)) {
            return {wrong, {}};
        }
        if (auto wrong = judge_resource_name(resource, config_.node_id())) {
            return {wrong, {}};
        }
        std::vector<Change> changes;
        for (const AlterableConfig& config : asked.configs) {
            auto change = change_of(resource, config, image);
            if (!change) {
                return {change.error(), {}};
            }
            changes.push_back(std::move(*change));
        }
        return decide_resource(resource, changes, image, config_);
    };
    auto decision = decide_all<protocol::IncrementalAlterConfigsResponse>(request, decide_one);
    std::ranges::move(elr_clearing_of(decision.records, image), std::back_inserter(decision.records));
    return decision;
}

Decision<protocol::AlterConfigsResponse> Controller::alter_configs(const MetadataImage& image,
                                                                   const protocol::AlterConfigsRequest& request) const {
    auto decide_one = [&](const ConfigResource& resource, const auto& asked) -> Outcome {
        if (auto wrong = judge_keys(asked.configs, [](const auto&) { return false; })) {
            return {wrong, {}};
        }
        if (auto wrong = judge_resource_name(resource, config_.node_id())) {
            return {wrong, {}};
        }
        std::vector<Change> changes;
        std::set<std::string_view> named;
        for (const auto& config : asked.configs) {
            changes.push_back({config.name, config.value});
            named.insert(config.name);
        }
        for (const auto& [name, value] : image.configs(resource)) {
            if (!named.contains(name)) {
                changes.push_back({name, std::nullopt});
            }
        }
        return decide_resource(resource, changes, image, config_);
    };
    auto decision = decide_all<protocol::AlterConfigsResponse>(request, decide_one);
    std::ranges::move(elr_clearing_of(decision.records, image), std::back_inserter(decision.records));
    return decision;
}

}  // namespace tideline::cluster
