// group doctor: what is wrong with the members of a group, and between them.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "cli/group/doctor.h"
#include "cli/instant.h"
#include "cli/shell_word.h"

namespace tideline::cli::doctor {
namespace {

using Event = DoctorFacts::Evidence::GroupEvent;

constexpr std::int64_t kRecentMs = 10 * 60'000;

bool is_recent(const DoctorFacts& facts, const Event& event) { return facts.now_ms - event.at_ms <= kRecentMs; }

bool is_departure(const Event& event) {
    return event.kind == "left" || event.kind == "session_expired" || event.kind == "rebalance_missed" || event.kind == "sync_missed";
}

// The sign that a member let max.poll.interval.ms pass; empty when this event is none.
std::string sign_of_slow_poll(const DoctorFacts& facts, std::size_t index) {
    const Event& event = facts.seen.events[index];
    if (event.kind == "rebalance_missed") {
        return "did not come to a rebalance in time";
    }
    if (event.kind != "left") {
        return "";
    }
    if (event.reason.find("poll timeout") != std::string::npos) {
        return "left the group because its poll timeout expired";
    }
    if (!event.reason.empty() || event.client_port < 0) {
        return "";
    }
    // A consumer that is closed closes its connection; one that was late comes back by the same.
    for (std::size_t i = index + 1; i < facts.seen.events.size(); ++i) {
        const Event& later = facts.seen.events[i];
        if (later.kind == "joined" && later.client_id == event.client_id && later.client_host == event.client_host &&
            later.client_port == event.client_port) {
            return fmt::format("left the group and came back over the same connection {} later, as one does that polls too late (or that "
                               "unsubscribes for a while)",
                               span_text(later.at_ms - event.at_ms));
        }
    }
    return "";
}

struct Comings {
    int joined = 0;
    std::map<std::string, int> left;  // by kind

