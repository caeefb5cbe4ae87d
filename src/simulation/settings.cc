#include "simulation/settings.h"

#include <fmt/format.h>

namespace tideline::simulation {

Fixed draw_fixed(runtime::Random& random) {
    Fixed fixed{.directories = {"/data"}, .coordinator_partitions = std::to_string(1 + random.below(3)), .is_replicated = random.chance(5)};
    if (random.chance(3)) {
        fixed.directories.push_back("/more");
    }
    return fixed;
}

NodeSettings draw_settings(runtime::Random& random, const Fixed& fixed) {
    auto either = [&](std::string_view a, std::string_view b) { return std::string(random.chance(2) ? a : b); };
    NodeSettings settings{.shards = static_cast<unsigned>(1 + random.below(kShardsMax)), .properties = {}};
    settings.properties = {
        {"tideline.durability", fixed.is_replicated ? "replicated" : "fsync"},
        {"log.retention.check.interval.ms", either("300", "2000")},
        {"log.initial.task.delay.ms", either("0", "500")},
        {"replica.high.watermark.checkpoint.interval.ms", either("100", "5000")},
        {"socket.request.max.bytes", "1048576"},
        {"tideline.request.memory.bytes", either("1048576", "268435456")},
        {"max.incremental.fetch.session.cache.slots", either("1", "1000")},
        {"metadata.log.max.record.bytes.between.snapshots", either("1000", "20971520")},
        {"producer.id.expiration.ms", "86400000"},
        {"offsets.topic.num.partitions", fixed.coordinator_partitions},
        {"transaction.state.log.num.partitions", fixed.coordinator_partitions},
        {"transaction.abort.timed.out.transaction.cleanup.interval.ms", either("100", "1000")},
        {"offsets.topic.segment.bytes", either("1048576", "104857600")},
        {"group.initial.rebalance.delay.ms", either("0", "300")},
        {"group.min.session.timeout.ms", "100"},
        {"group.consumer.min.heartbeat.interval.ms", "100"},
        {"group.consumer.heartbeat.interval.ms", "100"},
        {"group.consumer.min.session.timeout.ms", "500"},
        {"group.consumer.session.timeout.ms", either("700", "5000")},
    };
    return settings;
}

std::vector<TopicWish> draw_topics(runtime::Random& random) {
    std::vector<TopicWish> topics;
    std::uint64_t count = 1 + random.below(2);
    for (std::uint64_t i = 0; i < count; ++i) {
        TopicWish wish{.name = fmt::format("lasting-{}", i), .partitions = static_cast<std::int32_t>(1 + random.below(3)), .configs = {}};
        if (random.chance(2)) {
            wish.configs = {{"segment.index.bytes", "24"}, {"index.interval.bytes", "0"}};
        }
        if (random.chance(2)) {
            bool is_brief = random.chance(2);  // so that whole logs expire
            wish.configs.emplace_back("segment.ms", is_brief ? "100" : "400");
            wish.configs.emplace_back("retention.ms", is_brief ? "200" : "1500");
            wish.configs.emplace_back("file.delete.delay.ms", "500");
        }
        if (random.chance(4)) {
            wish.configs.emplace_back("compression.type", "lz4");
        }
        if (random.chance(4)) {
            wish.configs.emplace_back("message.timestamp.type", "LogAppendTime");
        }
        topics.push_back(std::move(wish));
    }
    return topics;
}

}  // namespace tideline::simulation
