// cluster/metadata_version.h: the cluster's features, and what the finalized metadata.version lets the log hold.
//
// Sources: Feature.java and MetadataVersion.java of Kafka 4.2.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "cluster/metadata_image.h"
#include "protocol/messages/metadata_records.h"

namespace tideline::cluster {

inline constexpr std::string_view kMetadataVersion = "metadata.version";
inline constexpr std::string_view kKraftVersion = "kraft.version";
inline constexpr std::string_view kElrVersion = "eligible.leader.replicas.version";

inline constexpr std::int16_t kMetadataVersionMin = 7;      // 3.3-IV3
inline constexpr std::int16_t kMetadataVersionLatest = 29;  // 4.2-IV1

// What this broker supports, sorted by name; it must cover every finalized feature to register.
struct SupportedFeature {
    std::string_view name;
    VersionRange range;
    std::int16_t at_format;  // the level on a new cluster; 0: not written
};
std::span<const SupportedFeature> supported_features();

// The version in which a record is written under a finalized metadata.version; 0 stands for none finalized yet.
std::int16_t record_version(const protocol::MetadataRecord& record, std::int16_t metadata_version);

}  // namespace tideline::cluster
