// Controller: CreateTopics.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cluster/config_rules.h"
#include "cluster/controller.h"
#include "cluster/effective_config.h"
#include "cluster/metadata_replay.h"
#include "cluster/placement.h"

namespace tideline::cluster {

namespace {

using protocol::CreateTopicsRequest;
using protocol::CreateTopicsResponse;
using CreatableTopic = CreateTopicsRequest::CreatableTopic;
using TopicResult = CreateTopicsResponse::CreatableTopicResult;
using NewPartitions = std::vector<NewPartition>;

constexpr std::string_view kClusterMetadataTopic = "__cluster_metadata";
// Kafka's bound on the records of one request.
constexpr std::size_t kRecordsPerRequestMax = 10'000;
constexpr std::size_t kTopicNameBytesMax = 249;

std::int64_t partitions_asked(const CreatableTopic& topic, std::int64_t by_default) {
    if (!topic.assignments.empty()) {
        return static_cast<std::int64_t>(topic.assignments.size());
    }
    return topic.num_partitions == -1 ? by_default : std::max(topic.num_partitions, 0);
}

ApiError judge_name(const std::string& name, const MetadataImage& image) {
    if (image.topic(name) != nullptr) {
        return {ErrorCode::topic_already_exists, fmt::format("Topic '{}' already exists.", name)};
    }
    if (auto why = why_illegal_topic_name(name)) {
        return {ErrorCode::invalid_topic_exception, std::move(*why)};
    }
    if (const TopicImage* other = image.topic_colliding_with(name)) {
        return {ErrorCode::invalid_topic_exception,
                fmt::format("Topic '{}' collides with existing topic '{}': metrics cannot tell '.' from '_'", name, other->name)};
    }
    return {};
}

std::expected<ConfigMap, ApiError> configs_of(const CreatableTopic& topic, const BrokerConfig& config) {
    ConfigMap configs;
    std::vector<std::string> without_value;
    for (const auto& each : topic.configs) {
        if (each.value) {
            configs[each.name] = *each.value;
        } else {
            without_value.push_back(each.name);
        }
    }
    if (!without_value.empty()) {
        return std::unexpected(ApiError{ErrorCode::invalid_config, fmt::format("no value is given for {}", fmt::join(without_value, ", "))});
    }
    if (auto wrong = judge_topic_configs(configs, config)) {
        return std::unexpected(wrong);
    }
    return configs;
}

std::expected<NewPartitions, ApiError> place_by_hand(const CreatableTopic& topic, const MetadataImage& image) {
    if (topic.replication_factor != -1 || topic.num_partitions != -1) {
        return std::unexpected(ApiError{ErrorCode::invalid_request,
                                        "with an assignment of replicas, partitions and replication factor must be -1"});
    }
    std::map<std::int32_t, NewPartition> by_index;
    std::optional<std::size_t> replication_factor;
    for (const auto& assignment : topic.assignments) {
        if (by_index.contains(assignment.partition_index)) {
            return std::unexpected(ApiError{ErrorCode::invalid_replica_assignment,
                                            fmt::format("partition {} is assigned twice", assignment.partition_index)});
        }
        auto placed = place_on(image, assignment.broker_ids, replication_factor, assignment.partition_index);
        if (!placed) {
            return std::unexpected(placed.error());
        }
        replication_factor = assignment.broker_ids.size();
        by_index.emplace(assignment.partition_index, std::move(*placed));
    }
    NewPartitions partitions;
    for (auto& [index, partition] : by_index) {
        if (index != static_cast<std::int32_t>(partitions.size())) {
            return std::unexpected(ApiError{ErrorCode::invalid_replica_assignment, "partitions must be numbered from 0 without a gap"});
        }
        partitions.push_back(std::move(partition));
    }
    return partitions;
}

std::expected<NewPartitions, ApiError> place_topic(const CreatableTopic& topic, const MetadataImage& image, const BrokerConfig& config,
                                                   std::uint64_t random) {
    if (!topic.assignments.empty()) {
        return place_by_hand(topic, image);
    }
    if (topic.replication_factor < -1 || topic.replication_factor == 0) {
        return std::unexpected(
            ApiError{ErrorCode::invalid_replication_factor, "the replication factor must be at least 1, or -1 for the default"});
    }
    if (topic.num_partitions < -1 || topic.num_partitions == 0) {
        return std::unexpected(ApiError{ErrorCode::invalid_partitions, "there must be at least 1 partition, or -1 for the default"});
    }
    auto number = [&](std::int32_t asked, std::string_view by_default) {
        return asked == -1 ? static_cast<std::int32_t>(config.integer(by_default)) : asked;
    };
    return place(image, number(topic.num_partitions, "num.partitions"), number(topic.replication_factor, "default.replication.factor"), random);
}

// In Kafka's order: the topic, its configuration, its partitions.
std::vector<MetadataRecord> records_of(const std::string& name, const Uuid& id, const ConfigMap& configs,
                                       const NewPartitions& partitions, const MetadataImage& image) {
    std::vector<MetadataRecord> records;
    protocol::TopicRecord topic;
    topic.name = name;
    topic.topic_id = id;
    records.emplace_back(std::move(topic));
    for (const auto& [key, value] : configs) {
        protocol::ConfigRecord config;
        config.resource_type = static_cast<std::int8_t>(ConfigResourceType::topic);
        config.resource_name = name;
        config.name = key;
        config.value = value;
        records.emplace_back(std::move(config));
    }
    std::ranges::move(elr_clearing_of(records, image), std::back_inserter(records));
    for (std::size_t index = 0; index < partitions.size(); ++index) {
        records.emplace_back(partition_record_of(id, static_cast<std::int32_t>(index), partitions[index]));
    }
    return records;
}

void describe(TopicResult& result, const NewPartitions& partitions, const std::vector<EffectiveConfig>& configs) {
    result.num_partitions = static_cast<std::int32_t>(partitions.size());
    result.replication_factor = static_cast<std::int16_t>(partitions.front().replicas.size());
    result.configs.emplace();
    for (const EffectiveConfig& config : configs) {
        auto& entry = result.configs->emplace_back();
        entry.name = config.row->name;
        entry.value = config.value;
        entry.config_source = static_cast<std::int8_t>(config.source);
    }
}

TopicResult refused(const std::string& name, const ApiError& error) {
    TopicResult result;
    result.name = name;
    result.error_code = error.code;
    result.error_message = error.message;
    return result;
}

Decision<CreateTopicsResponse> refuse_all(const CreateTopicsRequest& request, const ApiError& error) {
    Decision<CreateTopicsResponse> decision;
    for (const CreatableTopic& topic : request.topics) {
        decision.response.topics.push_back(refused(topic.name, error));
    }
    return decision;
}

}  // namespace

std::optional<std::string> why_illegal_topic_name(std::string_view name) {
    auto is_legal = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    };
    if (name.empty() || name == "." || name == "..") {
        return fmt::format("Topic name is invalid: '{}' cannot name a topic", name);
    }
    if (name.size() > kTopicNameBytesMax) {
        return fmt::format("Topic name is invalid: it has {} characters, more than {}", name.size(), kTopicNameBytesMax);
    }
    if (!std::ranges::all_of(name, is_legal)) {
        return std::string("Topic name is invalid: only letters and digits of ASCII, '.', '_' and '-' are allowed");
    }
    return std::nullopt;
}

