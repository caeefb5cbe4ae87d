#include "group/offset_store.h"

namespace tideline::group {

namespace {

// operator[] of a map with string keys, without making a string for a key that is there.
template <class Map>
typename Map::mapped_type& slot(Map& map, std::string_view key) {
    auto found = map.find(key);
    return found != map.end() ? found->second : map.emplace(std::string(key), typename Map::mapped_type{}).first->second;
}

}  // namespace

const OffsetStore::Topics* OffsetStore::find(std::string_view group) const {
    auto found = committed_.find(group);
    return found == committed_.end() ? nullptr : &found->second;
}

const CommittedOffset* OffsetStore::find(const OffsetPlace& place) const {
    const auto* topics = find(place.group);
    if (topics == nullptr) {
        return nullptr;
    }
    auto topic = topics->find(place.topic);
    if (topic == topics->end()) {
        return nullptr;
    }
    auto partition = topic->second.find(place.partition);
    return partition == topic->second.end() ? nullptr : &partition->second;
}

std::optional<std::int64_t> OffsetStore::put(const OffsetPlace& place, CommittedOffset offset) {
    offset.order = ++last_order_;
    auto [at, added] = slot(slot(committed_, place.group), place.topic).try_emplace(place.partition);
    auto replaced = added ? std::nullopt : std::optional(at->second.offset);
    at->second = std::move(offset);
    size_ += added ? 1 : 0;
    return replaced;
}

void OffsetStore::put_pending(std::int64_t producer_id, const OffsetPlace& place, CommittedOffset offset) {
    offset.order = ++last_order_;
    slot(slot(pending_[producer_id], place.group), place.topic)[place.partition] = std::move(offset);
    slot(slot(open_, place.group), place.topic)[place.partition].insert(producer_id);
}

bool OffsetStore::erase(Groups& groups, const OffsetPlace& place) {
    auto group = groups.find(place.group);
    if (group == groups.end()) {
        return false;
    }
    auto topic = group->second.find(place.topic);
    if (topic == group->second.end() || topic->second.erase(place.partition) == 0) {
        return false;
    }
    if (topic->second.empty()) {
        group->second.erase(topic);
    }
    if (group->second.empty()) {
        groups.erase(group);
    }
    return true;
}

void OffsetStore::remove(const OffsetPlace& place) {
    size_ -= erase(committed_, place) ? 1 : 0;
    auto group = open_.find(place.group);
    if (group == open_.end()) {
        return;
    }
    auto topic = group->second.find(place.topic);
    if (topic == group->second.end()) {
        return;
    }
    auto producers = topic->second.find(place.partition);
    if (producers == topic->second.end()) {
        return;
    }
    for (auto producer_id : producers->second) {
        if (auto pending = pending_.find(producer_id); pending != pending_.end()) {
            erase(pending->second, place);
        }
    }
    topic->second.erase(producers);
    if (topic->second.empty()) {
        group->second.erase(topic);
    }
    if (group->second.empty()) {
        open_.erase(group);
    }
}

void OffsetStore::end_transaction(std::int64_t producer_id, bool committed) {
    auto ended = pending_.extract(producer_id);
    if (ended.empty()) {
        return;
    }
    for (auto& [group, topics] : ended.mapped()) {
        auto open_group = open_.find(group);
        for (auto& [topic, partitions] : topics) {
            auto open_topic = open_group->second.find(topic);
            for (auto& [partition, offset] : partitions) {
                auto producers = open_topic->second.find(partition);
                producers->second.erase(producer_id);
                if (producers->second.empty()) {
                    open_topic->second.erase(producers);
                }
                OffsetPlace place{.group = group, .topic = topic, .partition = partition};
                const auto* existing = find(place);
                if (committed && (existing == nullptr || existing->order < offset.order)) {
                    auto order = offset.order;
                    put(place, std::move(offset));
                    committed_.find(group)->second.find(topic)->second.find(partition)->second.order = order;
                }
            }
            if (open_topic->second.empty()) {
                open_group->second.erase(open_topic);
            }
        }
        if (open_group->second.empty()) {
            open_.erase(open_group);
        }
    }
}

bool OffsetStore::is_pending(const OffsetPlace& place) const {
    auto group = open_.find(place.group);
    if (group == open_.end()) {
        return false;
    }
    auto topic = group->second.find(place.topic);
    return topic != group->second.end() && topic->second.contains(place.partition);
}

std::vector<std::pair<std::string, std::int32_t>> OffsetStore::pending_places(std::string_view group) const {
    std::vector<std::pair<std::string, std::int32_t>> places;
    if (auto found = open_.find(group); found != open_.end()) {
        for (const auto& [topic, partitions] : found->second) {
            for (const auto& [partition, producers] : partitions) {
                places.emplace_back(topic, partition);
            }
        }
    }
    return places;
}

std::vector<std::pair<std::string, std::int32_t>> OffsetStore::places_of_topic(std::string_view topic) const {
    std::set<std::pair<std::string, std::int32_t>> places;
    for (const auto& [group, topics] : committed_) {
        if (auto found = topics.find(topic); found != topics.end()) {
            for (const auto& [partition, offset] : found->second) {
                places.emplace(group, partition);
            }
        }
    }
    for (const auto& [group, topics] : open_) {
        if (auto found = topics.find(topic); found != topics.end()) {
            for (const auto& [partition, producers] : found->second) {
                places.emplace(group, partition);
            }
        }
    }
    return {places.begin(), places.end()};
}

std::vector<OffsetStore::Place> OffsetStore::places_where(
    const std::function<bool(std::string_view topic, const CommittedOffset&)>& wanted) const {
    std::vector<Place> places;
    auto look_at = [&](const Groups& groups) {
        for (const auto& [group, topics] : groups) {
            for (const auto& [topic, partitions] : topics) {
                for (const auto& [partition, offset] : partitions) {
                    if (wanted(topic, offset)) {
                        places.push_back({.group = group, .topic = topic, .partition = partition});
                    }
                }
            }
        }
    };
    look_at(committed_);
    for (const auto& [producer_id, groups] : pending_) {
        look_at(groups);
    }
    std::ranges::sort(places);
    auto [first, last] = std::ranges::unique(places);
    places.erase(first, last);
    return places;
}

std::vector<std::string> OffsetStore::group_ids() const {
    std::vector<std::string> ids;
    ids.reserve(committed_.size());
    for (const auto& [group, topics] : committed_) {
        ids.push_back(group);
    }
    std::ranges::sort(ids);
    return ids;
}

}  // namespace tideline::group
