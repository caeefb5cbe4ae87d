#include "cluster/placement.h"

#include <fmt/format.h>

#include <algorithm>

namespace tideline::cluster {

namespace {

// Where a new replica goes: the broker decides among several directories and tells later (KIP-858).
Uuid directory_for(const BrokerRegistration& broker) {
    if (broker.directories.empty()) {
        return Uuid{};  // a broker from before directories had ids
    }
    return broker.directories.size() == 1 ? broker.directories.front() : kUnassignedDirectory;
}

NewPartition begin_on(const MetadataImage& image, const std::vector<std::int32_t>& brokers) {
    NewPartition partition;
    partition.replicas = brokers;
    for (std::int32_t id : brokers) {
        const BrokerRegistration& broker = *image.broker(id);
        partition.directories.push_back(directory_for(broker));
        if (broker.is_active()) {
            partition.isr.push_back(id);
        }
    }
    partition.leader = partition.isr.empty() ? kNoLeader : partition.isr.front();
    return partition;
}

}  // namespace

std::expected<std::vector<NewPartition>, ApiError> place(const MetadataImage& image, std::int32_t partitions,
                                                         std::int32_t replication_factor, std::uint64_t random) {
    std::vector<std::int32_t> active;
    std::vector<std::int32_t> idle;
    for (const auto& [id, broker] : image.brokers()) {
        (broker.is_active() ? active : idle).push_back(id);
    }
    auto refuse = [&](std::string why) {
        return std::unexpected(ApiError{ErrorCode::invalid_replication_factor,
                                        fmt::format("Unable to replicate the partition {} time(s): {}", replication_factor, std::move(why))});
    };
    if (active.empty()) {
        return refuse("no broker is active");
    }
    if (static_cast<std::size_t>(replication_factor) > active.size() + idle.size()) {
        return refuse(fmt::format("only {} broker(s) are registered", active.size() + idle.size()));
    }
    std::vector<NewPartition> placed;
    placed.reserve(static_cast<std::size_t>(partitions));
    for (std::int32_t index = 0; index < partitions; ++index) {
        std::size_t first = (random + static_cast<std::uint64_t>(index)) % active.size();
        std::vector<std::int32_t> brokers;
        for (std::size_t i = 0; i < static_cast<std::size_t>(replication_factor); ++i) {
            brokers.push_back(i < active.size() ? active[(first + i) % active.size()] : idle[i - active.size()]);
        }
        placed.push_back(begin_on(image, brokers));
    }
    return placed;
}

std::expected<NewPartition, ApiError> place_on(const MetadataImage& image, const std::vector<std::int32_t>& brokers,
                                               std::optional<std::size_t> replication_factor, std::int32_t partition_index) {
    auto refuse = [&](std::string why) {
        return std::unexpected(ApiError{ErrorCode::invalid_replica_assignment,
                                        fmt::format("the assignment of partition {} {}", partition_index, std::move(why))});
    };
    if (brokers.empty()) {
        return refuse("names no replica");
    }
    std::vector<std::int32_t> sorted = brokers;
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        if (image.broker(sorted[i]) == nullptr) {
            return refuse(fmt::format("names broker {}, which is not registered", sorted[i]));
        }
        if (i > 0 && sorted[i] == sorted[i - 1]) {
            return refuse(fmt::format("names broker {} twice", sorted[i]));
        }
    }
    if (replication_factor && *replication_factor != brokers.size()) {
        return refuse(fmt::format("has {} replica(s), but other partitions have {}", brokers.size(), *replication_factor));
    }
    NewPartition partition = begin_on(image, brokers);
    if (partition.isr.empty()) {
        return refuse("names only brokers that are fenced or shutting down");
    }
    return partition;
}

}  // namespace tideline::cluster
