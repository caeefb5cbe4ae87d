// group/consumer_records.h: the records of consumer groups, as Kafka 4.2 writes them.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "group/consumer_member.h"
#include "group/effects.h"
#include "group/subscriptions.h"

namespace tideline::group {

Record group_epoch_record(const std::string& group_id, std::int32_t epoch, std::uint64_t metadata_hash);
Record member_metadata_record(const std::string& group_id, const std::string& member_id, const MemberMetadata& metadata);
Record current_assignment_record(const std::string& group_id, const std::string& member_id, const CurrentAssignment& current);
Record target_assignment_record(const std::string& group_id, const std::string& member_id, const Assignment& target);
Record assignment_epoch_record(const std::string& group_id, std::int32_t epoch);
Record regex_record(const std::string& group_id, const std::string& regex, const ResolvedRegex& resolved);

Record group_epoch_tombstone(const std::string& group_id);
Record member_metadata_tombstone(const std::string& group_id, const std::string& member_id);
Record current_assignment_tombstone(const std::string& group_id, const std::string& member_id);
Record target_assignment_tombstone(const std::string& group_id, const std::string& member_id);
Record assignment_epoch_tombstone(const std::string& group_id);
Record regex_tombstone(const std::string& group_id, const std::string& regex);
Record partition_metadata_tombstone(const std::string& group_id);

// Lists of (topic id, partitions), as every message of the protocol has them, in our form. What others wrote may be out of order,
// repeated or empty.
template <class Topics>
Assignment to_assignment(const Topics& topics) {
    Assignment assignment;
    for (const auto& topic : topics) {
        PartitionList partitions = topic.partitions;
        std::ranges::sort(partitions);
        const auto repeated = std::ranges::unique(partitions);
        partitions.erase(repeated.begin(), repeated.end());
        if (partitions.empty()) {
            continue;
        }
        const auto [entry, is_new] = assignment.try_emplace(topic.topic_id, partitions);
        if (!is_new) {
            PartitionList both;
            std::ranges::set_union(entry->second, partitions, std::back_inserter(both));
            entry->second = std::move(both);
        }
    }
    return assignment;
}

template <class Topic>
std::vector<Topic> from_assignment(const Assignment& assignment) {
    std::vector<Topic> topics;
    topics.reserve(assignment.size());
    for (const auto& [id, partitions] : assignment) {
        Topic& topic = topics.emplace_back();
        topic.topic_id = id;
        topic.partitions = partitions;
    }
    return topics;
}

}  // namespace tideline::group
