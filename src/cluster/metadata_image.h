// cluster/metadata_image.h: what the metadata log says, at one offset.
//
// An image never changes. A new one is derived by applying records (metadata_replay.h) and shares with its predecessor
// all that did not change: topics one by one, partitions one by one, the large maps by bucket. Everybody who answers
// from metadata takes `ImagePtr` once and reads it to the end: what it sees is one state of the cluster.
// Thread:  any; an image that was published is never written again.
// Records: docs/formats/metadata.md
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/uuid.h"
#include "cluster/cow_map.h"

namespace tideline::cluster {

using base::Uuid;

inline constexpr std::int32_t kNoLeader = -1;
// Directory ids that are no directory (KIP-858).
inline constexpr Uuid kUnassignedDirectory{0, 1};
inline constexpr Uuid kLostDirectory{0, 2};

// The numbers are those of ConfigRecord and of the config APIs.
enum class ConfigResourceType : std::int8_t {
    unknown = 0,
    topic = 2,
    broker = 4,  // the empty name stands for all brokers: the cluster-wide defaults
    broker_logger = 8,
    client_metrics = 16,
    group = 32
};

struct ConfigResource {
    ConfigResourceType type = ConfigResourceType::unknown;
    std::string name;

    friend auto operator<=>(const ConfigResource&, const ConfigResource&) = default;
};

using ConfigMap = std::map<std::string, std::string, std::less<>>;

struct Endpoint {
    std::string listener;
    std::string host;
    std::uint16_t port = 0;
    std::int16_t security_protocol = 0;  // 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct VersionRange {
    std::int16_t min = 0;
    std::int16_t max = 0;

    friend bool operator==(const VersionRange&, const VersionRange&) = default;
};

using FeatureRanges = std::map<std::string, VersionRange, std::less<>>;

struct BrokerRegistration {
    std::int32_t id = -1;
    std::int64_t epoch = -1;  // the offset of its registration record
    Uuid incarnation_id;
    std::vector<Endpoint> endpoints;
    FeatureRanges features;
    std::optional<std::string> rack;
    bool fenced = true;
    bool in_controlled_shutdown = false;
    std::vector<Uuid> directories;

    // May lead and be in sync.
    bool is_active() const { return !fenced && !in_controlled_shutdown; }
    // nullptr when it has no such listener.
    const Endpoint* endpoint(std::string_view listener) const;
    friend bool operator==(const BrokerRegistration&, const BrokerRegistration&) = default;
};

struct ControllerRegistration {
    std::int32_t id = -1;
    Uuid incarnation_id;
    bool zk_migration_ready = false;
    std::vector<Endpoint> endpoints;
    FeatureRanges features;

    friend bool operator==(const ControllerRegistration&, const ControllerRegistration&) = default;
};

struct PartitionState {
    std::vector<std::int32_t> replicas;  // the first is the preferred leader
    std::vector<Uuid> directories;       // one for each replica, in its order
    std::vector<std::int32_t> isr;
    std::vector<std::int32_t> removing_replicas;
    std::vector<std::int32_t> adding_replicas;
    std::vector<std::int32_t> eligible_leader_replicas;
    std::vector<std::int32_t> last_known_elr;
    std::int32_t leader = kNoLeader;
    std::int8_t leader_recovery_state = 0;  // 1: elected unclean and not recovered yet
    std::int32_t leader_epoch = 0;
    std::int32_t partition_epoch = 0;  // moves with every change

    bool has_replica(std::int32_t broker) const;
    // Where `broker` keeps its replica; kUnassignedDirectory when it has none or none is known.
    Uuid directory_of(std::int32_t broker) const;
    friend bool operator==(const PartitionState&, const PartitionState&) = default;
};

struct TopicImage {
    std::string name;
    Uuid id;
    std::vector<std::shared_ptr<const PartitionState>> partitions;  // by index; shared by the images that agree

    std::int32_t partition_count() const { return static_cast<std::int32_t>(partitions.size()); }
    // nullptr when there is no such partition.
    const PartitionState* partition(std::int32_t index) const;
    bool is_internal() const;
    friend bool operator==(const TopicImage&, const TopicImage&);
};

// Kafka's own topics: __consumer_offsets, __transaction_state, __share_group_state.
bool is_internal_topic(std::string_view name);

struct AclEntry {
    std::int8_t resource_type = 0;
    std::string resource_name;
    std::int8_t pattern_type = 0;
    std::string principal;
    std::string host;
    std::int8_t operation = 0;
    std::int8_t permission_type = 0;

    friend bool operator==(const AclEntry&, const AclEntry&) = default;
};

struct ScramKey {
    std::string user;
    std::int8_t mechanism = 0;  // 1 SCRAM-SHA-256, 2 SCRAM-SHA-512

