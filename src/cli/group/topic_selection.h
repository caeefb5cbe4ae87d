// cli/group/topic_selection.h: --topic ORDERS and --topic ORDERS:0,2 as values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/failure.h"

namespace tideline::cli {

struct TopicSelection {
    std::string topic;
    std::vector<std::int32_t> partitions;  // none: all

    bool takes(std::int32_t partition) const;
};

Outcome<TopicSelection> parse_topic_selection(const std::string& text);
Outcome<std::vector<TopicSelection>> parse_topic_selections(const std::vector<std::string>& texts);

}  // namespace tideline::cli
