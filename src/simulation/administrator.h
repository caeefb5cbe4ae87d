// simulation/administrator.h: a simulated operator: topics come, change and go, and what was acknowledged is looked for.
#pragma once

#include "simulation/stage.h"

namespace tideline::simulation {

struct TopicWish {
    std::string name;
    std::int32_t partitions = 1;
    bool is_recreated = false;
    std::vector<std::pair<std::string, std::string>> configs;
};

// Creates a topic; tries until the broker has answered for certain.
Task<void> create_topic(Stage& stage, TopicWish wish, std::uint64_t seed);
// One more partition for every topic that stays.
Task<void> grow_topics(Stage& stage, std::uint64_t seed);
// Creates, changes and deletes until the storm is over; then checks all that was acknowledged.
Task<void> run_administrator(Stage& stage, std::uint64_t seed);

}  // namespace tideline::simulation
