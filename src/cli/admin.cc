#include "cli/admin.h"

#include <fmt/format.h>

#include "base/result.h"
#include "cli/admin_request.h"

namespace tideline::cli {
namespace {

using admin_request::ask;
using admin_request::Deleter;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Deleter<rd_kafka_NewTopic_destroy>>;
using DeleteTopic = std::unique_ptr<rd_kafka_DeleteTopic_t, Deleter<rd_kafka_DeleteTopic_destroy>>;
using NewPartitions = std::unique_ptr<rd_kafka_NewPartitions_t, Deleter<rd_kafka_NewPartitions_destroy>>;
using ConfigResource = std::unique_ptr<rd_kafka_ConfigResource_t, Deleter<rd_kafka_ConfigResource_destroy>>;

std::vector<TopicResult> results_of(const rd_kafka_topic_result_t** raw, std::size_t count) {
    std::vector<TopicResult> results;
    for (std::size_t i = 0; i < count; ++i) {
        const char* says = rd_kafka_topic_result_error_string(raw[i]);
        results.push_back({rd_kafka_topic_result_name(raw[i]), rd_kafka_topic_result_error(raw[i]),
                           says == nullptr ? "" : says});
    }
    return results;
}

Outcome<> only_result(const KafkaClient& client, const std::vector<TopicResult>& results, std::string_view doing) {
    for (const TopicResult& result : results) {
        if (result.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return std::unexpected(client.failure(result.error, doing, result.broker_says));
        }
    }
    return {};
}

Outcome<> first_resource_error(const KafkaClient& client, const rd_kafka_ConfigResource_t** resources,
                               std::size_t count, std::string_view doing) {
    for (std::size_t i = 0; i < count; ++i) {
        if (auto error = rd_kafka_ConfigResource_error(resources[i]); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            const char* says = rd_kafka_ConfigResource_error_string(resources[i]);
            return std::unexpected(client.failure(error, doing, says == nullptr ? "" : says));
        }
    }
    return {};
}

}  // namespace

Outcome<> Admin::create_topic(const std::string& topic, int partitions, int replication_factor,
                              const std::vector<KeyValue>& configs) {
    std::string doing = fmt::format("create topic '{}'", topic);
    char why[256];
    NewTopic wanted(rd_kafka_NewTopic_new(topic.c_str(), partitions, replication_factor, why, sizeof why));
    if (!wanted) {
        return usage_failure(fmt::format("cannot {}: {}", doing, why));
    }
    for (const auto& [key, value] : configs) {
        rd_kafka_NewTopic_set_config(wanted.get(), key.c_str(), value.c_str());
    }
    rd_kafka_NewTopic_t* raw = wanted.get();
    TL_TRY(event, ask(client_, RD_KAFKA_ADMIN_OP_CREATETOPICS, true, doing, [&](auto* options, auto* queue) {
               rd_kafka_CreateTopics(client_.handle(), &raw, 1, options, queue);
           }));
    std::size_t count = 0;
    const auto** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
    return only_result(client_, results_of(results, count), doing);
}

Outcome<std::vector<TopicResult>> Admin::delete_topics(const std::vector<std::string>& topics) {
    std::vector<DeleteTopic> wanted;
    std::vector<rd_kafka_DeleteTopic_t*> raw;
    for (const std::string& topic : topics) {
        wanted.emplace_back(rd_kafka_DeleteTopic_new(topic.c_str()));
        raw.push_back(wanted.back().get());
    }
    TL_TRY(event,
           ask(client_, RD_KAFKA_ADMIN_OP_DELETETOPICS, true, "delete topics", [&](auto* options, auto* queue) {
               rd_kafka_DeleteTopics(client_.handle(), raw.data(), raw.size(), options, queue);
           }));
    std::size_t count = 0;
    const auto** results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
    return results_of(results, count);
}

Outcome<> Admin::set_partition_count(const std::string& topic, int total) {
    std::string doing = fmt::format("give topic '{}' {} partitions", topic, total);
    char why[256];
    NewPartitions wanted(
        rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(total), why, sizeof why));
    if (!wanted) {
        return usage_failure(fmt::format("cannot {}: {}", doing, why));
    }
    rd_kafka_NewPartitions_t* raw = wanted.get();
    TL_TRY(event, ask(client_, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, true, doing, [&](auto* options, auto* queue) {
               rd_kafka_CreatePartitions(client_.handle(), &raw, 1, options, queue);
           }));
    std::size_t count = 0;
    const auto** results =
        rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event.get()), &count);
    return only_result(client_, results_of(results, count), doing);
}

Outcome<std::vector<ConfigEntry>> Admin::topic_configs(const std::string& topic) {
    std::string doing = fmt::format("read the configuration of topic '{}'", topic);
    ConfigResource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    rd_kafka_ConfigResource_t* raw = resource.get();
    TL_TRY(event, ask(client_, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, false, doing, [&](auto* options, auto* queue) {
               rd_kafka_DescribeConfigs(client_.handle(), &raw, 1, options, queue);
           }));
    std::size_t count = 0;
    const auto** resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
    TL_TRY_VOID(first_resource_error(client_, resources, count, doing));
    std::vector<ConfigEntry> configs;
    for (std::size_t i = 0; i < count; ++i) {
        std::size_t entries_count = 0;
        const auto** entries = rd_kafka_ConfigResource_configs(resources[i], &entries_count);
        for (std::size_t j = 0; j < entries_count; ++j) {
            const char* value = rd_kafka_ConfigEntry_value(entries[j]);
            rd_kafka_ConfigSource_t source = rd_kafka_ConfigEntry_source(entries[j]);
            configs.push_back({rd_kafka_ConfigEntry_name(entries[j]), value == nullptr ? "" : value,
                               rd_kafka_ConfigSource_name(source),
                               source == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG,
                               rd_kafka_ConfigEntry_is_sensitive(entries[j]) == 1});
        }
    }
    std::ranges::sort(configs, {}, &ConfigEntry::name);
    return configs;
}

Outcome<> Admin::replace_topic_configs(const std::string& topic, const std::vector<KeyValue>& configs) {
    std::string doing = fmt::format("change the configuration of topic '{}'", topic);
    ConfigResource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    for (const auto& [key, value] : configs) {
        rd_kafka_ConfigResource_set_config(resource.get(), key.c_str(), value.c_str());
    }
    rd_kafka_ConfigResource_t* raw = resource.get();
    TL_TRY(event, ask(client_, RD_KAFKA_ADMIN_OP_ALTERCONFIGS, false, doing, [&](auto* options, auto* queue) {
               rd_kafka_AlterConfigs(client_.handle(), &raw, 1, options, queue);
           }));
    std::size_t count = 0;
    const auto** resources =
        rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event.get()), &count);
    return first_resource_error(client_, resources, count, doing);
}

}  // namespace tideline::cli
