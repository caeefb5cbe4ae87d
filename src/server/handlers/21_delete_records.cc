// server/handlers/21_delete_records.cc: DeleteRecords, versions 0–2.
// v2 flexible

#include "server/broker.h"
#include "server/handlers/handlers.h"
#include "server/partition_access.h"

namespace tideline::server {

using protocol::DeleteRecordsRequest;
using protocol::DeleteRecordsResponse;
using runtime::Task;

namespace {

struct DeleteItem {
    Located at;
    std::int32_t partition = 0;
    log::Offset offset = 0;
    DeleteRecordsResponse::DeleteRecordsPartitionResult row;
};

void delete_one(cluster::Partition& partition, DeleteItem& item) {
    // As in Kafka, topics that are only compacted may not lose records by request; those that keep everything may.
    const log::LogConfig& config = partition.log().config();
    if (config.cleanup_compact && !config.cleanup_delete) {
        item.row.error_code = ErrorCode::policy_violation;
        return;
    }
    auto deleted = partition.delete_records_before(item.offset);
    if (!deleted) {
        item.row.error_code = deleted.error().code;
        return;
    }
    item.row.low_watermark = *deleted;
}

}  // namespace

Task<DeleteRecordsResponse> handle_delete_records(RequestContext& context, DeleteRecordsRequest& request) {
    constexpr std::int64_t kNoLowWatermark = -1;
    cluster::ImagePtr image = context.server.image();
    std::vector<DeleteItem> items;
    for (const auto& topic : request.topics) {
        const cluster::TopicImage* found = image->topic(topic.name);
        for (const auto& wanted : topic.partitions) {
            DeleteItem item{.at = locate(context.server, *image, topic.name, wanted.partition_index),
                            .partition = wanted.partition_index,
                            .offset = wanted.offset,
                            .row = {}};
            item.row.partition_index = wanted.partition_index;
            item.row.low_watermark = kNoLowWatermark;
            if (found != nullptr && found->is_internal()) {
                item.at.error = ErrorCode::invalid_topic_exception;
            }
            items.push_back(std::move(item));
        }
    }
    co_await for_each_on_owner(context.server, items, [](ShardServer&, cluster::Partition& partition, DeleteItem& item) {
        delete_one(partition, item);
    });
    DeleteRecordsResponse response;
    auto item = items.begin();
    for (const auto& topic : request.topics) {
        auto& rows = response.topics.emplace_back();
        rows.name = topic.name;
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
