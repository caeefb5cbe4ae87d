#include "server/group_views.h"

#include <algorithm>
#include <set>

namespace tideline::server {

namespace {

constexpr std::int64_t kMsPerMinute = 60'000;

group::TopicInfo info_of(const cluster::TopicImage& topic) {
    return {.id = topic.id, .name = topic.name, .partition_count = topic.partition_count()};
}

template <class Key>
std::optional<group::TopicInfo> find_in(const cluster::MetadataImage& image, const Key& key) {
    const cluster::TopicImage* topic = image.topic(key);
    return topic == nullptr ? std::nullopt : std::optional(info_of(*topic));
}

group::MigrationPolicy migration_policy_of(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (text == "disabled") {
        return group::MigrationPolicy::disabled;
    }
    if (text == "upgrade") {
        return group::MigrationPolicy::upgrade;
    }
    return text == "downgrade" ? group::MigrationPolicy::downgrade : group::MigrationPolicy::bidirectional;
}

}  // namespace

cluster::ImagePtr GroupTopics::show(cluster::ImagePtr image) {
    previous_ = std::move(image_);
    image_ = std::move(image);
    return previous_;
}

std::optional<group::TopicInfo> GroupTopics::find(std::string_view name) const { return find_in(*image_, name); }

std::optional<group::TopicInfo> GroupTopics::find(const base::Uuid& id) const { return find_in(*image_, id); }

std::optional<group::TopicInfo> GroupTopics::find_early(std::string_view name) const {
    auto found = find(name);
    auto expected = find_in(*expected_, name);
    if (!found || !expected) {
        return found ? found : expected;
    }
    // Whoever means the new one by that name would lose its offsets with those of the old one.
    return found->id == expected->id ? found : std::nullopt;
}

std::optional<group::TopicInfo> GroupTopics::find_early(const base::Uuid& id) const {
    auto found = find(id);
    if (found) {
        return found;
    }
    auto expected = find_in(*expected_, id);
    // The offsets of another topic of this name are about to go, all of them.
    return expected && find(expected->name) ? std::nullopt : expected;
}

std::vector<std::string> GroupTopics::racks(const base::Uuid& id, std::int32_t partition) const {
    const cluster::TopicImage* topic = image_->topic(id);
    const cluster::PartitionState* state = topic == nullptr ? nullptr : topic->partition(partition);
    if (state == nullptr) {
        return {};
    }
    std::set<std::string> racks;
    for (std::int32_t replica : state->replicas) {
        const cluster::BrokerRegistration* broker = image_->broker(replica);
        if (broker != nullptr && broker->rack) {
            racks.insert(*broker->rack);
        }
    }
    return {racks.begin(), racks.end()};
}

void GroupTopics::for_each(const std::function<void(const group::TopicInfo&)>& visit) const {
    for (const auto& topic : image_->topics()) {
        visit(info_of(*topic));
    }
}

group::ConsumerTimeouts GroupOverrides::consumer_timeouts(std::string_view group_id) const {
    group::ConsumerTimeouts timeouts{.session_timeout_ms = defaults_.consumer_session_timeout_ms,
                                     .heartbeat_interval_ms = defaults_.consumer_heartbeat_interval_ms};
    const cluster::ConfigMap& set = image_->configs({cluster::ConfigResourceType::group, std::string(group_id)});
    if (auto at = set.find("consumer.session.timeout.ms"); at != set.end()) {
        timeouts.session_timeout_ms = static_cast<std::int32_t>(base::parse_int(at->second));
    }
    if (auto at = set.find("consumer.heartbeat.interval.ms"); at != set.end()) {
        timeouts.heartbeat_interval_ms = static_cast<std::int32_t>(base::parse_int(at->second));
    }
    return timeouts;
}

group::GroupConfig group_config_of(const cluster::BrokerConfig& config) {
    auto int32 = [&config](std::string_view name) { return static_cast<std::int32_t>(config.integer(name)); };
    group::GroupConfig out;
    out.min_session_timeout_ms = int32("group.min.session.timeout.ms");
    out.max_session_timeout_ms = int32("group.max.session.timeout.ms");
    out.max_size = int32("group.max.size");
    out.initial_rebalance_delay_ms = int32("group.initial.rebalance.delay.ms");
    out.offset_metadata_bytes_max = int32("offset.metadata.max.bytes");
    out.offsets_retention_ms = config.integer("offsets.retention.minutes") * kMsPerMinute;
    out.offsets_retention_check_interval_ms = config.integer("offsets.retention.check.interval.ms");
    out.consumer_session_timeout_ms = int32("group.consumer.session.timeout.ms");
    out.consumer_min_session_timeout_ms = int32("group.consumer.min.session.timeout.ms");
    out.consumer_max_session_timeout_ms = int32("group.consumer.max.session.timeout.ms");
    out.consumer_heartbeat_interval_ms = int32("group.consumer.heartbeat.interval.ms");
    out.consumer_min_heartbeat_interval_ms = int32("group.consumer.min.heartbeat.interval.ms");
    out.consumer_max_heartbeat_interval_ms = int32("group.consumer.max.heartbeat.interval.ms");
    out.consumer_max_size = int32("group.consumer.max.size");
    out.consumer_regex_refresh_interval_ms = int32("group.consumer.regex.refresh.interval.ms");
    out.consumer_assignors = config.list("group.consumer.assignors");
    out.consumer_migration_policy = migration_policy_of(config.text("group.consumer.migration.policy"));
    return out;
}

bool serves_consumer_groups(const cluster::MetadataImage& image, const cluster::BrokerConfig& config) {
    std::vector<std::string> protocols = config.list("group.coordinator.rebalance.protocols");
    return image.feature("group.version") > 0 && std::ranges::find(protocols, "consumer") != protocols.end();
}

}  // namespace tideline::server
