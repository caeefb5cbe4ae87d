// cluster/controller.h: what the controller decides: (image, request) → records and the answer.
//
// Pure: reads no clock, writes nothing. The driver (MetadataLog::submit) hands in the image of the moment, commits the
// records, and only then sends the response; when the commit fails, the response is thrown away. Codes and messages are
// those of Kafka 4.2's ControllerApis, ReplicationControlManager and ConfigurationControlManager.
// Authorization is the caller's: it takes out what a principal may not touch before asking.
// `validate_only` requests yield no records.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cluster/broker_config.h"
#include "cluster/metadata_image.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/create_partitions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/metadata_records.h"

namespace tideline::cluster {

using protocol::MetadataRecord;

template <class Response>
struct Decision {
    std::vector<MetadataRecord> records;  // committed together or not at all
    Response response;
};

// [first, first + count): handed out once, ever.
struct ProducerIdBlock {
    std::int64_t first = 0;
    std::int32_t count = 0;
};

inline constexpr std::int32_t kProducerIdBlockSize = 1000;
// A CreateTopics over this many partitions in all is POLICY_VIOLATION, as in Kafka.
inline constexpr std::int32_t kPartitionsPerRequestMax = 10'000;

class Controller {
public:
    // `config` is the broker's static configuration and must outlive this. `next_random` supplies 64 random bits a call.
    Controller(const BrokerConfig& config, std::function<std::uint64_t()> next_random);

    Decision<protocol::CreateTopicsResponse> create_topics(const MetadataImage& image,
                                                           const protocol::CreateTopicsRequest& request) const;
    // Below version 3 a disabled deletion is INVALID_REQUEST, from 3 on TOPIC_DELETION_DISABLED.
    Decision<protocol::DeleteTopicsResponse> delete_topics(const MetadataImage& image, const protocol::DeleteTopicsRequest& request,
                                                           std::int16_t version) const;
    Decision<protocol::CreatePartitionsResponse> create_partitions(const MetadataImage& image,
                                                                   const protocol::CreatePartitionsRequest& request) const;
    Decision<protocol::IncrementalAlterConfigsResponse> incremental_alter_configs(
        const MetadataImage& image, const protocol::IncrementalAlterConfigsRequest& request) const;
    Decision<protocol::AlterConfigsResponse> alter_configs(const MetadataImage& image,
                                                           const protocol::AlterConfigsRequest& request) const;

    // One block of ids; stale_broker_epoch when `broker_epoch` is not that of the registration.
    Decision<base::Result<ProducerIdBlock>> allocate_producer_ids(const MetadataImage& image, std::int32_t broker_id,
                                                                  std::int64_t broker_epoch) const;

    // The request by which a broker creates topics that a client asked metadata of (auto.create.topics.enable): partitions
    // and replication by default; Kafka's own topics with the settings they need. Names that exist, or are illegal, are
    // for create_topics() to refuse.
    protocol::CreateTopicsRequest auto_creation_of(std::span<const std::string> names) const;

private:
    const BrokerConfig& config_;
    std::function<std::uint64_t()> next_random_;
};

// Why `name` cannot name a topic, or nullopt (1 to 249 of a-z A-Z 0-9 . _ -, and neither "." nor "..").
std::optional<std::string> why_illegal_topic_name(std::string_view name);

}  // namespace tideline::cluster
