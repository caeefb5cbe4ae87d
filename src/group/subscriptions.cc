#include "group/subscriptions.h"

#include <algorithm>


namespace tideline::group {

namespace {

bool has_regex(const MemberMetadata& member) { return member.subscribed_topic_regex && !member.subscribed_topic_regex->empty(); }

}  // namespace

void Subscriptions::count(const std::string& topic, std::size_t Count::*which, int delta) {
    const auto entry = topics_.try_emplace(topic).first;
    entry->second.*which += static_cast<std::size_t>(delta);
    if (entry->second.by_name == 0 && entry->second.by_regex == 0) {
        topics_.erase(entry);
    }
}

void Subscriptions::add(const MemberMetadata& member) {
    for (const std::string& topic : member.subscribed_topic_names) {
        count(topic, &Count::by_name, 1);
    }
    if (has_regex(member)) {
        ++regexes_[*member.subscribed_topic_regex];
    }
}

void Subscriptions::remove(const MemberMetadata& member) {
    for (const std::string& topic : member.subscribed_topic_names) {
        count(topic, &Count::by_name, -1);
    }
    if (has_regex(member)) {
        const auto entry = regexes_.find(*member.subscribed_topic_regex);
        if (--entry->second == 0) {
            regexes_.erase(entry);
        }
    }
}

void Subscriptions::resolve(const std::string& regex, ResolvedRegex resolved) {
    forget(regex);
    for (const std::string& topic : resolved.topics) {
        count(topic, &Count::by_regex, 1);
    }
    resolved_.emplace(regex, std::move(resolved));
}

void Subscriptions::forget(std::string_view regex) {
    const auto entry = resolved_.find(regex);
    if (entry == resolved_.end()) {
        return;
    }
    for (const std::string& topic : entry->second.topics) {
        count(topic, &Count::by_regex, -1);
    }
    resolved_.erase(entry);
}

std::vector<std::string_view> Subscriptions::topic_names() const {
    std::vector<std::string_view> names;
    names.reserve(topics_.size());
    for (const auto& [name, counts] : topics_) {
        names.push_back(name);
    }
    return names;
}

bool Subscriptions::is_homogeneous(std::size_t member_count) const {
    if (regexes_.empty()) {
        return std::ranges::all_of(topics_, [member_count](const auto& entry) { return entry.second.by_name == member_count; });
    }
    // One expression that all have, and nobody names topics besides.
    return regexes_.begin()->second == member_count && std::ranges::all_of(topics_, [](const auto& entry) {
        return entry.second.by_name == 0 && entry.second.by_regex == 1;
    });
}

std::size_t Subscriptions::subscribers(std::string_view regex) const {
    const auto entry = regexes_.find(regex);
    return entry == regexes_.end() ? 0 : entry->second;
}

const ResolvedRegex* Subscriptions::resolved(std::string_view regex) const {
    const auto entry = resolved_.find(regex);
    return entry == resolved_.end() ? nullptr : &entry->second;
}

std::vector<Uuid> Subscriptions::topic_ids(const MemberMetadata& member, const Topics& topics) const {
    std::vector<Uuid> ids;
    const auto add_existing = [&](const std::vector<std::string>& names) {
        for (const std::string& name : names) {
            if (const std::optional<TopicInfo> topic = topics.find(name)) {
                ids.push_back(topic->id);
            }
        }
    };
    add_existing(member.subscribed_topic_names);
    if (has_regex(member)) {
        if (const ResolvedRegex* regex = resolved(*member.subscribed_topic_regex)) {
            add_existing(regex->topics);
        }
    }
    std::ranges::sort(ids);
    const auto repeated = std::ranges::unique(ids);
    ids.erase(repeated.begin(), repeated.end());
    return ids;
}

}  // namespace tideline::group
