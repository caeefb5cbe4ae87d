#include "cli/group/doctor.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "cli/shell_word.h"

namespace tideline::cli {

std::string_view name_of(Severity severity) {
    switch (severity) {
        case Severity::problem: return "problem";
        case Severity::warning: return "warning";
        case Severity::note: return "note";
    }
    return "";
}

std::string family_of(std::string_view client_id) {
    std::string family;
    std::size_t at = 0;
    while (at < client_id.size()) {
        std::size_t end = at;
        while (end < client_id.size() && std::isxdigit(static_cast<unsigned char>(client_id[end])) != 0) {
            ++end;
        }
        const std::string_view run = client_id.substr(at, end - at);
        const bool has_digit = std::ranges::any_of(run, [](char c) { return c >= '0' && c <= '9'; });
        const bool is_number = has_digit && std::ranges::all_of(run, [](char c) { return c >= '0' && c <= '9'; });
        constexpr std::size_t kHexOfAnId = 4;  // the shortest group of a UUID
        if (is_number || (has_digit && run.size() >= kHexOfAnId)) {
            at = end;
        } else if (run.empty()) {
            const char c = client_id[at++];
            if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
                family += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            }
        } else {
            // Letters up to "f", and digits among them that belong to a name.
            const std::size_t letters = std::min(run.find_first_of("0123456789"), run.size());
            const std::size_t taken = std::max<std::size_t>(letters, 1);
            for (char c : run.substr(0, taken)) {
                if (c < '0' || c > '9') {
                    family += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
                }
            }
            at += taken;
        }
    }
    return family;
}

std::vector<Finding> diagnose(const DoctorFacts& facts) {
    doctor::Findings findings;
    doctor::look_at_failed_commits(facts, findings);
    doctor::look_at_commits_behind_reads(facts, findings);
    doctor::look_at_commits_per_record(facts, findings);
    doctor::look_at_expiry(facts, findings);
    doctor::look_at_missing_offsets(facts, findings);
    doctor::look_at_offsets_out_of_range(facts, findings);
    doctor::look_at_slow_polls(facts, findings);
    doctor::look_at_rebalances(facts, findings);
    doctor::look_at_strangers(facts, findings);
    doctor::look_at_resembling_groups(facts, findings);
    doctor::look_at_idle_members(facts, findings);
    std::vector<Finding> worst_first;
    for (Severity severity : {Severity::problem, Severity::warning, Severity::note}) {
        std::ranges::copy_if(findings, std::back_inserter(worst_first),
                             [severity](const Finding& finding) { return finding.severity == severity; });
    }
    return worst_first;
}

namespace doctor {

std::string group_command(std::string_view command, const DoctorFacts& facts, std::string_view rest) {
    return fmt::format("tideline {} {}{}{}", command, shell_word(facts.view.description.group), rest.empty() ? "" : " ", rest);
}

std::string who(std::string_view client_id, std::string_view client_host) {
    return fmt::format("{} ({})", client_id.empty() ? "a client without an id" : client_id, client_host);
}

std::string some_of(const std::vector<TopicPartition>& partitions) {
    constexpr std::size_t kShown = 4;
    std::vector<TopicPartition> shown(partitions.begin(), partitions.begin() + std::min(partitions.size(), kShown));
    std::string text = joined(shown);
    return partitions.size() <= kShown ? text : fmt::format("{} and {} more", text, partitions.size() - kShown);
}

std::string span_text(std::int64_t ms) {
    constexpr std::int64_t kSecond = 1000;
    constexpr std::int64_t kMinute = 60 * kSecond;
    constexpr std::int64_t kHour = 60 * kMinute;
    constexpr std::int64_t kDay = 24 * kHour;
    if (ms < 2 * kMinute) {
        return fmt::format("{} s", std::max<std::int64_t>(ms, 0) / kSecond);
    }
    if (ms < 2 * kHour) {
        return fmt::format("{} min", ms / kMinute);
    }
    return ms < 2 * kDay ? fmt::format("{} h", ms / kHour) : fmt::format("{} days", ms / kDay);
}

}  // namespace doctor
}  // namespace tideline::cli
