// cli/txn/transaction_facts.h: what partitions, coordinators and Tideline's brokers each know of transactions, put together.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/txn/transaction_admin.h"
#include "cli/txn/verdict.h"
#include "cli/txn/waiting_groups.h"

namespace tideline::cli {

struct TransactionFacts {
    std::int64_t now_ms = 0;  // by the brokers' clock where one tells it
    // Since when brokers have watched; none when they are not Tideline's.
    std::optional<std::int64_t> watched_since_ms;
    std::int64_t abort_interval_ms = 10'000;  // Kafka's default
    std::vector<PartitionState> partitions;   // that are held back, by topic and partition
    std::vector<PartitionState> free;         // that are not
    std::map<std::string, CoordinatedTransaction> coordinated;
    std::vector<WaitingGroup> groups;

    const CoordinatedTransaction* by_producer(std::int64_t producer_id) const;
    const CoordinatedTransaction* by_id(const std::string& transactional_id) const;
    Verdict verdict_on(const OpenTransaction& transaction) const;
    // What it is known by: the coordinator's word counts more than the producer's.
    std::string transactional_id_of(const OpenTransaction& transaction) const;
    std::vector<const WaitingGroup*> groups_at(const TopicPartition& at) const;
};

// Who sent a row of a TransactionTrail.
template <class Row>
ClientName client_of(const Row& row) {
    return {row.client_id, row.client_host + ":" + std::to_string(row.client_port), row.software, row.is_connected};
}

// All partitions there are; those of internal topics, too.
std::vector<TopicPartition> all_partitions(const Metadata& metadata);
// Those of "orders", "orders:0,2"; all when nothing is chosen.
Outcome<std::vector<TopicPartition>> chosen_partitions(const Metadata& metadata, const std::vector<std::string>& topics);

// Everything about the transactions that are open in these partitions. What turns out not to be open any more after the
// coordinators were asked is left out, so that a transaction that ends at this moment is not taken for one that hangs.
Outcome<TransactionFacts> gather_facts(TransactionAdmin& admin, const std::vector<TopicPartition>& partitions, Unreachable partition_is);

}  // namespace tideline::cli
