// cli/txn/waiting_groups.h: which consumer groups an open transaction keeps waiting.
//
// A group waits in two ways: its readers of committed records stop at a partition's last stable offset; and an offset that it
// committed in the transaction is not to be had until the transaction ends.
#pragma once

#include <string>
#include <vector>

#include "cli/txn/transaction_admin.h"

namespace tideline::cli {

struct WaitingGroup {
    TopicPartition at;  // what is held back
    std::string group;
    std::string state;
    std::optional<std::int64_t> committed;     // in that partition
    std::vector<TopicPartition> pending = {};  // of __consumer_offsets: offsets that wait for the end
};

// Where a group stands before, at or behind the last stable offset.
enum class Standing { before, waits, reads_uncommitted };
Standing standing_of(const WaitingGroup& group, const PartitionState& partition);
// Records that it cannot read until the transaction ends.
std::int64_t records_waited_for(const WaitingGroup& group, const PartitionState& partition);

// Those of the partitions that are held, by partition and group.
Outcome<std::vector<WaitingGroup>> look_up_waiting_groups(TransactionAdmin& admin, const std::vector<PartitionState>& partitions);

}  // namespace tideline::cli
