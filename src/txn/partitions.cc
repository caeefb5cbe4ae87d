#include "txn/partitions.h"

#include <algorithm>

namespace tideline::txn {

namespace {

constexpr std::size_t kTopicOverhead = 16;  // lengths of the name and the array, tagged fields
constexpr std::size_t kPartitionBytes = 4;

}  // namespace

std::size_t count_of(const PartitionList& list) {
    std::size_t count = 0;
    for (const auto& topic : list) {
        count += topic.partitions.size();
    }
    return count;
}

PartitionSet::PartitionSet(const PartitionList& list) {
    for (const auto& [topic, partitions] : list) {
        for (auto partition : partitions) {
            add(topic, partition);
        }
    }
}

bool PartitionSet::add(std::string_view topic, std::int32_t partition) {
    auto found = topics_.find(topic);
    if (found == topics_.end()) {
        found = topics_.emplace(topic, std::vector<std::int32_t>{}).first;
    }
    auto& partitions = found->second;
    auto at = std::ranges::lower_bound(partitions, partition);
    if (at != partitions.end() && *at == partition) {
        return false;
    }
    partitions.insert(at, partition);
    return true;
}

bool PartitionSet::remove(std::string_view topic, std::int32_t partition) {
    auto found = topics_.find(topic);
    if (found == topics_.end()) {
        return false;
    }
    auto& partitions = found->second;
    auto at = std::ranges::lower_bound(partitions, partition);
    if (at == partitions.end() || *at != partition) {
        return false;
    }
    partitions.erase(at);
    if (partitions.empty()) {
        topics_.erase(found);
    }
    return true;
}

bool PartitionSet::contains(std::string_view topic, std::int32_t partition) const {
    auto found = topics_.find(topic);
    return found != topics_.end() && std::ranges::binary_search(found->second, partition);
}

bool PartitionSet::contains_all(const PartitionList& list) const {
    return std::ranges::all_of(list, [this](const TopicPartitions& topic) {
        return std::ranges::all_of(topic.partitions, [&](std::int32_t partition) { return contains(topic.topic, partition); });
    });
}

std::size_t PartitionSet::size() const {
    std::size_t count = 0;
    for (const auto& [topic, partitions] : topics_) {
        count += partitions.size();
    }
    return count;
}

PartitionList PartitionSet::list() const {
    PartitionList out;
    out.reserve(topics_.size());
    for (const auto& [topic, partitions] : topics_) {
        out.push_back({.topic = topic, .partitions = partitions});
    }
    return out;
}

std::size_t PartitionSet::record_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [topic, partitions] : topics_) {
        bytes += kTopicOverhead + topic.size() + kPartitionBytes * partitions.size();
    }
    return bytes;
}

}  // namespace tideline::txn