Controller::Controller(const BrokerConfig& config, std::function<std::uint64_t()> next_random)
    : config_(config), next_random_(std::move(next_random)) {}

Decision<CreateTopicsResponse> Controller::create_topics(const MetadataImage& image, const CreateTopicsRequest& request) const {
    std::int64_t total = 0;
    std::set<std::string> seen;
    std::set<std::string> twice;
    for (const CreatableTopic& topic : request.topics) {
        total += partitions_asked(topic, config_.integer("num.partitions"));
        if (!seen.insert(topic.name).second) {
            twice.insert(topic.name);
        }
    }
    if (total > kPartitionsPerRequestMax) {
        return refuse_all(request, {ErrorCode::policy_violation, "too many partitions for one request"});
    }
    Decision<CreateTopicsResponse> decision;
    auto& results = decision.response.topics;
    for (const CreatableTopic& topic : request.topics) {
        if (twice.contains(topic.name) || topic.name == kClusterMetadataTopic) {
            continue;  // answered below, once each
        }
        if (auto wrong = judge_name(topic.name, image)) {
            results.push_back(refused(topic.name, wrong));
            continue;
        }
        auto configs = configs_of(topic, config_);
        auto partitions = configs ? place_topic(topic, image, config_, next_random_()) : std::unexpected(configs.error());
        if (!partitions) {
            results.push_back(refused(topic.name, partitions.error()));
            continue;
        }
        TopicResult result;
        result.name = topic.name;
        result.topic_id = base::make_uuid(next_random_);
        result.error_message = std::nullopt;
        describe(result, *partitions, effective_topic_configs(image, config_, *configs));
        std::ranges::move(records_of(topic.name, result.topic_id, *configs, *partitions, image), std::back_inserter(decision.records));
        results.push_back(std::move(result));
    }
    if (decision.records.size() > kRecordsPerRequestMax) {
        return refuse_all(request, {ErrorCode::policy_violation, "too many changes for one request"});
    }
    for (const std::string& name : twice) {
        results.push_back(refused(name, {ErrorCode::invalid_request, "the topic is there more than once"}));
    }
    if (seen.contains(std::string(kClusterMetadataTopic)) && !twice.contains(std::string(kClusterMetadataTopic))) {
        results.push_back(refused(std::string(kClusterMetadataTopic), {ErrorCode::invalid_request, "the metadata log is not a topic to create"}));
    }
    if (request.validate_only) {
        decision.records.clear();
    }
    return decision;
}

}  // namespace tideline::cluster