    int departures() const {
        int sum = 0;
        for (const auto& [kind, count] : left) {
            sum += count;
        }
        return sum;
    }
};

std::string words_for(std::string_view kind) {
    return kind == "left"              ? "left"
           : kind == "session_expired" ? "expired without a heartbeat"
           : kind == "sync_missed"     ? "joined without taking its partitions"
                                       : "missed a rebalance";
}

std::string advice_for(const Comings& comings) {
    auto most = std::ranges::max_element(comings.left, {}, [](const auto& each) { return each.second; });
    if (most->first == "session_expired") {
        return "Its heartbeats stop: it crashes and starts again, hangs (garbage collection, a suspended machine), or session.timeout.ms "
               "is too short for it";
    }
    if (most->first == "left") {
        return "It closes or is restarted over and over: look in its log for the exception that ends it. With group.instance.id a short "
               "restart rebalances nothing";
    }
    return "It is busy for longer than max.poll.interval.ms: raise that, or lower max.poll.records";
}

std::string families_of(const std::map<std::string, std::vector<std::string>>& families) {
    std::string text;
    for (const auto& [family, names] : families) {
        text += fmt::format("{}{}", text.empty() ? "" : " and ", names.size() == 1 ? names.front() : fmt::format("{} ({} members)", names.front(), names.size()));
    }
    return text;
}

std::string text_of(const std::set<std::string>& topics) { return fmt::format("{}", fmt::join(topics, ", ")); }

}  // namespace

void look_at_slow_polls(const DoctorFacts& facts, Findings& out) {
    std::map<std::string, std::pair<std::string, std::pair<int, std::int64_t>>> late;  // client to sign, times and last
    for (std::size_t i = 0; i < facts.seen.events.size(); ++i) {
        const Event& event = facts.seen.events[i];
        std::string sign = sign_of_slow_poll(facts, i);
        if (!sign.empty()) {
            auto& [what, when] = late[who(event.client_id, event.client_host)];
            what = sign;
            ++when.first;
            when.second = event.at_ms;
        }
    }
    for (const auto& [client, seen] : late) {
        const auto& [sign, when] = seen;
        out.push_back({Severity::problem, "max-poll-interval-exceeded",
                       fmt::format("{} {} ({} {}, last at {})", client, sign, when.first, when.first == 1 ? "time" : "times",
                                   format_iso8601(when.second)),
                       "Its partitions went to others meanwhile: what it was still working on was done twice, and its commit was refused",
                       "Make one round of poll and processing shorter (max.poll.records), allow it more time (max.poll.interval.ms), or "
                       "process on another thread and pause the partitions",
                       {}});
    }
}

void look_at_rebalances(const DoctorFacts& facts, Findings& out) {
    constexpr int kDeparturesOfAStorm = 6;
    constexpr int kDeparturesOfItsCause = 3;
    std::map<std::string, Comings> by_client;
    int departures = 0;
    for (const Event& event : facts.seen.events) {
        if (!is_recent(facts, event)) {
            continue;
        }
        Comings& comings = by_client[who(event.client_id, event.client_host)];
        comings.joined += event.kind == "joined" ? 1 : 0;
        if (is_departure(event)) {
            ++comings.left[event.kind];
            ++departures;
        }
    }
    auto worst = std::ranges::max_element(by_client, {}, [](const auto& each) { return each.second.departures(); });
    if (departures < kDeparturesOfAStorm || worst->second.departures() < kDeparturesOfItsCause) {
        return;
    }
    std::string how;
    for (const auto& [kind, count] : worst->second.left) {
        how += fmt::format("{}{} {} times", how.empty() ? "" : ", ", words_for(kind), count);
    }
    std::string rebalances = facts.seen.rebalances > 0 ? fmt::format("{} rebalances and ", facts.seen.rebalances) : "";
    out.push_back({Severity::problem, "rebalance-storm",
                   fmt::format("{}{} departures of members within the last minutes, {} of them by {}: it {}, and joined {} times",
                               rebalances, departures, worst->second.departures(), worst->first, how, worst->second.joined),
                   "Members stop reading while partitions move, and repeat what was not committed",
                   advice_for(worst->second),
                   {group_command("group members", facts)}});
}

void look_at_strangers(const DoctorFacts& facts, Findings& out) {
    const auto& members = facts.view.description.members;
    std::map<std::string, std::vector<std::string>> families;
    std::map<std::set<std::string>, std::vector<std::string>> subscriptions;
    for (const GroupMember& member : members) {
        families[family_of(member.client_id)].push_back(member.client_id);
        if (!member.subscription.empty()) {
            subscriptions[{member.subscription.begin(), member.subscription.end()}].push_back(member.name());
        }
    }
    std::string observed;
    if (subscriptions.size() > 1) {
        for (const auto& [topics, names] : subscriptions) {
            observed += fmt::format("{}{} {} to {}", observed.empty() ? "" : "; ",
                                    names.size() == 1 ? names.front() : fmt::format("{} and {} more", names.front(), names.size() - 1),
                                    names.size() == 1 ? "subscribes" : "subscribe", text_of(topics));
        }
    } else if (families.size() > 1) {
        observed = fmt::format("the client ids of the members are not of one kind: {}", families_of(families));
    }
    if (observed.empty()) {
        return;
    }
    out.push_back({Severity::warning, "shared-group-id", observed,
                   "Members of one group share its partitions: of two applications under one group.id each reads only a part, and every "
                   "restart of one rebalances the other",
                   "Give each application a group.id of its own; take the offsets over into the new group first. While a new version of "
                   "one application is rolled out, this is expected",
                   {group_command("group members", facts), group_command("group reset", facts, "--to-current --to-group NEW-GROUP")}});
}

void look_at_idle_members(const DoctorFacts& facts, Findings& out) {
    const GroupDescription& group = facts.view.description;
    auto is_idle = [](const GroupMember& member) { return member.assignment.empty() && !member.moving_to; };
    const auto idle = std::ranges::count_if(group.members, is_idle);
    const auto members = static_cast<std::int64_t>(group.members.size());
    if (group.state != "Stable" || idle == 0 || facts.partitions_subscribed <= 0 || members <= facts.partitions_subscribed) {
        return;
    }
    std::set<std::string> topics;
    for (const GroupMember& member : group.members) {
        topics.insert(member.subscription.begin(), member.subscription.end());
    }
    std::vector<std::string> commands;
    if (topics.size() == 1) {
        commands.push_back(fmt::format("tideline topic alter {} --partitions {}", shell_word(*topics.begin()), members));
    }
    out.push_back({Severity::note, "more-members-than-partitions",
                   fmt::format("{} of {} members have nothing to read: {} {} {}", idle, members, text_of(topics),
                               topics.size() == 1 ? "has" : "have", facts.partitions_subscribed == 1 ? "1 partition" : fmt::format("{} partitions", facts.partitions_subscribed)),
                   "A partition is read by one member at a time: more members than partitions make nothing faster",
                   "Stop those that are idle, unless they stand by on purpose, or give the topic more partitions (keys move to other "
                   "partitions then)",
                   commands});
}

}  // namespace tideline::cli::doctor
