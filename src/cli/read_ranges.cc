#include "cli/read_ranges.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/terminal.h"

namespace tideline::cli {
namespace {

Outcome<std::vector<std::int32_t>> wanted_partitions(const TopicInfo& topic, const ConsumeOptions& options) {
    std::vector<std::int32_t> all;
    for (const PartitionInfo& partition : topic.partitions) {
        all.push_back(partition.id);
    }
    if (options.partitions.empty()) {
        return all;
    }
    for (std::int32_t wanted : options.partitions) {
        if (!std::ranges::binary_search(all, wanted)) {
            return std::unexpected(Failure{ExitCode::refused,
                                           fmt::format("topic '{}' has no partition {}", topic.name, wanted),
                                           fmt::format("It has {}", all.size()), "UNKNOWN_TOPIC_OR_PARTITION"});
        }
    }
    std::set<std::int32_t> once(options.partitions.begin(), options.partitions.end());
    return std::vector<std::int32_t>(once.begin(), once.end());
}

Outcome<std::vector<PartitionBounds>> bounds_of(KafkaClient& client, const TopicInfo& topic,
                                                const std::vector<std::int32_t>& partitions, const Position& from,
                                                const std::optional<Position>& until) {
    using Offsets = std::map<std::int32_t, std::int64_t>;
    TL_TRY(earliest, client.offsets_at(topic, partitions, RD_KAFKA_OFFSET_BEGINNING));
    TL_TRY(latest, client.offsets_at(topic, partitions, RD_KAFKA_OFFSET_END));
    Offsets from_times;
    Offsets until_times;
    if (from.kind == Position::Kind::time) {
        TL_TRY(found, client.offsets_at(topic, partitions, from.value));
        from_times = found;
    }
    if (until && until->kind == Position::Kind::time) {
        TL_TRY(found, client.offsets_at(topic, partitions, until->value));
        until_times = found;
    }
    auto at = [](const Offsets& offsets, std::int32_t partition) {
        auto found = offsets.find(partition);
        return found == offsets.end() ? std::int64_t{-1} : found->second;
    };
    std::vector<PartitionBounds> bounds;
    for (std::int32_t partition : partitions) {
        bounds.push_back({partition, at(earliest, partition), at(latest, partition), at(from_times, partition),
                          at(until_times, partition)});
    }
    return bounds;
}

}  // namespace

Outcome<std::vector<ReadRange>> find_ranges(KafkaClient& client, const ConsumeOptions& options,
                                            std::vector<std::string>& warnings) {
    auto offset = [](std::int64_t local) { return terminal::local_utc_offset(local); };
    TL_TRY(from, parse_position(options.from, terminal::wall_ms(), offset));
    std::optional<Position> until;
    if (options.until) {
        TL_TRY(position, parse_position(*options.until, terminal::wall_ms(), offset));
        until = position;
    }
    TL_TRY(topics, client.topics({options.topic}));
    TL_TRY(partitions, wanted_partitions(topics.front(), options));
    TL_TRY(bounds, bounds_of(client, topics.front(), partitions, from, until));
    std::vector<ReadRange> ranges;
    for (const PartitionBounds& bound : bounds) {
        ReadRange range = resolve(bound, from, until, options.follow, warnings);
        if (!range.is_empty()) {
            ranges.push_back(range);
        }
    }
    return ranges;
}

}  // namespace tideline::cli
