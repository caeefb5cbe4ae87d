// cli/txn/written_amount.h: how much open transactions have written, read from the log where no broker has counted.
#pragma once

#include "cli/txn/transaction_admin.h"

namespace tideline::cli {

// Fills in records, bytes and the time of the first record of those of the partition's transactions that have none yet. Reads
// the partition from the oldest of them on; what is longer than a few hundred megabytes stays unknown.
Outcome<> count_written(KafkaClient& client, PartitionState& partition);

}  // namespace tideline::cli
