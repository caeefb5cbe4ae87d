// group doctor: what is wrong with commits and with the offsets they left.
#include <algorithm>

#include <fmt/format.h>

#include "base/error_code.h"
#include "cli/group/doctor.h"
#include "cli/group/reset_plan.h"
#include "cli/instant.h"
#include "cli/text_table.h"

namespace tideline::cli::doctor {
namespace {

// Members that were put out of the group, or that a rebalance overtook, commit in vain.
bool came_too_late(ErrorCode error) {
    switch (error) {
        case ErrorCode::unknown_member_id:
        case ErrorCode::illegal_generation:
        case ErrorCode::rebalance_in_progress:
        case ErrorCode::stale_member_epoch:
        case ErrorCode::fenced_instance_id:
        case ErrorCode::fenced_member_epoch: return true;
        default: return false;
    }
}

std::string advice_for(ErrorCode error) {
    if (came_too_late(error)) {
        return "These commits came when the member was out of the group already, mostly because processing took too long between "
               "two polls: raise max.poll.interval.ms or lower max.poll.records in the consumer, and commit when partitions are revoked";
    }
    switch (error) {
        case ErrorCode::offset_metadata_too_large:
            return "Shorten the text that is committed beside the offset, or raise offset.metadata.max.bytes of the broker";
        case ErrorCode::unknown_topic_or_partition:
        case ErrorCode::unknown_topic_id:
            return "The topic was deleted, or made anew: restart the consumer, and see whether somebody deletes topics that are read";
        default: return fmt::format("Look up {} in the consumer's log, and what became of the broker at that time", name_of(error));
    }
}

using Lookup = DoctorFacts::Evidence::Lookup;

// What one member has read and not committed for longer than patience allows.
struct Uncommitted {
    std::int64_t records = 0;
    std::vector<TopicPartition> partitions;
    std::int64_t since_ms = -1;
    bool has_committed = false;
};

const Lookup* beginning_of(const DoctorFacts& facts, const GroupMember& member, const TopicPartition& at) {
    auto found = std::ranges::find_if(facts.lookups, [&](const Lookup& lookup) {
        return lookup.kind == "earliest" && lookup.client_id == member.client_id && lookup.client_host == member.host &&
               lookup.topic == at.topic && std::ranges::find(lookup.partitions, at.partition) != lookup.partitions.end();
    });
    return found == facts.lookups.end() ? nullptr : &*found;
}

// -1: it was not seen.
std::int64_t joined_ms(const DoctorFacts& facts, const GroupMember& member) {
    std::int64_t last = -1;
    for (const auto& event : facts.seen.events) {
        if (event.kind == "joined" && event.client_id == member.client_id && event.client_host == member.host) {
            last = std::max(last, event.at_ms);
        }
    }
    return last;
}

Uncommitted uncommitted_by(const DoctorFacts& facts, const GroupMember& member) {
    Uncommitted sum;
    for (const TopicPartition& at : member.assignment) {
        auto view = std::ranges::find(facts.view.partitions, at, &PartitionView::at);
        auto position = position_of(facts, member, at);
        if (view == facts.view.partitions.end() || !position) {
            continue;
        }
        const Lookup* beginning = view->committed ? nullptr : beginning_of(facts, member, at);
        if (!view->committed && beginning == nullptr) {
            continue;  // where it began is not known
        }
        // The clock runs once there is something to commit, and somebody to do it.
        auto committed = std::ranges::find_if(facts.seen.commit_times, [&](const auto& each) {
            return each.topic == at.topic && each.partition == at.partition;
        });
        std::int64_t since_ms = committed != facts.seen.commit_times.end() ? committed->at_ms : -1;
        since_ms = std::max({since_ms, joined_ms(facts, member), beginning == nullptr ? -1 : beginning->at_ms});
        if (auto written = facts.first_uncommitted_ms.find(at); written != facts.first_uncommitted_ms.end()) {
            since_ms = std::max(since_ms, written->second);
        }
        const std::int64_t from = view->committed.value_or(view->earliest);
        if (*position > from && facts.now_ms - since_ms >= facts.patience_ms) {
            sum.records += *position - from;
            sum.partitions.push_back(at);
            sum.since_ms = std::max(sum.since_ms, since_ms);
            sum.has_committed = sum.has_committed || view->committed;
        }
    }
    return sum;
}

}  // namespace

void look_at_failed_commits(const DoctorFacts& facts, Findings& out) {
    constexpr std::int64_t kFew = 3;
    constexpr std::int64_t kOneIn = 10;
    const auto& seen = facts.seen;
    const std::int64_t tried = seen.commits + seen.commits_failed;
    const bool all_fail = seen.commits_failed > 0 && seen.commits == 0;
    if (!all_fail && (seen.commits_failed < kFew || seen.commits_failed * kOneIn < tried)) {
        return;
    }
    auto failures = seen.failures;
    std::erase_if(failures, [&](const auto& failure) { return failure.last_ms < seen.window_ms; });
    std::ranges::sort(failures, std::greater(), &DoctorFacts::Evidence::CommitFailure::count);
    if (failures.empty()) {
        return;
    }
    std::string errors;
    for (const auto& failure : failures) {
        errors += fmt::format("{}{} (last from {} at {})", errors.empty() ? "" : ", ", name_of(failure.error_code),
                              who(failure.client_id, failure.client_host), format_iso8601(failure.last_ms));
    }
    out.push_back({Severity::problem, "commits-fail",
                   fmt::format("{} of {} commits failed within {}: {}", seen.commits_failed, tried,
                               span_text(facts.now_ms - seen.window_ms), errors),
                   "What was not committed is read again after the next restart or rebalance",
                   advice_for(failures.front().error_code),
                   {group_command("group describe", facts)}});
}

std::optional<std::int64_t> position_of(const DoctorFacts& facts, const GroupMember& member, const TopicPartition& at) {
    std::optional<std::int64_t> position;
    for (const auto& reader : facts.readers) {
        if (reader.client_id == member.client_id && reader.client_host == member.host && reader.topic == at.topic &&
            reader.partition == at.partition) {
            position = std::min(reader.position, position.value_or(reader.position));
        }
    }
    return position;
}

void look_at_commits_behind_reads(const DoctorFacts& facts, Findings& out) {
    for (const GroupMember& member : facts.view.description.members) {
        const Uncommitted read = uncommitted_by(facts, member);
        if (read.records < kManyUncommitted) {
            continue;
        }
        const std::string quiet = span_text(facts.now_ms - read.since_ms);
        const std::string last = read.has_committed ? fmt::format("and has had {} to commit it", quiet)
                                                    : fmt::format("and has committed nothing since it began {} ago", quiet);
        out.push_back({Severity::problem, "commits-lag-reads",
                       fmt::format("{} has fetched {} records of {} beyond what is committed, {}", who(member.client_id, member.host),
                                   with_thousands(read.records), some_of(read.partitions), last),
                       "All of them are read again when this member stops, crashes or loses its partitions",
                       "Commit after processing: enable.auto.commit=true, or call commit in the loop and look at its errors. A consumer "
                       "that keeps its offsets elsewhere on purpose need not",
                       {group_command("group lag", facts, "--watch 2")}});
    }
}

void look_at_commits_per_record(const DoctorFacts& facts, Findings& out) {
    constexpr std::int64_t kMany = 100;
    const auto& seen = facts.seen;
    const std::int64_t window_ms = facts.now_ms - seen.window_ms;
    const bool are_fast = seen.commits >= kMany && seen.commits * 1000 >= window_ms;
    const bool one_by_one = seen.records_passed * 2 >= seen.commits && seen.records_passed <= seen.commits * 2;
    if (!are_fast || !one_by_one) {
        return;
    }
    out.push_back({Severity::warning, "commit-per-record",
                   fmt::format("{} commits within {} moved the group on by {} records: about one commit a record", with_thousands(seen.commits),
                               span_text(window_ms), with_thousands(seen.records_passed)),
                   "Each commit is a write that waits for the disk: it limits how fast the group can read, and loads the broker",
                   "Commit once for each batch that poll() returns, or every few seconds (auto.commit.interval.ms); a crash then repeats "
                   "that many records at most",
                   {}});
}

void look_at_expiry(const DoctorFacts& facts, Findings& out) {
    constexpr std::int64_t kSoonMs = 24LL * 3600 * 1000;
    const std::int64_t left_ms = facts.seen.expires_ms - facts.now_ms;
    if (facts.seen.expires_ms < 0 || left_ms > kSoonMs) {
        return;
    }
    const GroupDescription& group = facts.view.description;
    const std::string file = default_offsets_file(group.group, facts.now_ms);
    out.push_back({Severity::warning, "offsets-expire-soon",
                   fmt::format("the group is {} and its committed offsets expire at {}, in {} (offsets.retention.minutes={})", group.state,
                               format_iso8601(facts.seen.expires_ms), span_text(left_ms), facts.retention_ms / 60'000),
                   "Without offsets the consumers begin where auto.offset.reset says: everything again, or nothing of what came meanwhile",
                   "Start a member before that, or keep the offsets in a file, from which they can be set again; a longer stop wants a "
                   "larger offsets.retention.minutes of the broker",
                   {group_command("group reset", facts, fmt::format("--to-current --execute --save {}", file)),
                    group_command("group reset", facts, fmt::format("--from-file {} --execute", file))}});
}

}  // namespace tideline::cli::doctor
