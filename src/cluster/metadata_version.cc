#include "cluster/metadata_version.h"

#include <array>

namespace tideline::cluster {

namespace {

constexpr std::int16_t kMigrationRecords = 8;      // 3.4-IV0
constexpr std::int16_t kDirectoryAssignment = 17;  // 3.7-IV2, KIP-858
constexpr std::int16_t kEligibleReplicas = 23;     // 4.0-IV1, KIP-966

constexpr std::array kSupported{
    SupportedFeature{kElrVersion, {0, 1}, 1},
    SupportedFeature{"group.version", {0, 1}, 1},
    SupportedFeature{kKraftVersion, {0, 1}, 0},  // lives in control records, not in the image
    SupportedFeature{kMetadataVersion, {kMetadataVersionMin, kMetadataVersionLatest}, kMetadataVersionLatest},
    SupportedFeature{"share.version", {0, 1}, 1},
    SupportedFeature{"streams.version", {0, 1}, 1},
    SupportedFeature{"transaction.version", {0, 2}, 2},
};

}  // namespace

std::span<const SupportedFeature> supported_features() { return kSupported; }

std::int16_t record_version(const protocol::MetadataRecord& record, std::int16_t metadata_version) {
    bool directories = metadata_version >= kDirectoryAssignment;
    return std::visit(
        [&]<class Record>(const Record&) -> std::int16_t {
            if constexpr (std::is_same_v<Record, protocol::RegisterBrokerRecord>) {
                return directories ? 3 : metadata_version >= kMigrationRecords ? 2 : 1;
            } else if constexpr (std::is_same_v<Record, protocol::BrokerRegistrationChangeRecord>) {
                return directories ? 2 : 1;
            } else if constexpr (std::is_same_v<Record, protocol::PartitionRecord> ||
                                 std::is_same_v<Record, protocol::PartitionChangeRecord>) {
                return metadata_version >= kEligibleReplicas ? 2 : directories ? 1 : 0;
            } else {
                static_assert(Record::kMaxVersion == 0, "say here which version a metadata.version allows");
                return 0;
            }
        },
        record);
}

}  // namespace tideline::cluster
