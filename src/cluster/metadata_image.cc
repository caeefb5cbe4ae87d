#include "cluster/metadata_image.h"

#include <algorithm>

namespace tideline::cluster {

namespace {

const ConfigMap kNoConfigs;

}  // namespace

const Endpoint* BrokerRegistration::endpoint(std::string_view listener) const {
    auto at = std::ranges::find(endpoints, listener, &Endpoint::listener);
    return at == endpoints.end() ? nullptr : &*at;
}

bool PartitionState::has_replica(std::int32_t broker) const { return std::ranges::find(replicas, broker) != replicas.end(); }

Uuid PartitionState::directory_of(std::int32_t broker) const {
    auto at = std::ranges::find(replicas, broker);
    auto index = static_cast<std::size_t>(at - replicas.begin());
    return at == replicas.end() || index >= directories.size() ? kUnassignedDirectory : directories[index];
}

const PartitionState* TopicImage::partition(std::int32_t index) const {
    return index < 0 || index >= partition_count() ? nullptr : partitions[static_cast<std::size_t>(index)].get();
}

bool TopicImage::is_internal() const { return is_internal_topic(name); }

bool operator==(const TopicImage& a, const TopicImage& b) {
    return a.name == b.name && a.id == b.id && std::ranges::equal(a.partitions, b.partitions, [](const auto& x, const auto& y) {
               return x == y || (x && y && *x == *y);
           });
}

bool is_internal_topic(std::string_view name) {
    return name == "__consumer_offsets" || name == "__transaction_state" || name == "__share_group_state";
}

const TopicImage* MetadataImage::topic(std::string_view name) const {
    const Uuid* id = ids_by_name_.find(name);
    return id == nullptr ? nullptr : topic(*id);
}

const TopicImage* MetadataImage::topic(const Uuid& id) const {
    const TopicPtr* found = topics_by_id_.find(id);
    return found == nullptr ? nullptr : found->get();
}

std::vector<MetadataImage::TopicPtr> MetadataImage::topics() const {
    std::vector<TopicPtr> all;
    all.reserve(topics_by_id_.size());
    topics_by_id_.for_each([&](const Uuid&, const TopicPtr& topic) { all.push_back(topic); });
    std::ranges::sort(all, {}, [](const TopicPtr& topic) -> const std::string& { return topic->name; });
    return all;
}

const PartitionState* MetadataImage::partition(std::string_view topic_name, std::int32_t index) const {
    const TopicImage* found = topic(topic_name);
    return found == nullptr ? nullptr : found->partition(index);
}

const TopicImage* MetadataImage::topic_colliding_with(std::string_view name) const {
    std::string unified(name);
    std::ranges::replace(unified, '.', '_');
    const auto* names = names_by_unified_.find(unified);
    return names == nullptr ? nullptr : topic(names->front());
}

const BrokerRegistration* MetadataImage::broker(std::int32_t id) const {
    auto at = brokers_.find(id);
    return at == brokers_.end() ? nullptr : &at->second;
}

const ConfigMap& MetadataImage::configs(const ConfigResource& resource) const {
    if (resource.type == ConfigResourceType::topic) {
        return topic_configs(resource.name);
    }
    auto at = other_configs_.find(resource);
    return at == other_configs_.end() ? kNoConfigs : at->second;
}

const ConfigMap& MetadataImage::topic_configs(std::string_view name) const {
    const auto* found = topic_configs_.find(name);
    return found == nullptr ? kNoConfigs : **found;
}

const ConfigMap& MetadataImage::broker_configs(std::int32_t id) const {
    return configs({ConfigResourceType::broker, std::to_string(id)});
}

const ConfigMap& MetadataImage::cluster_configs() const { return configs({ConfigResourceType::broker, ""}); }

std::vector<ConfigResource> MetadataImage::config_resources(ConfigResourceType type) const {
    std::vector<ConfigResource> found;
    if (type == ConfigResourceType::topic) {
        topic_configs_.for_each([&](const std::string& name, const auto&) { found.push_back({type, name}); });
        std::ranges::sort(found);
        return found;
    }
    for (const auto& [resource, configs] : other_configs_) {
        if (resource.type == type) {
            found.push_back(resource);
        }
    }
    return found;
}

std::int16_t MetadataImage::feature(std::string_view name) const {
    auto at = features_.find(name);
    return at == features_.end() ? std::int16_t{0} : at->second;
}

bool operator==(const MetadataImage& a, const MetadataImage& b) {
    auto same_pointee = [](const auto& x, const auto& y) { return x == y || *x == *y; };
    if (a.topic_count() != b.topic_count() || a.topic_configs_.size() != b.topic_configs_.size()) {
        return false;
    }
    bool equal = true;
    a.topics_by_id_.for_each([&](const Uuid& id, const MetadataImage::TopicPtr& topic) {
        const auto* other = b.topics_by_id_.find(id);
        equal = equal && other != nullptr && same_pointee(topic, *other);
    });
    a.topic_configs_.for_each([&](const std::string& name, const auto& configs) {
        const auto* other = b.topic_configs_.find(name);
        equal = equal && other != nullptr && same_pointee(configs, *other);
    });
    return equal && a.ids_by_name_ == b.ids_by_name_ && a.other_configs_ == b.other_configs_ && a.brokers_ == b.brokers_ &&
           a.controllers_ == b.controllers_ && a.features_ == b.features_ && a.acls_ == b.acls_ &&
           a.scram_credentials_ == b.scram_credentials_ && a.delegation_tokens_ == b.delegation_tokens_ &&
           a.client_quotas_ == b.client_quotas_ && a.next_producer_id_ == b.next_producer_id_;
}

}  // namespace tideline::cluster
