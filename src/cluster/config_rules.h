// cluster/config_rules.h: whether a resource may have a configuration, and which.
//
// Codes are those of Kafka 4.2's ConfigAdminManager (for brokers) and ControllerConfigurationValidator (for the rest).
// Two places are stricter than Kafka: a broker property that does not exist is refused, where Kafka stores anything; and so is
// one that may change at run time in Kafka but not here (listeners, and what TLS and SASL need).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cluster/api_error.h"
#include "cluster/broker_config.h"
#include "cluster/metadata_image.h"
#include "protocol/messages/metadata_records.h"

namespace tideline::cluster {

// Whether the resource's configuration as a whole may be `configs`.
ApiError judge_topic_configs(const ConfigMap& configs, const BrokerConfig& config);
ApiError judge_broker_configs(const ConfigMap& configs, bool for_all_brokers);
ApiError judge_group_configs(const ConfigMap& configs, const BrokerConfig& config);
ApiError judge_client_metrics_configs(const ConfigMap& configs);
ApiError judge_configs(const ConfigResource& resource, const ConfigMap& configs, const BrokerConfig& config);

// Whether the resource may be named so, and is there.
ApiError judge_resource_name(const ConfigResource& resource, std::int32_t node_id);
ApiError judge_resource_exists(const ConfigResource& resource, const MetadataImage& image);

// With eligible leader replicas on, a change of min.insync.replicas makes the lists of them obsolete: the records that clear
// them, to follow `records` (KIP-966).
std::vector<protocol::MetadataRecord> elr_clearing_of(std::span<const protocol::MetadataRecord> records, const MetadataImage& image);

// What may be set for a group, in the order of the names; broker_synonym is where the default comes from.
std::span<const base::PropertyRow> group_properties();
// What may be set for a subscription of client metrics.
std::span<const base::PropertyRow> client_metrics_properties();

// The property of a resource of that type; nullptr when there is none.
const base::PropertyRow* find_property(ConfigResourceType type, std::string_view name);

}  // namespace tideline::cluster
