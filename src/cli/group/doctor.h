// cli/group/doctor.h: what is wrong with a group: facts in, findings out.
//
// Plain values: doctor_facts.cc asks the brokers, this decides. Without evidence (a broker other than Tideline) only what
// can be seen at this moment is judged.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/group/group_view.h"
#include "protocol/messages/group_evidence.h"

namespace tideline::cli {

struct DoctorFacts {
    using Evidence = protocol::GroupEvidenceResponse;

    std::int64_t now_ms = 0;
    std::int64_t patience_ms = 60'000;  // how long reads may be ahead of commits before that counts
    GroupView view;
    std::int64_t partitions_subscribed = 0;
    std::vector<Evidence::ObservedGroup> forsaken;  // whose id resembles this one's, and that have no members

    bool has_evidence = false;
    std::int64_t retention_ms = 0;
    Evidence::ObservedGroup seen;  // events oldest first; the broker has forgotten nothing of it since seen.since_ms
    std::vector<Evidence::Lookup> lookups;
    std::vector<Evidence::ReadPosition> readers;
    std::map<TopicPartition, std::int64_t> first_uncommitted_ms;  // when that record was written; of partitions read far ahead

    // Neither is it there, nor has anybody seen it.
    bool is_unknown() const {
        return !view.description.exists() && seen.events.empty() && seen.failures.empty() && seen.commits == 0 && seen.rebalances == 0;
    }
};

enum class Severity { problem, warning, note };
std::string_view name_of(Severity severity);

struct Finding {
    Severity severity = Severity::note;
    std::string cause;     // for machines: "commits-fail"
    std::string observed;  // what was seen
    std::string why;       // why it matters
    std::string action;    // what to do
    std::vector<std::string> commands;  // with which to do it

    friend bool operator==(const Finding&, const Finding&) = default;
};

// The worst first.
std::vector<Finding> diagnose(const DoctorFacts& facts);

// What is left of a client id without what tells its instances apart: "app-17" and "app-4" are both "app".
std::string family_of(std::string_view client_id);

namespace doctor {
// One function for each cause, or two for one that has several signs; each appends what it finds.
using Findings = std::vector<Finding>;
void look_at_failed_commits(const DoctorFacts& facts, Findings& out);
void look_at_commits_behind_reads(const DoctorFacts& facts, Findings& out);
void look_at_commits_per_record(const DoctorFacts& facts, Findings& out);
void look_at_expiry(const DoctorFacts& facts, Findings& out);
void look_at_missing_offsets(const DoctorFacts& facts, Findings& out);
void look_at_offsets_out_of_range(const DoctorFacts& facts, Findings& out);
void look_at_slow_polls(const DoctorFacts& facts, Findings& out);
void look_at_rebalances(const DoctorFacts& facts, Findings& out);
void look_at_strangers(const DoctorFacts& facts, Findings& out);
void look_at_resembling_groups(const DoctorFacts& facts, Findings& out);
void look_at_idle_members(const DoctorFacts& facts, Findings& out);

constexpr std::int64_t kManyUncommitted = 100;
// Where the member reads. Of several readers that may be this member, the one that is behind the others: nobody is accused in vain.
std::optional<std::int64_t> position_of(const DoctorFacts& facts, const GroupMember& member, const TopicPartition& at);

// "tideline group reset billing --to-latest", ready for a shell.
std::string group_command(std::string_view command, const DoctorFacts& facts, std::string_view rest = {});
// "app-1 (/10.0.0.7)"
std::string who(std::string_view client_id, std::string_view client_host);
// "orders-0, orders-2 and 5 more"
std::string some_of(const std::vector<TopicPartition>& partitions);
// "40 s", "12 min", "3 h", "2 days"
std::string span_text(std::int64_t ms);
}  // namespace doctor

}  // namespace tideline::cli
