// OffsetManager: offsets that go: with their group, with their topic, or because nobody needed them for too long.
#include "group/offset_manager.h"

namespace tideline::group {

namespace {

std::int64_t expiry_of(const CommittedOffset& offset, const OffsetClock& clock, std::int64_t retention_ms) {
    if (offset.expire_timestamp_ms != -1) {
        return offset.expire_timestamp_ms;
    }
    // Old versions of the commit let the client say when it was made.
    const std::int64_t since_ms = std::max<std::int64_t>(clock.since_ms.value_or(offset.commit_timestamp_ms), 0);
    return since_ms + std::min(retention_ms, std::numeric_limits<std::int64_t>::max() - since_ms);
}

}  // namespace

void OffsetManager::delete_all(const std::string& group_id, Effects& out) {
    auto places = store_.pending_places(group_id);
    if (const auto* topics = store_.find(group_id)) {
        for (const auto& [topic, partitions] : *topics) {
            for (const auto& [partition, offset] : partitions) {
                places.emplace_back(topic, partition);
            }
        }
    }
    std::ranges::sort(places);
    auto [first, last] = std::ranges::unique(places);
    places.erase(first, last);
    for (const auto& [topic, partition] : places) {
        erase({.group = group_id, .topic = topic, .partition = partition}, out);
    }
}

bool OffsetManager::expire(const Group& group, const Now& now, Effects& out) {
    const auto* topics = store_.find(group.id());
    if (topics == nullptr) {
        return !store_.has_pending(group.id());
    }
    auto clock = group.offset_clock();
    if (!clock) {
        return false;
    }
    bool all_expired = true;
    struct Expired {
        std::string topic;
        std::int32_t partition;
        std::int64_t offset;
    };
    std::vector<Expired> expired;
    for (const auto& [topic, partitions] : *topics) {
        if (group.is_subscribed_to(topic)) {
            all_expired = false;
            continue;
        }
        for (const auto& [partition, offset] : partitions) {
            if (now.wall_ms >= expiry_of(offset, *clock, environment_.config.offsets_retention_ms) &&
                !store_.is_pending({.group = group.id(), .topic = topic, .partition = partition})) {
                expired.push_back({topic, partition, offset.offset});
            } else {
                all_expired = false;
            }
        }
    }
    for (const auto& [topic, partition, offset] : expired) {
        erase({.group = group.id(), .topic = topic, .partition = partition}, out);
        if (environment_.watcher != nullptr) {
            environment_.watcher->offset_expired(group.id(), topic, partition, offset);
        }
    }
    return all_expired && !store_.has_pending(group.id());
}

std::optional<std::int64_t> OffsetManager::first_expiry_ms(const Group& group) const {
    const auto* topics = store_.find(group.id());
    auto clock = group.offset_clock();
    if (topics == nullptr || !clock) {
        return std::nullopt;
    }
    std::optional<std::int64_t> first;
    for (const auto& [topic, partitions] : *topics) {
        if (group.is_subscribed_to(topic)) {
            continue;
        }
        for (const auto& [partition, offset] : partitions) {
            std::int64_t at_ms = expiry_of(offset, *clock, environment_.config.offsets_retention_ms);
            first = std::min(at_ms, first.value_or(at_ms));
        }
    }
    return first;
}

void OffsetManager::topics_deleted(const std::vector<std::string>& names, Effects& out) {
    for (const auto& name : names) {
        for (const auto& [group, partition] : store_.places_of_topic(name)) {
            erase({.group = group, .topic = name, .partition = partition}, out);
        }
    }
}

void OffsetManager::drop_deleted(Effects& out) {
    auto is_gone = [this](std::string_view name, const CommittedOffset& offset) {
        auto topic = environment_.topics.find(name);
        return !topic || (!offset.topic_id.is_zero() && offset.topic_id != topic->id);
    };
    for (const auto& place : store_.places_where(is_gone)) {
        erase({.group = place.group, .topic = place.topic, .partition = place.partition}, out);
    }
}

void OffsetManager::print_durable(std::string& out) const {
    for (const auto& group : store_.group_ids()) {
        const auto* topics = store_.find(group);
        std::map<std::string_view, const OffsetStore::Partitions*> sorted;
        for (const auto& [topic, partitions] : *topics) {
            sorted.emplace(topic, &partitions);
        }
        for (const auto& [topic, partitions] : sorted) {
            for (const auto& [partition, offset] : *partitions) {
                out += "offset " + group + " " + std::string(topic) + "-" + std::to_string(partition) + " = " +
                       std::to_string(offset.offset) + " epoch=" + std::to_string(offset.leader_epoch) + " metadata=" +
                       offset.metadata + " committed=" + std::to_string(offset.commit_timestamp_ms) + " expires=" +
                       std::to_string(offset.expire_timestamp_ms) + "\n";
            }
        }
    }
}

}  // namespace tideline::group
