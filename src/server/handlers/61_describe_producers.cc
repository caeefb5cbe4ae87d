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
    std::size_t producers = 0;
    DescribeProducersResponse::PartitionResponse row;
};

// A producer in the answer, and on the wire.
constexpr std::size_t kProducerBytes = 160;

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
    std::size_t count = 0;
    std::ranges::for_each(request.topics, [&](const auto& topic) { count += topic.partition_indexes.size(); });
    items.reserve(count);
    for (const auto& topic : request.topics) {
        const cluster::TopicImage* found = image->topic(topic.name);
        auto why_illegal = cluster::why_illegal_topic_name(topic.name);
        for (std::int32_t partition : topic.partition_indexes) {
            DescribeItem item{.at = locate(context.server, found, partition, ErrorCode::unknown_topic_or_partition),
                              .partition = partition,
                              .producers = 0,
                              .row = {}};
            if (why_illegal) {
                item.at.error = ErrorCode::invalid_topic_exception;
                item.row.error_message = *why_illegal;
            } else if (found == nullptr) {
                item.row.error_message = "there is no such topic";
            }
            item.row.partition_index = partition;
            items.push_back(std::move(item));
        }
    }
    co_await for_each_on_owner(context.server, items, [](ShardServer&, cluster::Partition& partition, DescribeItem& item) {
        item.producers = partition.log().producers().size();
    });
    std::size_t producers = 0;
    std::ranges::for_each(items, [&](const DescribeItem& item) { producers += item.producers; });
    bool has_memory = co_await context.memory.take(producers * kProducerBytes);
    if (!has_memory) {
        co_return DescribeProducersResponse{};
    }
    co_await for_each_on_owner(context.server, items, [](ShardServer&, cluster::Partition& partition, DescribeItem& item) {
        describe(partition, item);
    });
    DescribeProducersResponse response;
    auto item = items.begin();
    for (const auto& topic : request.topics) {
        auto& rows = response.topics.emplace_back();
        rows.name = topic.name;
        rows.partitions.reserve(topic.partition_indexes.size());
        for (std::size_t i = 0; i < topic.partition_indexes.size(); ++i, ++item) {
            item->row.error_code = item->at.error;
            rows.partitions.push_back(std::move(item->row));
        }
    }
    co_return response;
}

}  // namespace tideline::server
