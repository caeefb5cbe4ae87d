// snapshot_records(): an image as records. Features come first, because the version of every later record hangs on
// metadata.version; then Kafka's own order: nodes, topics, configurations, quotas, producer ids, ACLs, credentials.
#include "cluster/metadata_replay.h"

namespace tideline::cluster {

namespace {

using Records = std::vector<MetadataRecord>;

template <class Entry, class Target>
void put_endpoints(const std::vector<Endpoint>& endpoints, Target& target) {
    for (const Endpoint& endpoint : endpoints) {
        target.push_back(Entry{endpoint.listener, endpoint.host, endpoint.port, endpoint.security_protocol});
    }
}

template <class Entry, class Target>
void put_features(const FeatureRanges& features, Target& target) {
    for (const auto& [name, range] : features) {
        target.push_back(Entry{name, range.min, range.max});
    }
}

void put_features(const MetadataImage& image, Records& out) {
    auto put = [&](const std::string& name, std::int16_t level) {
        protocol::FeatureLevelRecord record;
        record.name = name;
        record.feature_level = level;
        out.emplace_back(std::move(record));
    };
    if (std::int16_t level = image.feature("metadata.version"); level != 0) {
        put("metadata.version", level);
    }
    for (const auto& [name, level] : image.features()) {
        if (name != "metadata.version") {
            put(name, level);
        }
    }
}

void put_nodes(const MetadataImage& image, Records& out) {
    for (const auto& [id, broker] : image.brokers()) {
        protocol::RegisterBrokerRecord record;
        record.broker_id = id;
        record.incarnation_id = broker.incarnation_id;
        record.broker_epoch = broker.epoch;
        put_endpoints<protocol::RegisterBrokerRecord::BrokerEndpoint>(broker.endpoints, record.end_points);
        put_features<protocol::RegisterBrokerRecord::BrokerFeature>(broker.features, record.features);
        record.rack = broker.rack;
        record.fenced = broker.fenced;
        record.in_controlled_shutdown = broker.in_controlled_shutdown;
        record.log_dirs = broker.directories;
        out.emplace_back(std::move(record));
    }
    for (const auto& [id, controller] : image.controllers()) {
        protocol::RegisterControllerRecord record;
        record.controller_id = id;
        record.incarnation_id = controller.incarnation_id;
        record.zk_migration_ready = controller.zk_migration_ready;
        put_endpoints<protocol::RegisterControllerRecord::ControllerEndpoint>(controller.endpoints, record.end_points);
        put_features<protocol::RegisterControllerRecord::ControllerFeature>(controller.features, record.features);
        out.emplace_back(std::move(record));
    }
}

void put_topics(const MetadataImage& image, Records& out) {
    for (const auto& topic : image.topics()) {
        protocol::TopicRecord record;
        record.name = topic->name;
        record.topic_id = topic->id;
        out.emplace_back(std::move(record));
        for (std::int32_t index = 0; index < topic->partition_count(); ++index) {
            if (const PartitionState* state = topic->partition(index)) {
                out.emplace_back(partition_record_of(topic->id, index, *state));
            }
        }
    }
}

void put_configs(const MetadataImage& image, Records& out) {
    for (ConfigResourceType type : {ConfigResourceType::topic, ConfigResourceType::broker, ConfigResourceType::broker_logger,
                                    ConfigResourceType::client_metrics, ConfigResourceType::group, ConfigResourceType::unknown}) {
        for (const ConfigResource& resource : image.config_resources(type)) {
            for (const auto& [name, value] : image.configs(resource)) {
                protocol::ConfigRecord record;
                record.resource_type = static_cast<std::int8_t>(resource.type);
                record.resource_name = resource.name;
                record.name = name;
                record.value = value;
                out.emplace_back(std::move(record));
            }
        }
    }
}

void put_quotas_and_producer_ids(const MetadataImage& image, Records& out) {
    for (const auto& [entity, values] : image.client_quotas()) {
        for (const auto& [key, value] : values) {
            protocol::ClientQuotaRecord record;
            for (const auto& [type, name] : entity) {
                auto& part = record.entity.emplace_back();
                part.entity_type = type;
                part.entity_name = name;
            }
            record.key = key;
            record.value = value;
            out.emplace_back(std::move(record));
        }
    }
    if (image.next_producer_id() > 0) {
        protocol::ProducerIdsRecord record;
        record.broker_id = -1;
        record.broker_epoch = -1;
        record.next_producer_id = image.next_producer_id();
        out.emplace_back(record);
    }
}

void put_security(const MetadataImage& image, Records& out) {
    for (const auto* entry : image.acls().sorted()) {
        const AclEntry& acl = entry->second;
        protocol::AccessControlEntryRecord record;
        record.id = entry->first;
        record.resource_type = acl.resource_type;
        record.resource_name = acl.resource_name;
        record.pattern_type = acl.pattern_type;
        record.principal = acl.principal;
        record.host = acl.host;
        record.operation = acl.operation;
        record.permission_type = acl.permission_type;
        out.emplace_back(std::move(record));
    }
    for (const auto& [key, credential] : image.scram_credentials()) {
        protocol::UserScramCredentialRecord record;
        record.name = key.user;
        record.mechanism = key.mechanism;
        record.salt = credential.salt;
        record.stored_key = credential.stored_key;
        record.server_key = credential.server_key;
        record.iterations = credential.iterations;
        out.emplace_back(std::move(record));
    }
    for (const auto& [id, token] : image.delegation_tokens()) {
        protocol::DelegationTokenRecord record;
        record.owner = token.owner;
        record.requester = token.requester;
        record.renewers = token.renewers;
        record.issue_timestamp = token.issue_ms;
        record.max_timestamp = token.max_ms;
        record.expiration_timestamp = token.expiration_ms;
        record.token_id = id;
        out.emplace_back(std::move(record));
    }
}

}  // namespace

MetadataRecord partition_record_of(const Uuid& topic_id, std::int32_t index, const PartitionState& state) {
    protocol::PartitionRecord record;
    record.partition_id = index;
    record.topic_id = topic_id;
    record.replicas = state.replicas;
    record.isr = state.isr;
    record.removing_replicas = state.removing_replicas;
    record.adding_replicas = state.adding_replicas;
    record.leader = state.leader;
    record.leader_recovery_state = state.leader_recovery_state;
    record.leader_epoch = state.leader_epoch;
    record.partition_epoch = state.partition_epoch;
    record.directories = state.directories;
    if (!state.eligible_leader_replicas.empty()) {
        record.eligible_leader_replicas = state.eligible_leader_replicas;
    }
    if (!state.last_known_elr.empty()) {
        record.last_known_elr = state.last_known_elr;
    }
    return record;
}

std::vector<MetadataRecord> snapshot_records(const MetadataImage& image) {
    Records records;
    put_features(image, records);
    put_nodes(image, records);
    put_topics(image, records);
    put_configs(image, records);
    put_quotas_and_producer_ids(image, records);
    put_security(image, records);
    return records;
}

}  // namespace tideline::cluster
