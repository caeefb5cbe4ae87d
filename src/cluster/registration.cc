#include "cluster/registration.h"

#include <algorithm>

#include "cluster/metadata_version.h"

namespace tideline::cluster {

namespace {

constexpr std::int16_t kControllerRegistration = 15;  // 3.7-IV0, KIP-919

bool enables_elr(const std::vector<MetadataRecord>& records) {
    return std::ranges::any_of(records, [](const MetadataRecord& record) {
        const auto* feature = std::get_if<protocol::FeatureLevelRecord>(&record);
        return feature != nullptr && feature->name == kElrVersion && feature->feature_level > 0;
    });
}

template <class Entry, class Target>
void put_endpoints(const std::vector<Endpoint>& endpoints, Target& target) {
    for (const Endpoint& endpoint : endpoints) {
        target.push_back(Entry{endpoint.listener, endpoint.host, endpoint.port, endpoint.security_protocol});
    }
}

template <class Entry, class Target>
void put_features(Target& target) {
    for (const SupportedFeature& feature : supported_features()) {
        target.push_back(Entry{std::string(feature.name), feature.range.min, feature.range.max});
    }
}

bool contains(const std::vector<std::int32_t>& brokers, std::int32_t broker) {
    return std::ranges::find(brokers, broker) != brokers.end();
}

// The change that makes `node` lead the partition, or nullopt when it leads it as it is or may not.
std::optional<protocol::PartitionChangeRecord> lead(const PartitionState& state, std::int32_t node, bool keep_epoch) {
    bool leads = state.leader == node && state.isr == std::vector{node} && state.leader_recovery_state == 0;
    bool may_lead = state.has_replica(node) && (contains(state.isr, node) || contains(state.eligible_leader_replicas, node) ||
                                                contains(state.last_known_elr, node));
    if ((leads && keep_epoch) || !may_lead) {
        return std::nullopt;
    }
    protocol::PartitionChangeRecord change;
    change.leader = node;
    if (state.isr != std::vector{node}) {
        change.isr = std::vector{node};
    }
    if (state.leader_recovery_state != 0) {
        change.leader_recovery_state = 0;
    }
    if (!state.eligible_leader_replicas.empty()) {
        change.eligible_leader_replicas.emplace();
    }
    if (!state.last_known_elr.empty()) {
        change.last_known_elr.emplace();
    }
    return change;
}

}  // namespace

std::vector<MetadataRecord> bootstrap_records(const std::vector<MetadataRecord>& bootstrap, std::int32_t min_insync_replicas) {
    protocol::BeginTransactionRecord begin;
    begin.name = "Bootstrap records";
    std::vector<MetadataRecord> records{begin};
    records.insert(records.end(), bootstrap.begin(), bootstrap.end());
    if (enables_elr(bootstrap)) {
        protocol::ConfigRecord config;
        config.resource_type = static_cast<std::int8_t>(ConfigResourceType::broker);
        config.name = "min.insync.replicas";
        config.value = std::to_string(min_insync_replicas);
        records.emplace_back(std::move(config));
    }
    records.emplace_back(protocol::EndTransactionRecord{});
    return records;
}

std::int16_t metadata_version_after(const MetadataImage& image, const std::vector<MetadataRecord>& records) {
    std::int16_t version = image.feature(kMetadataVersion);
    for (const MetadataRecord& record : records) {
        const auto* feature = std::get_if<protocol::FeatureLevelRecord>(&record);
        if (feature != nullptr && feature->name == kMetadataVersion) {
            version = feature->feature_level;
        }
    }
    return version;
}

Registration registration_of(const NodeDescription& node, std::int16_t metadata_version, std::int64_t first_offset) {
    Registration registration;
    if (metadata_version >= kControllerRegistration) {
        protocol::RegisterControllerRecord controller;
        controller.controller_id = node.node_id;
        controller.incarnation_id = node.incarnation_id;
        put_endpoints<protocol::RegisterControllerRecord::ControllerEndpoint>(node.controller_endpoints, controller.end_points);
        put_features<protocol::RegisterControllerRecord::ControllerFeature>(controller.features);
        registration.records.emplace_back(std::move(controller));
    }
    registration.broker_epoch = first_offset + static_cast<std::int64_t>(registration.records.size());
    protocol::RegisterBrokerRecord broker;
    broker.broker_id = node.node_id;
    broker.incarnation_id = node.incarnation_id;
    broker.broker_epoch = registration.broker_epoch;
    put_endpoints<protocol::RegisterBrokerRecord::BrokerEndpoint>(node.endpoints, broker.end_points);
    put_features<protocol::RegisterBrokerRecord::BrokerFeature>(broker.features);
    broker.rack = node.rack;
    broker.log_dirs = node.log_directories;
    std::ranges::sort(broker.log_dirs);
    registration.records.emplace_back(std::move(broker));

    protocol::BrokerRegistrationChangeRecord unfence;
    unfence.broker_id = node.node_id;
    unfence.broker_epoch = registration.broker_epoch;
    unfence.fenced = -1;
    registration.records.emplace_back(std::move(unfence));
    return registration;
}

std::vector<MetadataRecord> leader_changes(const MetadataImage& image, std::int32_t node_id, bool clean_shutdown) {
    std::vector<MetadataRecord> records;
    for (const auto& topic : image.topics()) {
        for (std::int32_t index = 0; index < topic->partition_count(); ++index) {
            const PartitionState* state = topic->partition(index);
            if (state == nullptr) {
                continue;
            }
            if (auto change = lead(*state, node_id, clean_shutdown)) {
                change->topic_id = topic->id;
                change->partition_id = index;
                records.emplace_back(std::move(*change));
            }
        }
    }
    return records;
}

MetadataRecord fencing_of(std::int32_t node_id, std::int64_t broker_epoch) {
    protocol::BrokerRegistrationChangeRecord fence;
    fence.broker_id = node_id;
    fence.broker_epoch = broker_epoch;
    fence.fenced = 1;
    return fence;
}

}  // namespace tideline::cluster
