#include "group/assignment.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tideline::group {

namespace {

// `combine` is one of the set algorithms of the standard library. Topics that end up empty are left out.
template <class Combine>
void add_topic(Assignment& out, const Uuid& topic, const PartitionList& a, const PartitionList& b, Combine combine) {
    PartitionList partitions;
    combine(a, b, partitions);
    if (!partitions.empty()) {
        out.emplace_hint(out.end(), topic, std::move(partitions));
    }
}

const PartitionList& partitions_of(const Assignment& assignment, const Uuid& topic) {
    static const PartitionList none;
    const auto found = assignment.find(topic);
    return found == assignment.end() ? none : found->second;
}

}  // namespace

bool contains(const Assignment& assignment, const Uuid& topic, std::int32_t partition) {
    const PartitionList& partitions = partitions_of(assignment, topic);
    return std::ranges::binary_search(partitions, partition);
}

std::size_t partition_count(const Assignment& assignment) {
    std::size_t count = 0;
    for (const auto& [topic, partitions] : assignment) {
        count += partitions.size();
    }
    return count;
}

Assignment difference(const Assignment& from, const Assignment& without) {
    Assignment out;
    for (const auto& [topic, partitions] : from) {
        add_topic(out, topic, partitions, partitions_of(without, topic), [](const auto& a, const auto& b, auto& to) {
            std::ranges::set_difference(a, b, std::back_inserter(to));
        });
    }
    return out;
}

Assignment intersection(const Assignment& a, const Assignment& b) {
    Assignment out;
    for (const auto& [topic, partitions] : a) {
        add_topic(out, topic, partitions, partitions_of(b, topic), [](const auto& x, const auto& y, auto& to) {
            std::ranges::set_intersection(x, y, std::back_inserter(to));
        });
    }
    return out;
}

Assignment united(const Assignment& a, const Assignment& b) {
    Assignment out = a;
    for (const auto& [topic, partitions] : b) {
        PartitionList both;
        std::ranges::set_union(partitions_of(a, topic), partitions, std::back_inserter(both));
        out[topic] = std::move(both);
    }
    return out;
}

}  // namespace tideline::group
