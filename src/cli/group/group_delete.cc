// group delete and group delete-offsets.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/group/group_view.h"
#include "cli/group/topic_selection.h"
#include "cli/shell_word.h"
#include "cli/terminal.h"

namespace tideline::cli {
namespace {

Outcome<> make_sure(bool yes, const std::string& question) {
    if (yes) {
        return {};
    }
    if (!terminal::is_terminal(stdin)) {
        return usage_failure("this needs a confirmation, and standard input is not a terminal", "Add --yes");
    }
    return terminal::confirm(question) ? Outcome<>() : usage_failure("nothing was deleted");
}

ExitCode summary_of(const std::vector<GroupResult>& failed, std::size_t asked) {
    if (failed.empty()) {
        return ExitCode::ok;
    }
    return failed.size() < asked ? ExitCode::partial : exit_code_of(failed.front().error);
}

}  // namespace

Outcome<ExitCode> run(const GroupDeleteOptions& options, Console& console) {
    TL_TRY_VOID(make_sure(options.yes, fmt::format("Delete {} and the offsets committed there?",
                                                   fmt::join(options.groups, ", "))));
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::producer));
    TL_TRY(results, GroupAdmin(*client).remove(options.groups));
    Json list = Json::array();
    std::vector<GroupResult> failed;
    for (const GroupResult& result : results) {
        if (result.error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            list.push_back({{"group", result.group}, {"deleted", true}});
            if (!options.output.json) {
                console.print(fmt::format("deleted {}\n", result.group));
            }
            continue;
        }
        failed.push_back(result);
        Failure failure =
            client->failure(result.error, fmt::format("delete group '{}'", result.group), result.broker_says);
        list.push_back({{"group", result.group}, {"deleted", false}, {"error", failure.kafka_error}});
        report(console, failure, options.output.json);
    }
    if (options.output.json) {
        print_json(console, list);
    }
    return summary_of(failed, options.groups.size());
}

Outcome<ExitCode> run(const GroupDeleteOffsetsOptions& options, Console& console) {
    TL_TRY(selections, parse_topic_selections(options.topics));
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::producer));
    GroupAdmin admin(*client);
    TL_TRY(committed, admin.committed(options.group));
    std::vector<TopicPartition> chosen;
    for (const auto& [at, offset] : committed) {
        for (const TopicSelection& selection : selections) {
            if (selection.topic == at.topic && selection.takes(at.partition)) {
                chosen.push_back(at);
                break;
            }
        }
    }
    if (chosen.empty()) {
        return usage_failure(fmt::format("group '{}' has committed nothing there", options.group),
                             fmt::format("See what it has: tideline group describe {}", shell_word(options.group)));
    }
    TL_TRY_VOID(make_sure(options.yes, fmt::format("Delete the offsets of {} in {}?", options.group, joined(chosen))));
    TL_TRY_VOID(admin.forget(options.group, chosen));
    Json list = Json::array();
    for (const TopicPartition& at : chosen) {
        list.push_back({{"topic", at.topic}, {"partition", at.partition}, {"offset", committed[at]}});
        if (!options.output.json) {
            console.print(fmt::format("deleted {}-{}, which was at {}\n", at.topic, at.partition, committed[at]));
        }
    }
    if (options.output.json) {
        print_json(console, list);
    }
    return ExitCode::ok;
}

}  // namespace tideline::cli
