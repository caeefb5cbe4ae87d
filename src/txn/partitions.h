// txn/partitions.h: partitions by the names of their topics: a set, and a list as requests and markers have it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tideline::txn {

struct TopicPartitions {
    std::string topic;
    std::vector<std::int32_t> partitions;

    friend bool operator==(const TopicPartitions&, const TopicPartitions&) = default;
};
using PartitionList = std::vector<TopicPartitions>;

std::size_t count_of(const PartitionList& list);

class PartitionSet {
public:
    PartitionSet() = default;
    explicit PartitionSet(const PartitionList& list);

    bool add(std::string_view topic, std::int32_t partition);  // false if it was there
    bool remove(std::string_view topic, std::int32_t partition);
    bool contains(std::string_view topic, std::int32_t partition) const;
    bool contains_all(const PartitionList& list) const;

    bool empty() const { return topics_.empty(); }
    std::size_t size() const;
    PartitionList list() const;  // by topic and partition
    // What they take in a record, at most.
    std::size_t record_bytes() const;

    friend bool operator==(const PartitionSet&, const PartitionSet&) = default;

private:
    std::map<std::string, std::vector<std::int32_t>, std::less<>> topics_;  // sorted; no topic without partitions
};

}  // namespace tideline::txn
