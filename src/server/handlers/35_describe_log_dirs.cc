// server/handlers/35_describe_log_dirs.cc: DescribeLogDirs, versions 1–4.
// v2 flexible   v3 top-level error   v4 total and usable bytes (KIP-827)

#include <map>

#include "server/broker.h"
#include "server/handlers/handlers.h"
#include "server/partition_access.h"

namespace tideline::server {

using protocol::DescribeLogDirsRequest;
using protocol::DescribeLogDirsResponse;
using runtime::Task;

namespace {

struct SizeItem {
    Located at;
    std::int32_t partition = 0;
    std::string topic;
    const cluster::LogDir* directory = nullptr;
    std::int64_t size_bytes = 0;
};

std::vector<SizeItem> items_of(ShardServer& server, const cluster::MetadataImage& image, const DescribeLogDirsRequest& request) {
    std::vector<SizeItem> items;
    auto add = [&](const std::string& topic, std::int32_t partition) {
        Located at = locate(server, image, topic, partition);
        if (at.error == ErrorCode::none) {
            items.push_back({.at = at, .partition = partition, .topic = topic});
        }
    };
    if (!request.topics) {
        for (const auto& topic : image.topics()) {
            for (std::int32_t index = 0; index < topic->partition_count(); ++index) {
                add(topic->name, index);
            }
        }
        return items;
    }
    for (const auto& topic : *request.topics) {
        for (std::int32_t partition : topic.partitions) {
            add(topic.topic, partition);
        }
    }
    return items;
}

Task<void> add_space(runtime::Shard& shard, const cluster::LogDir& directory, DescribeLogDirsResponse::DescribeLogDirsResult& row) {
    runtime::FileSystem& files = shard.files();
    auto space = co_await runtime::offload(shard, [&] { return files.space(directory.path()); });
    if (space) {
        row.total_bytes = static_cast<std::int64_t>(space->total_bytes);
        row.usable_bytes = static_cast<std::int64_t>(space->usable_bytes);
    }
}

}  // namespace

Task<DescribeLogDirsResponse> handle_describe_log_dirs(RequestContext& context, DescribeLogDirsRequest& request) {
    cluster::ImagePtr image = context.server.image();
    std::vector<SizeItem> items = items_of(context.server, *image, request);
    co_await for_each_on_owner(context.server, items, [](ShardServer&, cluster::Partition& partition, SizeItem& item) {
        item.directory = &partition.directory();
        item.size_bytes = partition.log().sizes().size_in_bytes;
    });
    DescribeLogDirsResponse response;
    for (const auto& directory : context.server.broker().log_dirs()) {
        auto& row = response.results.emplace_back();
        row.log_dir = directory->path();
        if (directory->is_failed()) {
            row.error_code = ErrorCode::kafka_storage_error;
            continue;
        }
        std::map<std::string, std::vector<const SizeItem*>> by_topic;
        for (const SizeItem& item : items) {
            if (item.directory == directory.get()) {
                by_topic[item.topic].push_back(&item);
            }
        }
        for (const auto& [name, partitions] : by_topic) {
            auto& topic = row.topics.emplace_back();
            topic.name = name;
            for (const SizeItem* item : partitions) {
                topic.partitions.push_back({.partition_index = item->partition, .partition_size = item->size_bytes});
            }
        }
        co_await add_space(context.server.shard(), *directory, row);
    }
    co_return response;
}

}  // namespace tideline::server
