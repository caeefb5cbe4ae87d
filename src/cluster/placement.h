// cluster/placement.h: which brokers hold the replicas of a new partition.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "cluster/api_error.h"
#include "cluster/metadata_image.h"

namespace tideline::cluster {

// A partition as it begins: leader epoch 0, everybody active in sync, the first of them leading.
using NewPartition = PartitionState;

// Places `partitions` partitions on `replication_factor` brokers each: leaders in turn over the active brokers, from a
// random one on; the other replicas on those that follow, fenced ones last.
// Errors: invalid_replication_factor.
std::expected<std::vector<NewPartition>, ApiError> place(const MetadataImage& image, std::int32_t partitions,
                                                         std::int32_t replication_factor, std::uint64_t random);

// One partition on brokers that somebody chose. `replication_factor`: that of the topic's other partitions, if there are any.
// Errors: invalid_replica_assignment.
std::expected<NewPartition, ApiError> place_on(const MetadataImage& image, const std::vector<std::int32_t>& brokers,
                                               std::optional<std::size_t> replication_factor, std::int32_t partition_index);

}  // namespace tideline::cluster
