// How many bytes partitions take: DescribeLogDirs, which librdkafka 2.0 cannot ask, of each leader.
#include <algorithm>

#include "base/result.h"
#include "cli/broker_link.h"
#include "cli/group/group_view.h"
#include "protocol/messages/describe_log_dirs.h"

namespace tideline::cli {
namespace {

using protocol::DescribeLogDirsRequest;
using protocol::DescribeLogDirsResponse;

using ByLeader = std::map<std::int32_t, std::map<std::string, std::vector<std::int32_t>>>;

ByLeader by_leader(const Metadata& metadata, const std::vector<PartitionView>& partitions) {
    ByLeader asked;
    for (const PartitionView& view : partitions) {
        auto topic = metadata.topics.find(view.at.topic);
        if (topic == metadata.topics.end()) {
            continue;
        }
        auto partition = std::ranges::find(topic->second.partitions, view.at.partition, &PartitionInfo::id);
        if (partition != topic->second.partitions.end()) {
            asked[partition->leader][view.at.topic].push_back(view.at.partition);
        }
    }
    return asked;
}

}  // namespace

Outcome<std::map<TopicPartition, std::int64_t>> look_up_sizes(KafkaClient& client, const std::vector<PartitionView>& partitions) {
    TL_TRY(metadata, client.metadata());
    std::map<TopicPartition, std::int64_t> sizes;
    for (const auto& [leader, topics] : by_leader(metadata, partitions)) {
        auto broker = std::ranges::find(metadata.brokers, leader, &BrokerInfo::id);
        if (broker == metadata.brokers.end()) {
            continue;
        }
        DescribeLogDirsRequest request;
        auto& wanted = request.topics.emplace();
        for (const auto& [topic, ids] : topics) {
            wanted.push_back({.topic = topic, .partitions = ids});
        }
        BrokerLink link(client.options(), broker->host, broker->port);
        auto answer = link.ask<DescribeLogDirsRequest, DescribeLogDirsResponse>(request, "ask for the size of partitions");
        if (!answer) {
            continue;  // known or not: a preview without bytes is better than none
        }
        for (const auto& directory : answer->results) {
            for (const auto& topic : directory.topics) {
                for (const auto& partition : topic.partitions) {
                    if (!partition.is_future_key) {
                        sizes[{topic.name, partition.partition_index}] = partition.partition_size;
                    }
                }
            }
        }
    }
    return sizes;
}

}  // namespace tideline::cli
