#include "cluster/metadata_replay.h"

#include <algorithm>

namespace tideline::cluster {

namespace {

std::unexpected<base::Error> contradiction(std::string_view note, std::int64_t detail = 0) {
    return base::fail(ErrorCode::corrupt_message, note, detail);
}

std::string unified(std::string name) {
    std::ranges::replace(name, '.', '_');
    return name;
}

template <class Entries>
std::vector<Endpoint> endpoints_of(const Entries& entries) {
    std::vector<Endpoint> endpoints;
    for (const auto& entry : entries) {
        endpoints.push_back({entry.name, entry.host, entry.port, entry.security_protocol});
    }
    return endpoints;
}

template <class Entries>
FeatureRanges features_of(const Entries& entries) {
    FeatureRanges features;
    for (const auto& entry : entries) {
        features[entry.name] = {entry.min_supported_version, entry.max_supported_version};
    }
    return features;
}

// Partitions written before directories existed have none: all zero means "not told yet" (KIP-858).
std::vector<Uuid> directories_or_zero(std::vector<Uuid> directories, std::size_t replicas) {
    if (directories.empty()) {
        directories.resize(replicas);
    }
    return directories;
}

template <class T>
void take_if_set(const std::optional<T>& from, T& to) {
    if (from) {
        to = *from;
    }
}

}  // namespace

MetadataReplay::MetadataReplay(ImagePtr base) : published_(std::move(base)), next_(*published_) {}

Result<> MetadataReplay::apply(const MetadataRecord& record) {
    bool ends = std::holds_alternative<protocol::EndTransactionRecord>(record) ||
                std::holds_alternative<protocol::AbortTransactionRecord>(record);
    if (transaction_open_ && !ends) {
        if (std::holds_alternative<protocol::BeginTransactionRecord>(record)) {
            return contradiction("a metadata transaction begins inside another");
        }
        held_.push_back(record);
        return {};
    }
    return apply_now(record);
}

Result<> MetadataReplay::apply_now(const MetadataRecord& record) {
    return std::visit([this](const auto& concrete) { return on(concrete); }, record);
}

ImageChange MetadataReplay::publish(std::int64_t last_offset, std::int32_t epoch) {
    next_.highest_offset_ = last_offset;
    next_.highest_epoch_ = epoch;
    ImageChange change;
    change.before = published_;
    change.after = std::make_shared<const MetadataImage>(next_);
    change.topics.assign(touched_.topics.begin(), touched_.topics.end());
    change.configs.assign(touched_.configs.begin(), touched_.configs.end());
    change.brokers.assign(touched_.brokers.begin(), touched_.brokers.end());
    change.features = touched_.features;
    published_ = change.after;
    touched_ = {};
    owned_topics_.clear();
    return change;
}

void MetadataReplay::discard() {
    next_ = *published_;
    touched_ = {};
    owned_topics_.clear();
    held_.clear();
    transaction_open_ = false;
}

Result<TopicImage*> MetadataReplay::own_topic(const Uuid& id) {
    if (auto at = owned_topics_.find(id); at != owned_topics_.end()) {
        return at->second.get();
    }
    const auto* found = next_.topics_by_id_.find(id);
    if (found == nullptr) {
        return contradiction("a record speaks of a topic that does not exist");
    }
    auto copy = std::make_shared<TopicImage>(**found);
    next_.topics_by_id_.put(id, copy);
    owned_topics_[id] = copy;
    touched_.topics.insert(id);
    return copy.get();
}

Result<BrokerRegistration*> MetadataReplay::own_broker(std::int32_t id, std::int64_t epoch) {
    auto at = next_.brokers_.find(id);
    if (at == next_.brokers_.end()) {
        return contradiction("a record speaks of a broker that is not registered", id);
    }
    if (at->second.epoch != epoch) {
        return contradiction("a record speaks of another registration of the broker", id);
    }
    touched_.brokers.insert(id);
    return &at->second;
}

// ---- topics ----

Result<> MetadataReplay::on(const protocol::TopicRecord& record) {
    if (next_.ids_by_name_.contains(record.name) || next_.topics_by_id_.contains(record.topic_id)) {
        return contradiction("a topic is created that exists");
    }
    auto topic = std::make_shared<TopicImage>();
    topic->name = record.name;
    topic->id = record.topic_id;
    next_.topics_by_id_.put(record.topic_id, topic);
    next_.ids_by_name_.put(record.name, record.topic_id);
    std::string key = unified(record.name);
    std::vector<std::string> names;
    if (const auto* others = next_.names_by_unified_.find(key)) {
        names = *others;
    }
    names.push_back(record.name);
    next_.names_by_unified_.put(std::move(key), std::move(names));
    owned_topics_[record.topic_id] = topic;
    touched_.topics.insert(record.topic_id);
    return {};
}

Result<> MetadataReplay::on(const protocol::PartitionRecord& record) {
    TL_TRY(topic, own_topic(record.topic_id));
    // Ids count up from 0; a record may come before that of a lower id, but not by much.
    constexpr std::int32_t kPartitionsMax = 1 << 24;
    if (record.partition_id < 0 || record.partition_id >= kPartitionsMax) {
        return contradiction("a partition's id is out of range", record.partition_id);
    }
    auto state = std::make_shared<PartitionState>();
    state->replicas = record.replicas;
    state->directories = directories_or_zero(record.directories, record.replicas.size());
    state->isr = record.isr;
    state->removing_replicas = record.removing_replicas;
    state->adding_replicas = record.adding_replicas;
    take_if_set(record.eligible_leader_replicas, state->eligible_leader_replicas);
    take_if_set(record.last_known_elr, state->last_known_elr);
    state->leader = record.leader;
    state->leader_recovery_state = record.leader_recovery_state;
    state->leader_epoch = record.leader_epoch;
    state->partition_epoch = record.partition_epoch;
    if (state->directories.size() != state->replicas.size()) {
        return contradiction("a partition has not one directory for each replica", record.partition_id);
    }
    auto index = static_cast<std::size_t>(record.partition_id);
    if (index >= topic->partitions.size()) {
        topic->partitions.resize(index + 1);
    }
    topic->partitions[index] = std::move(state);
    return {};
}

Result<> MetadataReplay::on(const protocol::PartitionChangeRecord& record) {
    TL_TRY(topic, own_topic(record.topic_id));
    const PartitionState* before = topic->partition(record.partition_id);
    if (before == nullptr) {
        return contradiction("a partition is changed that does not exist", record.partition_id);
    }
    constexpr std::int32_t kNoLeaderChange = -2;
    constexpr std::int8_t kNoRecoveryChange = -1;
    auto state = std::make_shared<PartitionState>(*before);
    take_if_set(record.isr, state->isr);
    take_if_set(record.replicas, state->replicas);
    take_if_set(record.directories, state->directories);
    take_if_set(record.removing_replicas, state->removing_replicas);
    take_if_set(record.adding_replicas, state->adding_replicas);
    take_if_set(record.eligible_leader_replicas, state->eligible_leader_replicas);
    take_if_set(record.last_known_elr, state->last_known_elr);
    state->directories = directories_or_zero(std::move(state->directories), state->replicas.size());
    if (state->directories.size() != state->replicas.size()) {
        return contradiction("a partition has not one directory for each replica", record.partition_id);
    }
    if (record.leader != kNoLeaderChange) {
        state->leader = record.leader;
        ++state->leader_epoch;
    }
    if (record.leader_recovery_state != kNoRecoveryChange) {
        state->leader_recovery_state = record.leader_recovery_state;
    }
    ++state->partition_epoch;
    topic->partitions[static_cast<std::size_t>(record.partition_id)] = std::move(state);
    return {};
}

Result<> MetadataReplay::on(const protocol::RemoveTopicRecord& record) {
    const auto* found = next_.topics_by_id_.find(record.topic_id);
    if (found == nullptr) {
        return contradiction("a topic is removed that does not exist");
    }
    std::string name = (*found)->name;
    std::string key = unified(name);
    if (const auto* names = next_.names_by_unified_.find(key)) {
        std::vector<std::string> left = *names;
        std::erase(left, name);
        if (left.empty()) {
            next_.names_by_unified_.erase(key);
        } else {
            next_.names_by_unified_.put(std::move(key), std::move(left));
        }
    }
    if (next_.topic_configs_.erase(name)) {
        touched_.configs.insert({ConfigResourceType::topic, name});
    }
    next_.ids_by_name_.erase(name);
    next_.topics_by_id_.erase(record.topic_id);
    owned_topics_.erase(record.topic_id);
    touched_.topics.insert(record.topic_id);
    return {};
}

Result<> MetadataReplay::on(const protocol::ClearElrRecord& record) {
    std::vector<Uuid> ids;
    if (!record.topic_name.empty()) {
        const Uuid* id = next_.ids_by_name_.find(record.topic_name);
        if (id == nullptr) {
            return contradiction("eligible leader replicas are cleared of a topic that does not exist");
        }
        ids.push_back(*id);
    } else {
        next_.topics_by_id_.for_each([&](const Uuid& id, const auto&) { ids.push_back(id); });
    }
    auto has_elr = [](const auto& state) {
        return state && (!state->eligible_leader_replicas.empty() || !state->last_known_elr.empty());
    };
    for (const Uuid& id : ids) {
        if (std::ranges::none_of((*next_.topics_by_id_.find(id))->partitions, has_elr)) {
            continue;
        }
        TL_TRY(topic, own_topic(id));
        for (auto& state : topic->partitions) {
            if (has_elr(state)) {
                auto cleared = std::make_shared<PartitionState>(*state);
                cleared->eligible_leader_replicas.clear();
                cleared->last_known_elr.clear();
                ++cleared->partition_epoch;
                state = std::move(cleared);
            }
        }
    }
    return {};
}

// ---- configurations and features ----

Result<> MetadataReplay::on(const protocol::ConfigRecord& record) {
    ConfigResource resource{static_cast<ConfigResourceType>(record.resource_type), record.resource_name};
    ConfigMap configs = next_.configs(resource);
    if (record.value) {
        configs[record.name] = *record.value;
    } else {
        configs.erase(record.name);
    }
    if (resource.type == ConfigResourceType::topic) {
        if (configs.empty()) {
            next_.topic_configs_.erase(resource.name);
        } else {
            next_.topic_configs_.put(resource.name, std::make_shared<const ConfigMap>(std::move(configs)));
        }
    } else if (configs.empty()) {
        next_.other_configs_.erase(resource);
    } else {
        next_.other_configs_[resource] = std::move(configs);
    }
    touched_.configs.insert(std::move(resource));
    return {};
}

Result<> MetadataReplay::on(const protocol::FeatureLevelRecord& record) {
    if (record.feature_level == 0) {
        next_.features_.erase(record.name);
    } else {
        next_.features_[record.name] = record.feature_level;
    }
    touched_.features = true;
    return {};
}

// ---- nodes ----

Result<> MetadataReplay::on(const protocol::RegisterBrokerRecord& record) {
    BrokerRegistration& broker = next_.brokers_[record.broker_id];
    broker.id = record.broker_id;
    broker.epoch = record.broker_epoch;
    broker.incarnation_id = record.incarnation_id;
    broker.endpoints = endpoints_of(record.end_points);
    broker.features = features_of(record.features);
    broker.rack = record.rack;
    broker.fenced = record.fenced;
    broker.in_controlled_shutdown = record.in_controlled_shutdown;
    broker.directories = record.log_dirs;
    touched_.brokers.insert(record.broker_id);
    return {};
}

Result<> MetadataReplay::on(const protocol::UnregisterBrokerRecord& record) {
    TL_TRY_VOID(own_broker(record.broker_id, record.broker_epoch));
    next_.brokers_.erase(record.broker_id);
    return {};
}

Result<> MetadataReplay::on(const protocol::FenceBrokerRecord& record) {
    TL_TRY(broker, own_broker(record.id, record.epoch));
    broker->fenced = true;
    return {};
}

Result<> MetadataReplay::on(const protocol::UnfenceBrokerRecord& record) {
    TL_TRY(broker, own_broker(record.id, record.epoch));
    broker->fenced = false;
    return {};
}

Result<> MetadataReplay::on(const protocol::BrokerRegistrationChangeRecord& record) {
    TL_TRY(broker, own_broker(record.broker_id, record.broker_epoch));
    if (record.fenced < -1 || record.fenced > 1 || record.in_controlled_shutdown < 0 || record.in_controlled_shutdown > 1) {
        return contradiction("a change of a broker's registration has no meaning", record.broker_id);
    }
    if (record.fenced != 0) {
        broker->fenced = record.fenced > 0;
    }
    if (record.in_controlled_shutdown != 0) {
        broker->in_controlled_shutdown = true;
    }
    if (!record.log_dirs.empty()) {
        broker->directories = record.log_dirs;
    }
    return {};
}

Result<> MetadataReplay::on(const protocol::RegisterControllerRecord& record) {
    ControllerRegistration& controller = next_.controllers_[record.controller_id];
    controller.id = record.controller_id;
    controller.incarnation_id = record.incarnation_id;
    controller.zk_migration_ready = record.zk_migration_ready;
    controller.endpoints = endpoints_of(record.end_points);
    controller.features = features_of(record.features);
    return {};
}

// ---- what later stages serve; kept whole, so that no snapshot of ours loses it ----

Result<> MetadataReplay::on(const protocol::ProducerIdsRecord& record) {
    if (record.next_producer_id < next_.next_producer_id_) {
        return contradiction("producer ids go back", record.next_producer_id);
    }
    next_.next_producer_id_ = record.next_producer_id;
    return {};
}

Result<> MetadataReplay::on(const protocol::ClientQuotaRecord& record) {
    QuotaEntity entity;
    for (const auto& part : record.entity) {
        entity[part.entity_type] = part.entity_name;
    }
    if (!record.remove) {
        next_.client_quotas_[std::move(entity)][record.key] = record.value;
        return {};
    }
    if (auto at = next_.client_quotas_.find(entity); at != next_.client_quotas_.end()) {
        at->second.erase(record.key);
        if (at->second.empty()) {
            next_.client_quotas_.erase(at);
        }
    }
    return {};
}

Result<> MetadataReplay::on(const protocol::AccessControlEntryRecord& record) {
    next_.acls_.put(record.id, {record.resource_type, record.resource_name, record.pattern_type, record.principal, record.host,
                                record.operation, record.permission_type});
    return {};
}

Result<> MetadataReplay::on(const protocol::RemoveAccessControlEntryRecord& record) {
    if (!next_.acls_.erase(record.id)) {
        return contradiction("an access control entry is removed that does not exist");
    }
    return {};
}

Result<> MetadataReplay::on(const protocol::UserScramCredentialRecord& record) {
    next_.scram_credentials_[{record.name, record.mechanism}] = {record.salt, record.stored_key, record.server_key,
                                                                  record.iterations};
    return {};
}

Result<> MetadataReplay::on(const protocol::RemoveUserScramCredentialRecord& record) {
    next_.scram_credentials_.erase({record.name, record.mechanism});
    return {};
}

Result<> MetadataReplay::on(const protocol::DelegationTokenRecord& record) {
    next_.delegation_tokens_[record.token_id] = {record.owner,           record.requester,     record.renewers,
                                                 record.issue_timestamp, record.max_timestamp, record.expiration_timestamp};
    return {};
}

Result<> MetadataReplay::on(const protocol::RemoveDelegationTokenRecord& record) {
    next_.delegation_tokens_.erase(record.token_id);
    return {};
}

// ---- transactions ----

Result<> MetadataReplay::on(const protocol::BeginTransactionRecord&) {
    transaction_open_ = true;
    return {};
}

Result<> MetadataReplay::on(const protocol::EndTransactionRecord&) {
    if (!transaction_open_) {
        return contradiction("a metadata transaction ends that did not begin");
    }
    transaction_open_ = false;
    std::vector<MetadataRecord> records = std::move(held_);
    held_.clear();
    for (const MetadataRecord& record : records) {
        TL_TRY_VOID(apply_now(record));
    }
    return {};
}

Result<> MetadataReplay::on(const protocol::AbortTransactionRecord&) {
    if (!transaction_open_) {
        return contradiction("a metadata transaction is aborted that did not begin");
    }
    transaction_open_ = false;
    held_.clear();
    return {};
}

}  // namespace tideline::cluster
