// group/metadata_hash.h: one number for all that a group depends on in the topics it subscribes to (KIP-1101).
//
// It stands in the group's metadata record. Another number means: compute the target assignment anew.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "group/topics.h"

namespace tideline::group {

// Id, name, partition count and racks of one topic.
std::uint64_t topic_hash(const Topics& topics, const TopicInfo& topic);

// Of the topics that exist; `names` ascending. 0 when none does.
std::uint64_t metadata_hash(const Topics& topics, const std::vector<std::string_view>& names);

}  // namespace tideline::group
