#include "server/group_evidence.h"

#include <algorithm>

namespace tideline::server {

namespace {

std::string_view cut(std::string_view text) { return text.substr(0, GroupEvidence::kTextMax); }
std::string_view cut_name(std::string_view name) { return name.substr(0, GroupEvidence::kNameMax); }

void make_client_key(std::string& key, std::string_view client_id, std::string_view client_host) {
    key.assign(cut(client_id));
    key += '\0';
    key += client_host;
}

std::string_view kind_of(group::Removal why) {
    switch (why) {
        case group::Removal::session_expired: return evidence::kSessionExpired;
        case group::Removal::rebalance_missed: return evidence::kRebalanceMissed;
        case group::Removal::sync_missed: return evidence::kSyncMissed;
    }
    return "";
}

void add_partition(std::vector<std::int32_t>& partitions, std::int32_t partition) {
    if (partitions.size() < GroupEvidence::kPartitionsMax && std::ranges::find(partitions, partition) == partitions.end()) {
        partitions.push_back(partition);
    }
}

}  // namespace

GroupEvidence::Group& GroupEvidence::group(std::string_view group_id) {
    const std::string_view key = cut_name(group_id);
    if (Group* known = groups_.touch(key)) {
        return *known;
    }
    if (groups_.size() >= kGroupsMax) {
        forget_oldest_group();
    }
    Group& group = groups_.add(key);
    group.since_ms = since_ms_;
    return group;
}

void GroupEvidence::forget_oldest_group() {
    events_ -= groups_.oldest().events.size();
    groups_.forget_oldest();
    since_ms_ = wall_ms_();
}

GroupEvidence::Window& GroupEvidence::window(Group& group) const {
    const std::int64_t now_ms = wall_ms_();
    const std::int64_t age_ms = now_ms - group.now.begin_ms;
    if (group.now.begin_ms < 0 || age_ms < 0 || age_ms >= kWindowMs) {
        group.before = age_ms < 2 * kWindowMs ? group.now : Window{};
        group.now = {.begin_ms = now_ms};
    }
    return group.now;
}

GroupEvidence::Event& GroupEvidence::add_event(std::string_view group_id, std::string_view kind, const Client& client) {
    Group& group = this->group(group_id);
    std::deque<Event>& events = group.events;
    if (events.size() >= kEventsMax) {
        group.since_ms = std::max(group.since_ms, events.front().at_ms + 1);
        events.pop_front();
        --events_;
    }
    while (events_ >= kAllEventsMax) {
        forget_oldest_group();  // never this one: it was touched last, and has not all of the events
    }
    ++events_;
    Event& event = events.emplace_back();
    event.at_ms = wall_ms_();
    event.kind = kind;
    event.client_id = cut(client.id);
    event.client_host = cut(client.host);
    event.client_port = client.port;
    event.software = cut(client.software);
    return event;
}

void GroupEvidence::joined(std::string_view group_id, std::string_view member_id, const Client& client) {
    add_event(group_id, evidence::kJoined, client).member_id = cut(member_id);
}

void GroupEvidence::left(std::string_view group_id, std::string_view member_id, const Client& client, std::string_view reason) {
    Event& event = add_event(group_id, evidence::kLeft, client);
    event.member_id = cut(member_id);
    event.reason = cut(reason);
}

void GroupEvidence::commit_failed(std::string_view group_id, const Client& client, ErrorCode error) {
    Group& group = this->group(group_id);
    ++window(group).failed;
    auto at = std::ranges::find(group.failures, error, &CommitFailure::error_code);
    if (at == group.failures.end()) {
        if (group.failures.size() >= kFailuresMax) {
            group.failures.erase(std::ranges::min_element(group.failures, {}, &CommitFailure::last_ms));
        }
        at = group.failures.insert(group.failures.end(), {.error_code = error});
    }
    ++at->count;
    at->last_ms = wall_ms_();
    at->client_id = cut(client.id);
    at->client_host = cut(client.host);
}

void GroupEvidence::committed(std::string_view group_id, std::int64_t records) {
    Window& counts = window(group(group_id));
    ++counts.commits;
    counts.records += records;
}

void GroupEvidence::found_no_offset(std::string_view group_id, const Client& client, std::string_view topic,
                                    const std::vector<std::int32_t>& partitions) {
    const std::string_view name = cut_name(topic);
    std::deque<Event>& events = group(group_id).events;
    // Who asks again and again, and for one partition after the other, fills one event.
    auto same = std::ranges::find_if(events, [&](const Event& each) {
        return each.kind == evidence::kNoOffset && each.topic == name && each.client_id == cut(client.id) &&
               each.client_host == client.host && wall_ms_() - each.at_ms < kWindowMs;
    });
    Event& event = same != events.end() ? *same : add_event(group_id, evidence::kNoOffset, client);
    event.topic = name;
    for (std::int32_t partition : partitions) {
        add_partition(event.partitions, partition);
    }
}

void GroupEvidence::offset_expired(std::string_view group_id, std::string_view topic, std::int32_t partition, std::int64_t offset) {
    std::deque<Event>& events = group(group_id).events;
    // They expire one after the other: one event tells of all that go together.
    const bool goes_on = !events.empty() && events.back().kind == evidence::kOffsetsExpired && events.back().topic == topic &&
                         wall_ms_() - events.back().at_ms < kWindowMs;
    Event& event = goes_on ? events.back() : add_event(group_id, evidence::kOffsetsExpired, {});
    event.topic = cut_name(topic);
    if (event.partitions.size() < kPartitionsMax) {
        event.partitions.push_back(partition);
        event.offsets.push_back(offset);
    }
}

void GroupEvidence::member_removed(std::string_view group_id, std::string_view member_id, std::string_view client_id,
                                   std::string_view client_host, group::Removal why) {
    add_event(group_id, kind_of(why), {.id = client_id, .host = client_host}).member_id = cut(member_id);
}

void GroupEvidence::rebalanced(std::string_view group_id) { ++window(group(group_id)).rebalances; }

GroupEvidence::Lookup& GroupEvidence::add_lookup(const Client& client, std::string_view kind, std::string_view topic,
                                                 std::int32_t partition) {
    make_client_key(client_key_, client.id, client.host);
    Trail* trail = clients_.touch(client_key_);
    if (trail == nullptr) {
        if (clients_.size() >= kClientsMax) {
            clients_.forget_oldest();
        }
        trail = &clients_.add(client_key_);
    }
    std::deque<Lookup>& lookups = trail->lookups;
    // Who asks again and again fills one entry: of many partitions at once, or of one that it cannot read.
    auto same = std::ranges::find_if(lookups, [&](const Lookup& each) {
        return each.kind == kind && each.topic == topic && (kind != evidence::kOutOfRange || each.partitions.front() == partition) &&
               wall_ms_() - each.at_ms < kWindowMs;
    });
    if (same == lookups.end() && lookups.size() >= kLookupsMax) {
        lookups.pop_front();
        same = lookups.end();
    }
    Lookup& lookup = same != lookups.end() ? *same : lookups.emplace_back();
    lookup.at_ms = wall_ms_();
    lookup.kind = kind;
    lookup.client_id = cut(client.id);
    lookup.client_host = cut(client.host);
    lookup.topic = cut_name(topic);
    add_partition(lookup.partitions, partition);
    return lookup;
}

void GroupEvidence::looked_up(const Client& client, std::string_view topic, std::int32_t partition, bool earliest) {
    add_lookup(client, earliest ? evidence::kEarliest : evidence::kLatest, topic, partition);
}

void GroupEvidence::out_of_range(const Client& client, std::string_view topic, std::int32_t partition, std::int64_t asked,
                                 std::int64_t log_start, std::int64_t log_end) {
    Lookup& lookup = add_lookup(client, evidence::kOutOfRange, topic, partition);
    lookup.asked = asked;
    lookup.log_start = log_start;
    lookup.log_end = log_end;
}

void GroupEvidence::add_to(Observed& into) const {
    const Group* group = groups_.find(cut_name(into.group_id));
    into.since_ms = std::max(into.since_ms, group == nullptr ? since_ms_ : group->since_ms);
    if (group == nullptr) {
        return;
    }
    const std::int64_t oldest_ms = wall_ms_() - 2 * kWindowMs;
    for (const Window* each : {&group->before, &group->now}) {
        if (each->begin_ms >= oldest_ms && each->begin_ms >= 0) {
            into.window_ms = into.window_ms < 0 ? each->begin_ms : std::min(into.window_ms, each->begin_ms);
            into.commits += each->commits;
            into.commits_failed += each->failed;
            into.records_passed += each->records;
            into.rebalances += each->rebalances;
        }
    }
    into.failures.insert(into.failures.end(), group->failures.begin(), group->failures.end());
    into.events.insert(into.events.end(), group->events.begin(), group->events.end());
}

void GroupEvidence::add_lookups(std::string_view client_id, std::string_view client_host, std::vector<Lookup>& into) const {
    std::string key;
    make_client_key(key, client_id, client_host);
    if (const Trail* trail = clients_.find(key)) {
        into.insert(into.end(), trail->lookups.begin(), trail->lookups.end());
    }
}

}  // namespace tideline::server
