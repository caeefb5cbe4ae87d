// cli/txn/txn_view.h: how transactions are shown, to people and as JSON.
#pragma once

#include <string>

#include "cli/console.h"
#include "cli/json.h"
#include "cli/txn/transaction_facts.h"

namespace tideline::cli {

std::string place_text(const TopicPartition& at);  // "orders-0"
std::string client_text(const std::optional<ClientName>& client);
std::string group_text(const WaitingGroup& group, const PartitionState& partition);
std::string command_text(const std::string& words, const ClientOptions& client);  // "tideline …", with --bootstrap where that is needed

Json to_json(const std::optional<ClientName>& client);
Json to_json(const WaitingGroup& group, const PartitionState& partition);
Json to_json(const OpenTransaction& transaction, const TransactionFacts& facts);
Json to_json(const PartitionState& partition, const TransactionFacts& facts);
Json time_json(const std::optional<std::int64_t>& ms);

// The partition, what is open in it and who waits, as a block of lines.
void print_partition(Console& console, const PartitionState& partition, const TransactionFacts& facts, const ClientOptions& client);

}  // namespace tideline::cli
