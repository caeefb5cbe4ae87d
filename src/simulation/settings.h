// simulation/settings.h: how brokers of a simulation are configured: drawn, extremes more often than not.
#pragma once

#include "runtime/random.h"
#include "simulation/administrator.h"
#include "simulation/node.h"

namespace tideline::simulation {

inline constexpr unsigned kShardsMax = 3;

// What stays for a whole simulation.
struct Fixed {
    std::vector<std::string> directories;
    std::string coordinator_partitions;  // of each of their topics
    bool is_replicated = false;  // tideline.durability: then a power cut may take records back, and only the process dies
};

Fixed draw_fixed(runtime::Random& random);
NodeSettings draw_settings(runtime::Random& random, const Fixed& fixed);
// What every simulation begins with.
std::vector<TopicWish> draw_topics(runtime::Random& random);

}  // namespace tideline::simulation
