// cluster/registration.h: what the only node of a cluster writes when it starts: first records, registrations, leaders.
//
// Pure. Kafka's controller spreads the same records over several batches and round trips; their meaning and order are the same.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cluster/metadata_image.h"
#include "protocol/messages/metadata_records.h"

namespace tideline::cluster {

using protocol::MetadataRecord;

// The first records of a cluster, as one metadata transaction: what `bootstrap.checkpoint` holds, and with eligible leader
// replicas the cluster-wide min.insync.replicas that they need (KIP-966).
std::vector<MetadataRecord> bootstrap_records(const std::vector<MetadataRecord>& bootstrap, std::int32_t min_insync_replicas);

// What the finalized metadata.version will be once `records` are applied to `image`.
std::int16_t metadata_version_after(const MetadataImage& image, const std::vector<MetadataRecord>& records);

struct NodeDescription {
    std::int32_t node_id = -1;
    Uuid incarnation_id;
    std::vector<Endpoint> endpoints;
    std::vector<Endpoint> controller_endpoints;
    std::optional<std::string> rack;
    std::vector<Uuid> log_directories;
};

// Registers the node as controller (where metadata.version knows that) and as broker, and unfences it. The broker's epoch
// is the offset of its record: `first_offset` is that of the first record returned.
struct Registration {
    std::vector<MetadataRecord> records;
    std::int64_t broker_epoch = -1;
};
Registration registration_of(const NodeDescription& node, std::int16_t metadata_version, std::int64_t first_offset);

// Makes the node leader of what it may lead: of partitions whose leader is lost or another node, and, after an unclean stop,
// of all anew, which moves their leader epochs. It may lead where it was in sync, eligible, or the last known leader.
std::vector<MetadataRecord> leader_changes(const MetadataImage& image, std::int32_t node_id, bool clean_shutdown);

// Fences the broker at a clean stop, so that who registers next under its id need not wait for its session to expire.
MetadataRecord fencing_of(std::int32_t node_id, std::int64_t broker_epoch);

}  // namespace tideline::cluster
