// group/load_ranges.h: the least and the most loaded of some members, while partitions move between them.
//
//           ^ least                 most
// partition | loaded            [##<-  ]##
// count     | [..->  ]########  [######]##   <- these have nothing to give
//           | [######]########  [######]##
//           +------------------------------> members, by load
//
// Both ends go round among the members of one load: once each had its turn, the load of the range moves by one and the range takes in
// the neighbours that have that load by now. Each answer takes constant time on average.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "group/ownership.h"

namespace tideline::group {

class LoadRanges {
public:
    // Over the members of `subscribers`, of which there is at least one. Loads are read from `ownership`, which outlives it.
    LoadRanges(const Ownership& ownership, const std::vector<std::int32_t>& subscribers);

    // Who gets the next partition. The caller gives it to that member.
    std::int32_t next_least_loaded();
    // Who gives the next one away; nullopt when nobody is left. The caller takes one from it, or calls exclude().
    std::optional<std::int32_t> next_most_loaded();
    // The member that next_most_loaded() named has nothing to give.
    void exclude();
    // The two ends differ by one at most: to move more would improve nothing.
    bool balanced() const { return most_load_ - least_load_ <= 1; }

private:
    std::int32_t load_at(std::size_t index) const { return ownership_.load(members_[index]); }

    const Ownership& ownership_;
    std::vector<std::int32_t> members_;  // by load, then by number
    std::size_t least_end_ = 0;          // the least loaded are [0, least_end_)
    std::size_t next_least_ = 0;
    std::int32_t least_load_ = 0;
    std::size_t most_begin_ = 0;  // the most loaded are [most_begin_, most_end_)
    std::size_t most_end_ = 0;
    std::size_t next_most_ = 0;  // one behind the next
    std::int32_t most_load_ = 0;
};

}  // namespace tideline::group
