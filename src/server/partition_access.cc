#include "server/partition_access.h"

namespace tideline::server {

Located locate(const ShardServer& server, const cluster::TopicImage* topic, std::int32_t partition, ErrorCode unknown_topic) {
    if (topic == nullptr) {
        return {.error = unknown_topic, .topic_id = {}, .owner = 0};
    }
    if (topic->partition(partition) == nullptr) {
        return {.error = ErrorCode::unknown_topic_or_partition, .topic_id = topic->id, .owner = 0};
    }
    return {.error = ErrorCode::none,
            .topic_id = topic->id,
            .owner = cluster::shard_of(topic->id, partition, server.shard_count())};
}

Located locate(const ShardServer& server, const cluster::MetadataImage& image, std::string_view topic, std::int32_t partition) {
    return locate(server, image.topic(topic), partition, ErrorCode::unknown_topic_or_partition);
}

Located locate(const ShardServer& server, const cluster::MetadataImage& image, const base::Uuid& topic_id,
               std::int32_t partition) {
    return locate(server, image.topic(topic_id), partition, ErrorCode::unknown_topic_id);
}

}  // namespace tideline::server
