// simulation/transactions.h: clients that are to be right to the record: feeders write an input in transactions, copiers make an output of each
// of its records and commit their place with it (read–process–write), readers of both isolations look on.
//
// Two instances may share a transactional id: each fences the other and goes on as a zombie until it hears of that. Some die in the middle.
// Everything is noted in Stage::recorder, and judged at the end by what history/ proves.
// Shard:  that of the clients.
#pragma once

#include "simulation/isolated_fetch.h"
#include "simulation/transactional_client.h"

namespace tideline::simulation {

inline constexpr std::string_view kCopiers = "copiers";  // the group

// An instance among those that share its transactional id.
struct Instance {
    std::string id;
    unsigned number = 0;  // the first one finishes what there is once the storm is over
    unsigned part = 0;    // of a copier: which of `parts` it processes
    unsigned parts = 1;
};

// The input and the output; tries until they are there.
Task<void> create_transaction_topics(Stage& stage, std::int32_t partitions, std::uint64_t seed);
Task<KnownTopic> wait_for_topic(Stage& stage, std::string_view name);
// Until the storm is over; then a transaction that must succeed.
Task<void> run_feeder(Stage& stage, Instance instance, std::uint64_t seed);
// Until the storm is over; then everything that the feeders wrote.
Task<void> run_copier(Stage& stage, Instance instance, std::uint64_t seed);
// Until everybody else has ended.
Task<void> run_isolated_reader(Stage& stage, Isolation isolation, std::uint64_t seed);

// A feeder and a copier of each protocol, one transaction after the other: a commit and an abort of each. `dies`: whoever is in the
// middle of a transaction when power is lost leaves it to the broker, and somebody else copies the rest.
Task<void> run_transaction_day(Stage& stage, bool dies, std::uint64_t seed);

// When all have ended: no transaction stays open, all input was copied, and everything is read once more by readers of both isolations.
// `process`: under which name that is noted, each time another one. Needs the topics.
Task<void> settle_transactions(Stage& stage, std::string process, std::uint64_t seed);

}  // namespace tideline::simulation
