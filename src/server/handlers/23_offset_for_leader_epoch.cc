// server/handlers/23_offset_for_leader_epoch.cc: OffsetForLeaderEpoch, versions 2–4.
// v3 replica id   v4 flexible

#include "server/broker.h"
#include "server/handlers/handlers.h"
#include "server/partition_access.h"

namespace tideline::server {

using protocol::OffsetForLeaderEpochRequest;
using protocol::OffsetForLeaderEpochResponse;
using runtime::Task;

namespace {

struct EpochItem {
    Located at;
    std::int32_t partition = 0;
    OffsetForLeaderEpochRequest::OffsetForLeaderPartition wanted;
    OffsetForLeaderEpochResponse::EpochEndOffset row;
};

void find_end(cluster::Partition& partition, EpochItem& item) {
    if (auto epoch = partition.check_epoch(item.wanted.current_leader_epoch); !epoch) {
        item.row.error_code = epoch.error().code;
        return;
    }
    log::EpochEnd end = partition.log().leader_epochs().end_offset_for(item.wanted.leader_epoch, partition.log().next_offset());
    item.row.leader_epoch = end.epoch;
    item.row.end_offset = end.end_offset;
}

}  // namespace

Task<OffsetForLeaderEpochResponse> handle_offset_for_leader_epoch(RequestContext& context, OffsetForLeaderEpochRequest& request) {
    cluster::ImagePtr image = context.server.image();
    std::vector<EpochItem> items;
    for (const auto& topic : request.topics) {
        for (const auto& wanted : topic.partitions) {
            EpochItem item{.at = locate(context.server, *image, topic.topic, wanted.partition),
                           .partition = wanted.partition,
                           .wanted = wanted,
                           .row = {}};
            item.row.partition = wanted.partition;
            items.push_back(std::move(item));
        }
    }
    co_await for_each_on_owner(context.server, items, [](ShardServer&, cluster::Partition& partition, EpochItem& item) {
        find_end(partition, item);
    });
    OffsetForLeaderEpochResponse response;
    auto item = items.begin();
    for (const auto& topic : request.topics) {
        auto& rows = response.topics.emplace_back();
        rows.topic = topic.topic;
        for (std::size_t i = 0; i < topic.partitions.size(); ++i, ++item) {
            if (item->at.error != ErrorCode::none) {
                item->row.error_code = item->at.error;
            }
            rows.partitions.push_back(item->row);
        }
    }
    co_return response;
}

}  // namespace tideline::server