    friend auto operator<=>(const ScramKey&, const ScramKey&) = default;
};

struct ScramCredential {
    base::Bytes salt;
    base::Bytes stored_key;
    base::Bytes server_key;
    std::int32_t iterations = 0;

    friend bool operator==(const ScramCredential&, const ScramCredential&) = default;
};

struct DelegationToken {
    std::string owner;
    std::string requester;
    std::vector<std::string> renewers;
    std::int64_t issue_ms = 0;
    std::int64_t max_ms = 0;
    std::int64_t expiration_ms = 0;

    friend bool operator==(const DelegationToken&, const DelegationToken&) = default;
};

// Type ("user", "client-id", "ip") → name, or nullopt for the default of that type.
using QuotaEntity = std::map<std::string, std::optional<std::string>>;

class MetadataImage;
// Shared by all who answer from it, on every shard.
using ImagePtr = std::shared_ptr<const MetadataImage>;

class MetadataImage {
public:
    using TopicPtr = std::shared_ptr<const TopicImage>;

    const TopicImage* topic(std::string_view name) const;
    const TopicImage* topic(const Uuid& id) const;
    std::size_t topic_count() const { return topics_by_id_.size(); }
    // In the order of their names.
    std::vector<TopicPtr> topics() const;
    // nullptr when there is no such topic or partition.
    const PartitionState* partition(std::string_view topic_name, std::int32_t index) const;
    // The topic whose name differs from `name` only by '.' against '_', or nullptr. `name` itself counts too.
    const TopicImage* topic_colliding_with(std::string_view name) const;

    const std::map<std::int32_t, BrokerRegistration>& brokers() const { return brokers_; }
    const BrokerRegistration* broker(std::int32_t id) const;
    const std::map<std::int32_t, ControllerRegistration>& controllers() const { return controllers_; }

    // What was set for a resource; an empty map when nothing was.
    const ConfigMap& configs(const ConfigResource& resource) const;
    const ConfigMap& topic_configs(std::string_view name) const;
    const ConfigMap& broker_configs(std::int32_t id) const;
    const ConfigMap& cluster_configs() const;  // cluster-wide broker defaults
    std::vector<ConfigResource> config_resources(ConfigResourceType type) const;

    // The finalized level; 0 when the feature is off.
    std::int16_t feature(std::string_view name) const;
    const std::map<std::string, std::int16_t, std::less<>>& features() const { return features_; }

    std::int64_t next_producer_id() const { return next_producer_id_; }

    const CowMap<Uuid, AclEntry>& acls() const { return acls_; }
    const std::map<ScramKey, ScramCredential>& scram_credentials() const { return scram_credentials_; }
    const std::map<std::string, DelegationToken>& delegation_tokens() const { return delegation_tokens_; }
    const std::map<QuotaEntity, std::map<std::string, double>>& client_quotas() const { return client_quotas_; }

    // The last record in this image; -1 when it is empty.
    std::int64_t highest_offset() const { return highest_offset_; }
    std::int32_t highest_epoch() const { return highest_epoch_; }

    // The same content; where it was read from (offset, epoch) does not count.
    friend bool operator==(const MetadataImage& a, const MetadataImage& b);

private:
    friend class MetadataReplay;

    CowMap<Uuid, TopicPtr> topics_by_id_;
    CowMap<std::string, Uuid, TransparentStringHash> ids_by_name_;
    // '.' replaced by '_' → the topics so named. Clusters from before Kafka 3.3 may hold several.
    CowMap<std::string, std::vector<std::string>, TransparentStringHash> names_by_unified_;
    CowMap<std::string, std::shared_ptr<const ConfigMap>, TransparentStringHash> topic_configs_;
    std::map<ConfigResource, ConfigMap> other_configs_;
    std::map<std::int32_t, BrokerRegistration> brokers_;
    std::map<std::int32_t, ControllerRegistration> controllers_;
    std::map<std::string, std::int16_t, std::less<>> features_;
    CowMap<Uuid, AclEntry> acls_;
    std::map<ScramKey, ScramCredential> scram_credentials_;
    std::map<std::string, DelegationToken> delegation_tokens_;
    std::map<QuotaEntity, std::map<std::string, double>> client_quotas_;
    std::int64_t next_producer_id_ = 0;
    std::int64_t highest_offset_ = -1;
    std::int32_t highest_epoch_ = -1;
};

// What one step from an image to the next touched; for those who keep something for each topic.
struct ImageChange {
    ImagePtr before;
    ImagePtr after;
    std::vector<Uuid> topics;                   // created, deleted or with a changed partition; each once
    std::vector<ConfigResource> configs;        // each once
    std::vector<std::int32_t> brokers;          // each once
    bool features = false;
};

}  // namespace tideline::cluster
