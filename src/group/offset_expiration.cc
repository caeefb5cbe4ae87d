// OffsetManager: offsets that go: with their group, with their topic, or because nobody needed them for too long.
#include "group/offset_manager.h"

namespace tideline::group {

namespace {

bool is_expired(const CommittedOffset& offset, const OffsetClock& clock, std::int64_t now_ms, std::int64_t retention_ms) {
    if (offset.expire_timestamp_ms != -1) {
        return now_ms >= offset.expire_timestamp_ms;
    }
    return now_ms - clock.since_ms.value_or(offset.commit_timestamp_ms) >= retention_ms;
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
    std::vector<std::pair<std::string, std::int32_t>> expired;
    for (const auto& [topic, partitions] : *topics) {
        if (group.is_subscribed_to(topic)) {
            all_expired = false;
            continue;
        }
        for (const auto& [partition, offset] : partitions) {
            if (is_expired(offset, *clock, now.wall_ms, environment_.config.offsets_retention_ms) &&
                !store_.is_pending({.group = group.id(), .topic = topic, .partition = partition})) {
                expired.emplace_back(topic, partition);
            } else {
                all_expired = false;
            }
        }
    }
    for (const auto& [topic, partition] : expired) {
        erase({.group = group.id(), .topic = topic, .partition = partition}, out);
    }
    return all_expired && !store_.has_pending(group.id());
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
