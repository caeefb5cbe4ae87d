// server/handlers/61_describe_producers.cc: DescribeProducers, version 0.

#include "server/broker.h"
#include "server/handlers/handlers.h"
#include "server/partition_access.h"

namespace tideline::server {

using protocol::DescribeProducersRequest;
using protocol::DescribeProducersResponse;
using runtime::Task;

namespace {

struct DescribeItem {
    Located at;
    std::int32_t partition = 0;
    DescribeProducersResponse::PartitionResponse row;
};

void describe(cluster::Partition& partition, DescribeItem& item) {
    if (auto online = partition.check_online(); !online) {
        item.at.error = online.error().code;
        return;
    }
    for (const log::ProducerEntry& entry : partition.log().producers().entries()) {
        item.row.active_producers.push_back({.producer_id = entry.producer_id,
                                             .producer_epoch = entry.producer_epoch,
                                             .last_sequence = entry.last_sequence(),
                                             .last_timestamp = entry.last_timestamp,
                                             .coordinator_epoch = entry.coordinator_epoch,
                                             .current_txn_start_offset = entry.transaction_first_offset});
    }
}

}  // namespace

Task<DescribeProducersResponse> handle_describe_producers(RequestContext& context, DescribeProducersRequest& request) {
    cluster::ImagePtr image = context.server.image();
    std::vector<DescribeItem> items;
    for (const auto& topic : request.topics) {
        auto why_illegal = cluster::why_illegal_topic_name(topic.name);
        for (std::int32_t partition : topic.partition_indexes) {
            DescribeItem item{.at = locate(context.server, *image, topic.name, partition), .partition = partition, .row = {}};
            if (why_illegal) {
                item.at.error = ErrorCode::invalid_topic_exception;
                item.row.error_message = *why_illegal;
            } else if (image->topic(topic.name) == nullptr) {
                item.row.error_message = "there is no such topic";
            }
            item.row.partition_index = partition;
            items.push_back(std::move(item));
        }
    }
    co_await for_each_on_owner(context.server, items, [](ShardServer&, cluster::Partition& partition, DescribeItem& item) {
        describe(partition, item);
    });
    DescribeProducersResponse response;
    auto item = items.begin();
    for (const auto& topic : request.topics) {
        auto& rows = response.topics.emplace_back();
        rows.name = topic.name;
        for (std::size_t i = 0; i < topic.partition_indexes.size(); ++i, ++item) {
            item->row.error_code = item->at.error;
            rows.partitions.push_back(std::move(item->row));
        }
    }
    co_return response;
}

}  // namespace tideline::server
