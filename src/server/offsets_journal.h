// server/offsets_journal.h: a partition of __consumer_offsets as the journal of its coordinator.
//
// Looks the partition up on each call, since it may go while a coordinator still runs; then every call fails.
// Shard:  that of the partition.
// Errors: not_leader_or_follower when the partition is not here (any more), else those of cluster/partition.h.
#pragma once

#include "cluster/replica_manager.h"
#include "coordinator/journal.h"

namespace tideline::server {

class OffsetsJournal final : public coordinator::Journal {
public:
    // `commit_timeout`: how long an append may take to be durable (offsets.commit.timeout.ms).
    OffsetsJournal(runtime::Shard& shard, cluster::ReplicaManager& replicas, cluster::PartitionKey key, runtime::Duration commit_timeout)
        : shard_(shard), replicas_(replicas), key_(key), commit_timeout_(commit_timeout) {}

    std::int64_t start() const override;
    std::int64_t end() const override;
    std::size_t batch_bytes_max() const override;
    base::Result<std::int64_t> append(base::ByteView batch, const coordinator::JournalAppend& how) override;
    runtime::Task<base::Result<>> wait_durable(std::int64_t end) override;
    runtime::Task<base::Result<coordinator::JournalSlice>> read(std::int64_t from, std::size_t bytes_max) override;

private:
    base::Result<cluster::Partition*> partition() const;

    runtime::Shard& shard_;
    cluster::ReplicaManager& replicas_;
    cluster::PartitionKey key_;
    runtime::Duration commit_timeout_;
};

}  // namespace tideline::server
