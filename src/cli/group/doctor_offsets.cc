// group doctor: groups that began where auto.offset.reset says, and why they had no offset to begin with.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "cli/group/doctor.h"
#include "cli/instant.h"
#include "cli/shell_word.h"
#include "cli/text_table.h"

namespace tideline::cli::doctor {
namespace {

using Event = DoctorFacts::Evidence::GroupEvent;
using Lookup = DoctorFacts::Evidence::Lookup;
using Observed = DoctorFacts::Evidence::ObservedGroup;

constexpr std::int64_t kSlackMs = 1000;  // clocks are read once a turn

bool shares_partition(const std::vector<std::int32_t>& one, const std::vector<std::int32_t>& other) {
    return std::ranges::any_of(one, [&](std::int32_t each) { return std::ranges::find(other, each) != other.end(); });
}

// What the client asked after it found that it has no offset; nullptr when it asked for neither end.
const Lookup* fallback_of(const DoctorFacts& facts, std::string_view client_id, std::string_view host, std::string_view topic,
                          const std::vector<std::int32_t>& partitions, std::int64_t since_ms) {
    for (const Lookup& lookup : facts.lookups) {
        if ((lookup.kind == "earliest" || lookup.kind == "latest") && lookup.client_id == client_id && lookup.client_host == host &&
            lookup.topic == topic && lookup.at_ms >= since_ms - kSlackMs && shares_partition(lookup.partitions, partitions)) {
            return &lookup;
        }
    }
    return nullptr;
}

std::vector<TopicPartition> places(std::string_view topic, const std::set<std::int32_t>& partitions) {
    std::vector<TopicPartition> list;
    for (std::int32_t partition : partitions) {
        list.push_back({std::string(topic), partition});
    }
    return list;
}

std::string end_words(bool earliest) {
    return earliest ? "to the earliest record: whatever was read before is read again"
                    : "to the end: what was there and not yet read is never read";
}

// One way in which partitions of one topic lost their place.
struct Fallback {
    std::set<std::int32_t> partitions;
    std::string client;
    std::int64_t at_ms = -1;
    const Event* expired = nullptr;
};

const Event* expired_before(const DoctorFacts& facts, const Event& missing) {
    for (const Event& event : facts.seen.events) {
        if (event.kind == "offsets_expired" && event.topic == missing.topic && event.at_ms <= missing.at_ms &&
            shares_partition(event.partitions, missing.partitions)) {
            return &event;
        }
    }
    return nullptr;
}

// Back to where the group stood, as far as that is a few commands.
std::vector<std::string> commands_back(const DoctorFacts& facts, const Event& expired) {
    constexpr std::size_t kAtMost = 4;
    std::vector<std::string> commands;
    for (std::size_t i = 0; i < std::min({expired.partitions.size(), expired.offsets.size(), kAtMost}); ++i) {
        commands.push_back(group_command("group reset", facts,
                                         fmt::format("--topic {}:{} --to-offset {}", shell_word(expired.topic), expired.partitions[i],
                                                     expired.offsets[i])));
    }
    return commands;
}

void add_expired(const DoctorFacts& facts, const std::string& topic, bool earliest, const Fallback& fallback, Findings& out) {
    out.push_back({Severity::problem, "reset-offset-expired",
                   fmt::format("the offsets of {} expired at {}; {} found none at {} and went {}",
                               some_of(places(topic, fallback.partitions)), format_iso8601(fallback.expired->at_ms), fallback.client,
                               format_iso8601(fallback.at_ms), end_words(earliest)),
                   fmt::format("The group was away for longer than offsets.retention.minutes={}", facts.retention_ms / 60'000),
                   "Stop the members and move the group to where it was, partition by partition; raise offsets.retention.minutes of the "
                   "broker",
                   commands_back(facts, *fallback.expired)});
}

void add_never_committed(const DoctorFacts& facts, const std::string& topic, bool earliest, const Fallback& fallback, Findings& out) {
    out.push_back({earliest ? Severity::note : Severity::warning, "reset-none-committed",
                   fmt::format("nothing was committed for {} when {} began at {}; it went {}", some_of(places(topic, fallback.partitions)),
                               fallback.client, format_iso8601(fallback.at_ms), end_words(earliest)),
                   "auto.offset.reset decided, not the group; that is right for a new group only",
                   earliest ? "If the group is not new, look for the id under which it ran before, and take its offsets over"
                            : "If records that were there shall be read, stop the members and move the group; with "
                              "auto.offset.reset=earliest a new group loses nothing",
                   {earliest ? "tideline group list"
                             : group_command("group reset", facts, fmt::format("--topic {} --to-earliest", shell_word(topic)))}});
}

bool concerns(const DoctorFacts& facts, const Lookup& lookup) {
    auto same_client = [&](const auto& each, const std::string& host) {
        return each.client_id == lookup.client_id && host == lookup.client_host;
    };
    const bool is_ours =
        std::ranges::any_of(facts.view.description.members, [&](const GroupMember& each) { return same_client(each, each.host); }) ||
        std::ranges::any_of(facts.seen.events, [&](const Event& each) { return same_client(each, each.client_host); });
    const bool reads_topic =
        std::ranges::any_of(facts.view.partitions, [&](const PartitionView& each) { return each.at.topic == lookup.topic; });
    return is_ours && reads_topic;
}

// Where the new group found nothing, and when first. Who has committed before is not new: it has come to more partitions.
std::map<TopicPartition, std::int64_t> began_without(const Observed& group) {
    std::map<TopicPartition, std::int64_t> missing;
    for (const Event& event : group.events) {
        const bool was_new = std::ranges::none_of(group.commit_times, [&](const auto& each) { return each.at_ms < event.at_ms; });
        if (event.kind != "no_offset" || !was_new) {
            continue;
        }
        for (std::int32_t partition : event.partitions) {
            missing.try_emplace({event.topic, partition}, event.at_ms);
        }
    }
    return missing;
}

// Whether the group had an offset there at that time. Only the last commit is known: of a group that has committed since, that it was
// there before and did not find itself without one later. What is not known is no, so that nobody is accused in vain.
bool had_offset(const Observed& group, const TopicPartition& at, std::int64_t time_ms) {
    auto committed = std::ranges::find_if(group.commit_times, [&](const auto& each) {
        return each.topic == at.topic && each.partition == at.partition;
    });
    if (committed == group.commit_times.end() || committed->at_ms <= time_ms) {
        return committed != group.commit_times.end();
    }
    const bool was_there = std::ranges::any_of(group.events, [&](const Event& event) { return event.at_ms < time_ms; });
    const bool began_later = std::ranges::any_of(group.events, [&](const Event& event) {
        return event.kind == "no_offset" && event.at_ms >= time_ms && event.topic == at.topic &&
               std::ranges::find(event.partitions, at.partition) != event.partitions.end();
    });
    return was_there && !began_later;
}

}  // namespace

void look_at_missing_offsets(const DoctorFacts& facts, Findings& out) {
    std::map<std::tuple<std::string, bool, bool>, Fallback> found;  // topic, expired, earliest
    for (const Event& event : facts.seen.events) {
        if (event.kind != "no_offset") {
            continue;
        }
        const Lookup* lookup = fallback_of(facts, event.client_id, event.client_host, event.topic, event.partitions, event.at_ms);
        if (lookup == nullptr) {
            continue;
        }
        const Event* expired = expired_before(facts, event);
        Fallback& fallback = found[{event.topic, expired != nullptr, lookup->kind == "earliest"}];
        fallback.partitions.insert(event.partitions.begin(), event.partitions.end());
        if (fallback.at_ms < 0) {  // later ones found none either, of the same partitions or fewer
            fallback.client = who(event.client_id, event.client_host);
            fallback.at_ms = event.at_ms;
            fallback.expired = expired;
        }
    }
    for (const auto& [key, fallback] : found) {
        const auto& [topic, expired, earliest] = key;
        expired ? add_expired(facts, topic, earliest, fallback, out) : add_never_committed(facts, topic, earliest, fallback, out);
    }
}

void look_at_offsets_out_of_range(const DoctorFacts& facts, Findings& out) {
    for (const Lookup& lookup : facts.lookups) {
        if (lookup.kind != "out_of_range" || !concerns(facts, lookup)) {
            continue;
        }
        const Lookup* next = fallback_of(facts, lookup.client_id, lookup.client_host, lookup.topic, lookup.partitions, lookup.at_ms);
        const bool deleted = lookup.asked < lookup.log_start;
        const std::string where = fmt::format("{}-{}", lookup.topic, lookup.partitions.empty() ? -1 : lookup.partitions.front());
        const std::string cause =
            deleted ? fmt::format("retention has deleted {} records that it had not read", with_thousands(lookup.log_start - lookup.asked))
                    : "the partition is shorter than that: the topic was made anew, or its log was cut";
        const std::string outcome = next == nullptr ? "asked for no other place (auto.offset.reset=none)"
                                                    : "went " + end_words(next->kind == "earliest");
        out.push_back({Severity::problem, "reset-out-of-range",
                       fmt::format("{} asked for offset {} of {} at {}, which has {} to {}: {}; it {}",
                                   who(lookup.client_id, lookup.client_host), lookup.asked, where, format_iso8601(lookup.at_ms),
                                   lookup.log_start, lookup.log_end, cause, outcome),
                       deleted ? "What retention deletes before a group has read it is lost to that group"
                               : "Offsets of the old log mean nothing in the new one",
                       deleted ? "Let the group read faster than records expire, or keep them longer: retention.ms of the topic"
                               : "Delete or move the group's offsets when a topic is made anew",
                       {deleted ? fmt::format("tideline topic alter {} --config retention.ms=MILLISECONDS", shell_word(lookup.topic))
                                : group_command("group reset", facts, fmt::format("--topic {} --to-earliest", shell_word(lookup.topic)))}});
    }
}

// Of two ids that resemble each other the later one is the mistake.
void look_at_resembling_groups(const DoctorFacts& facts, Findings& out) {
    constexpr int kAtMost = 3;
    const std::string& group = facts.view.description.group;
    const std::map<TopicPartition, std::int64_t> missing = began_without(facts.seen);
    int told = 0;
    for (const Observed& other : facts.forsaken) {
        auto is_older_in = [&](const auto& each) { return had_offset(other, each.first, each.second); };
        const auto first = std::ranges::find_if(missing, is_older_in);
        if (first == missing.end() || ++told > kAtMost) {
            continue;
        }
        out.push_back({Severity::warning, "resembles-another-group",
                       fmt::format("the id resembles that of '{}', which is older and has no members: of the partitions that this group "
                                   "began without offsets, at {}, it had {}",
                                   other.group_id, format_iso8601(first->second), std::ranges::count_if(missing, is_older_in)),
                       "A group.id that was mistyped or changed begins anew, and the old one's place is not used",
                       fmt::format("If '{}' was meant, correct group.id. If the group was renamed, stop its members and take the "
                                   "offsets over",
                                   other.group_id),
                       {fmt::format("tideline group reset {} --to-current --to-group {}", shell_word(other.group_id),
                                    shell_word(group))}});
    }
}

}  // namespace tideline::cli::doctor
