// cli/group/group_view.h: where a group is in each partition: what is committed, what the partition has, who reads it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/group/group_admin.h"
#include "cli/json.h"

namespace tideline::cli {

struct PartitionView {
    TopicPartition at;
    std::optional<std::int64_t> committed;
    std::int64_t earliest = -1;  // -1, as latest: the partition is not there any more
    std::int64_t latest = -1;
    std::string member;          // who reads it; empty when nobody does

    // Records the group has still to read; none when nothing is committed.
    std::optional<std::int64_t> lag() const;
    // Records that retention deleted before the group read them.
    std::int64_t lost() const;
};

struct GroupView {
    GroupDescription description;
    std::vector<PartitionView> partitions;  // committed or assigned ones, by topic and partition

    std::int64_t total_lag() const;
};

// A group that has neither members nor offsets is GROUP_ID_NOT_FOUND.
Outcome<GroupView> look_at_group(KafkaClient& client, const std::string& group);

// Fills earliest and latest; what has no topic or no such partition keeps -1.
Outcome<> look_up_bounds(KafkaClient& client, std::vector<PartitionView>& partitions);

// The timestamp of the first record from `offset` on; none when it does not come in time.
std::optional<std::int64_t> timestamp_at(KafkaClient& client, const TopicPartition& at, std::int64_t offset);

// What each partition takes on its leader's disk. Those whose leader could not be asked are left out.
Outcome<std::map<TopicPartition, std::int64_t>> look_up_sizes(KafkaClient& client, const std::vector<PartitionView>& partitions);

Json to_json(const PartitionView& partition);
Json to_json(const std::vector<TopicPartition>& partitions);
Json to_json(const GroupMember& member);

// "orders-0, orders-2"
std::string joined(const std::vector<TopicPartition>& partitions);

// Calls `show` once, or until Ctrl-C every so many seconds, on a terminal each time over the last.
Outcome<ExitCode> repeat(KafkaClient& client, Console& console, const std::optional<double>& every_seconds,
                         const std::function<Outcome<>()>& show);

}  // namespace tideline::cli
