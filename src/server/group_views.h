// server/group_views.h: what group coordinators see of the metadata and of the configuration.
//
// Shard:  one set for each shard, used there only.
#pragma once

#include "cluster/broker_config.h"
#include "cluster/metadata_image.h"
#include "group/config.h"
#include "group/topics.h"

namespace tideline::server {

// The image that the coordinators of a shard go by, as topics. The one before it stays alive until the next: they may hold
// names of it until they are told. The next one is expected while connections serve it already.
class GroupTopics final : public group::Topics {
public:
    void expect(cluster::ImagePtr image) { expected_ = std::move(image); }
    // Returns the one before; nullptr: none.
    cluster::ImagePtr show(cluster::ImagePtr image);

    std::optional<group::TopicInfo> find(std::string_view name) const override;
    std::optional<group::TopicInfo> find(const base::Uuid& id) const override;
    std::optional<group::TopicInfo> find_early(std::string_view name) const override;
    std::optional<group::TopicInfo> find_early(const base::Uuid& id) const override;
    std::vector<std::string> racks(const base::Uuid& id, std::int32_t partition) const override;
    void for_each(const std::function<void(const group::TopicInfo&)>& visit) const override;
    // The offset of the newest metadata record in it, as Kafka counts: it goes on after a restart where it was.
    std::uint64_t version() const override { return static_cast<std::uint64_t>(image_->highest_offset()); }

private:
    cluster::ImagePtr image_;
    cluster::ImagePtr previous_;
    cluster::ImagePtr expected_;
};

// What was set for a group (resource type GROUP), over the broker's defaults.
class GroupOverrides final : public group::GroupConfigs {
public:
    explicit GroupOverrides(const group::GroupConfig& defaults) : defaults_(defaults) {}
    void show(cluster::ImagePtr image) { image_ = std::move(image); }

    group::ConsumerTimeouts consumer_timeouts(std::string_view group_id) const override;

private:
    const group::GroupConfig& defaults_;
    cluster::ImagePtr image_;
};

// The broker's properties as coordinators take them.
group::GroupConfig group_config_of(const cluster::BrokerConfig& config);

// Whether groups may speak the consumer protocol (KIP-848): the feature is finalized, and no property forbids it.
bool serves_consumer_groups(const cluster::MetadataImage& image, const cluster::BrokerConfig& config);

}  // namespace tideline::server
