// Controller: the request by which a broker creates topics that somebody asked for.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/controller.h"

namespace tideline::cluster {

namespace {

// Kafka's own topics: where their partitions, replicas and segment size come from, and what else they need.
struct InternalTopic {
    std::string_view name;
    std::string_view prefix;
    std::string_view compression;
    bool is_compacted;
    bool has_min_isr;
};

constexpr InternalTopic kInternalTopics[] = {
    {"__consumer_offsets", "offsets.topic.", "producer", true, false},
    {"__share_group_state", "share.coordinator.state.topic.", "producer", false, true},
    {"__transaction_state", "transaction.state.log.", "uncompressed", true, true},
};

// The defaults are for clusters of three and more, and one node could never fulfil them; a value that was set counts.
std::int64_t replicas_of(const BrokerConfig& config, const std::string& property) {
    return config.set_value(property) ? config.integer(property) : 1;
}

}  // namespace

protocol::CreateTopicsRequest Controller::auto_creation_of(std::span<const std::string> names) const {
    protocol::CreateTopicsRequest request;
    for (const std::string& name : names) {
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        topic.num_partitions = -1;
        topic.replication_factor = -1;
        auto internal = std::ranges::find(kInternalTopics, name, &InternalTopic::name);
        if (internal == std::end(kInternalTopics)) {
            continue;
        }
        auto property = [&](std::string_view what) { return fmt::format("{}{}", internal->prefix, what); };
        topic.num_partitions = static_cast<std::int32_t>(config_.integer(property("num.partitions")));
        topic.replication_factor = static_cast<std::int16_t>(replicas_of(config_, property("replication.factor")));
        topic.configs.push_back({"cleanup.policy", internal->is_compacted ? "compact" : "delete"});
        topic.configs.push_back({"compression.type", std::string(internal->compression)});
        topic.configs.push_back({"segment.bytes", std::to_string(config_.integer(property("segment.bytes")))});
        if (internal->has_min_isr) {
            topic.configs.push_back({"min.insync.replicas", std::to_string(replicas_of(config_, property("min.isr")))});
        }
        if (!internal->is_compacted) {
            topic.configs.push_back({"retention.ms", "-1"});
        }
    }
    return request;
}

}  // namespace tideline::cluster
