// server/operations.h: the sets of operations that Metadata, DescribeCluster, DescribeTopicPartitions and the descriptions of groups report.
//
// While no authorizer is served, everybody may do everything that applies to the resource, as in Kafka without one.
// Bit n stands for AclOperation n (KIP-430).
#pragma once

#include <cstdint>

namespace tideline::server {

// Read, write, create, delete, alter, describe, describe configs, alter configs.
inline constexpr std::int32_t kAllTopicOperations = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11;
// Read, delete, describe, describe configs, alter configs.
inline constexpr std::int32_t kAllGroupOperations = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;
// Create, alter, describe, cluster action, describe configs, alter configs, idempotent write.
inline constexpr std::int32_t kAllClusterOperations = 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;

}  // namespace tideline::server
