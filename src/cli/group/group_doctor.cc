// group doctor: what is wrong with groups, printed.
#include <array>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/group/doctor_facts.h"
#include "cli/instant.h"
#include "cli/json.h"
#include "cli/shell_word.h"
#include "cli/terminal.h"

namespace tideline::cli {
namespace {

constexpr std::size_t kLineWidth = 110;
constexpr std::string_view kIndent = "            ";

Paint paint_of(Severity severity) {
    switch (severity) {
        case Severity::problem: return Paint::red;
        case Severity::warning: return Paint::yellow;
        case Severity::note: return Paint::cyan;
    }
    return Paint::none;
}

// Breaks at blanks; the first line follows the label, later ones are indented as far.
std::string paragraph(std::string_view label, std::string_view text) {
    std::string out = fmt::format("  {:<10}", label);
    std::size_t column = out.size();
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (column > kIndent.size() && column + 1 + end > kLineWidth) {
            out += fmt::format("\n{}", kIndent);
            column = kIndent.size();
        } else if (column > kIndent.size()) {
            out += ' ';
            ++column;
        }
        out += text.substr(0, end);
        column += end;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out + "\n";
}

void print_findings(Console& console, const DoctorFacts& facts, const std::vector<Finding>& findings) {
    const GroupDescription& group = facts.view.description;
    const std::string since =
        facts.has_evidence ? fmt::format("watched since {}", format_iso8601(facts.seen.since_ms)) : "seen at this moment only";
    console.print(fmt::format("{} ({}, {}): {}\n", console.painted(Paint::bold, group.group), group.state, since,
                              findings.empty() ? "nothing found" : fmt::format("{} found", findings.size())));
    for (const Finding& finding : findings) {
        console.print(fmt::format("\n{} {}\n", console.painted(paint_of(finding.severity), name_of(finding.severity)), finding.cause));
        console.print(paragraph("observed", finding.observed));
        console.print(paragraph("why", finding.why));
        console.print(paragraph("do", finding.action));
        for (const std::string& command : finding.commands) {
            console.print(fmt::format("{}{}\n", kIndent, command));
        }
    }
}

Json as_json(const DoctorFacts& facts, const std::vector<Finding>& findings) {
    Json list = Json::array();
    for (const Finding& finding : findings) {
        list.push_back({{"severity", name_of(finding.severity)},
                        {"cause", finding.cause},
                        {"observed", finding.observed},
                        {"why", finding.why},
                        {"do", finding.action},
                        {"commands", finding.commands}});
    }
    return {{"group", facts.view.description.group},
            {"state", facts.view.description.state},
            {"watched_since", facts.has_evidence ? Json(format_iso8601(facts.seen.since_ms)) : Json()},
            {"findings", list}};
}

}  // namespace

Outcome<ExitCode> run(const GroupDoctorOptions& options, Console& console) {
    auto patience = parse_duration_ms(options.patience);
    if (!patience) {
        return usage_failure(fmt::format("'{}' is no duration", options.patience), "Write --patience 30s or 5m");
    }
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::consumer));
    TL_TRY(groups, gather_facts(*client, options.groups, terminal::wall_ms()));
    Json list = Json::array();
    bool is_first = true;
    for (DoctorFacts& facts : groups) {
        facts.patience_ms = *patience;
        std::vector<Finding> findings = diagnose(facts);
        for (Finding& finding : findings) {
            for (std::string& command : finding.commands) {
                command += bootstrap_option(options.client);
            }
        }
        if (options.output.json) {
            list.push_back(as_json(facts, findings));
            continue;
        }
        if (!std::exchange(is_first, false)) {
            console.print("\n");
        }
        print_findings(console, facts, findings);
    }
    if (options.output.json) {
        print_json(console, list);
    } else if (groups.empty()) {
        console.print("no groups; a consumer makes one when it joins\n");
    }
    return ExitCode::ok;
}

}  // namespace tideline::cli
