// group/assignment.h: partitions by topic, as members of consumer groups have them assigned.
//
// Values, in the order of their ids: two assignments of the same partitions are equal, print and encode alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/uuid.h"

namespace tideline::group {

using base::Uuid;

// Ascending, each once.
using PartitionList = std::vector<std::int32_t>;

// Topic id → partitions; never with an empty list.
using Assignment = std::map<Uuid, PartitionList>;

bool contains(const Assignment& assignment, const Uuid& topic, std::int32_t partition);
std::size_t partition_count(const Assignment& assignment);

// What is in `from` and not in `without`.
Assignment difference(const Assignment& from, const Assignment& without);
// What is in both.
Assignment intersection(const Assignment& a, const Assignment& b);
// What is in either.
Assignment united(const Assignment& a, const Assignment& b);

}  // namespace tideline::group
