// cluster/metadata_replay.h: from an image and records to the next image, and back to records.
//
//   MetadataReplay replay(image);
//   replay.apply(record, offset) ...          // one call a record, in the order of the log
//   ImageChange change = replay.publish(offset, epoch);
// Records between BeginTransaction and EndTransaction are held back, over as many publish() as it takes, and dropped by
// AbortTransaction (KIP-868).
// Errors:  a record that contradicts the image (a change of an unknown partition, say) is corrupt_message: the log is
//          damaged or newer than this program, and what was applied since the last publish() must be thrown away.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/result.h"
#include "cluster/metadata_image.h"
#include "protocol/messages/metadata_records.h"

namespace tideline::cluster {

using base::Result;
using protocol::MetadataRecord;

class MetadataReplay {
public:
    explicit MetadataReplay(ImagePtr base = std::make_shared<const MetadataImage>());

    Result<> apply(const MetadataRecord& record);
    // Ends a step: what was applied becomes an image that never changes again.
    ImageChange publish(std::int64_t last_offset, std::int32_t epoch);
    // Forgets what was applied since the last publish().
    void discard();

    bool in_transaction() const { return transaction_open_; }
    const ImagePtr& image() const { return published_; }

private:
    struct Touched {
        std::set<Uuid> topics;
        std::set<ConfigResource> configs;
        std::set<std::int32_t> brokers;
        bool features = false;
    };

    Result<> apply_now(const MetadataRecord& record);
    Result<> on(const protocol::TopicRecord& record);
    Result<> on(const protocol::PartitionRecord& record);
    Result<> on(const protocol::PartitionChangeRecord& record);
    Result<> on(const protocol::RemoveTopicRecord& record);
    Result<> on(const protocol::ClearElrRecord& record);
    Result<> on(const protocol::ConfigRecord& record);
    Result<> on(const protocol::RegisterBrokerRecord& record);
    Result<> on(const protocol::UnregisterBrokerRecord& record);
    Result<> on(const protocol::FenceBrokerRecord& record);
    Result<> on(const protocol::UnfenceBrokerRecord& record);
    Result<> on(const protocol::BrokerRegistrationChangeRecord& record);
    Result<> on(const protocol::RegisterControllerRecord& record);
    Result<> on(const protocol::FeatureLevelRecord& record);
    Result<> on(const protocol::ProducerIdsRecord& record);
    Result<> on(const protocol::ClientQuotaRecord& record);
    Result<> on(const protocol::AccessControlEntryRecord& record);
    Result<> on(const protocol::RemoveAccessControlEntryRecord& record);
    Result<> on(const protocol::UserScramCredentialRecord& record);
    Result<> on(const protocol::RemoveUserScramCredentialRecord& record);
    Result<> on(const protocol::DelegationTokenRecord& record);
    Result<> on(const protocol::RemoveDelegationTokenRecord& record);
    Result<> on(const protocol::NoOpRecord& record) { return {}; }
    Result<> on(const protocol::ZkMigrationStateRecord& record) { return {}; }  // nothing reads it since 4.0
    Result<> on(const protocol::BeginTransactionRecord& record);
    Result<> on(const protocol::EndTransactionRecord& record);
    Result<> on(const protocol::AbortTransactionRecord& record);

    // The topic for writing: copied unless this step copied it already.
    Result<TopicImage*> own_topic(const Uuid& id);
    Result<BrokerRegistration*> own_broker(std::int32_t id, std::int64_t epoch);

    ImagePtr published_;
    MetadataImage next_;
    Touched touched_;
    std::map<Uuid, std::shared_ptr<TopicImage>> owned_topics_;  // those copied in this step
    bool transaction_open_ = false;
    std::vector<MetadataRecord> held_;  // of the open transaction
};

// The record that makes the partition what `state` says.
MetadataRecord partition_record_of(const Uuid& topic_id, std::int32_t index, const PartitionState& state);

// Records that rebuild `image` when applied to an empty one, in the order of Kafka's snapshots.
std::vector<MetadataRecord> snapshot_records(const MetadataImage& image);

}  // namespace tideline::cluster
