// simulation/member.h: members of groups: they join, heartbeat, commit, fetch what is committed, crash and join again.
//
// One group speaks the classic protocol, one the consumer protocol (KIP-848). They own partitions of a topic that stays and commit
// offsets that nobody else would, see GroupBook; records are the consumers' business.
#pragma once

#include "simulation/stage.h"

namespace tideline::simulation {

inline constexpr std::string_view kClassicGroup = "classic";
inline constexpr std::string_view kConsumerGroup = "consumer";

// Joins again and again until the storm is over; then commits once more and goes.
Task<void> run_classic_member(Stage& stage, std::uint64_t seed);
Task<void> run_consumer_member(Stage& stage, std::uint64_t seed);
// A topic that grows, and two members of each group, who come and go.
Task<void> run_group_day(Stage& stage, std::uint64_t seed);
// What both groups have committed, of all partitions of all topics that stay. Needs everything to be at rest.
Task<void> check_committed(Stage& stage, std::uint64_t seed);

}  // namespace tideline::simulation
