#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/result.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/terminal.h"

namespace tideline::cli {
namespace {

Outcome<> make_sure(const TopicDeleteOptions& options) {
    if (options.yes) {
        return {};
    }
    std::string question = fmt::format("Delete {} and {} records?", fmt::join(options.topics, ", "),
                                       options.topics.size() == 1 ? "its" : "their");
    if (!terminal::is_terminal(stdin)) {
        return usage_failure("deleting topics needs a confirmation, and standard input is not a terminal", "Add --yes");
    }
    if (!terminal::confirm(question)) {
        return usage_failure("nothing was deleted");
    }
    return {};
}

// The exit code for all results together.
ExitCode summary_of(const std::vector<TopicResult>& failed, std::size_t asked) {
    if (failed.empty()) {
        return ExitCode::ok;
    }
    return failed.size() < asked ? ExitCode::partial : exit_code_of(failed.front().error);
}

}  // namespace

Outcome<ExitCode> run(const TopicDeleteOptions& options, Console& console) {
    TL_TRY_VOID(make_sure(options));
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::producer));
    TL_TRY(results, Admin(*client).delete_topics(options.topics));
    Json list = Json::array();
    std::vector<TopicResult> failed;
    for (const TopicResult& result : results) {
        bool missing = result.error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        bool deleted = result.error == RD_KAFKA_RESP_ERR_NO_ERROR;
        if (deleted || (missing && options.if_exists)) {
            list.push_back({{"topic", result.topic}, {"deleted", deleted}});
            if (!options.output.json) {
                console.print(fmt::format("{} {}\n", deleted ? "deleted" : "not there:", result.topic));
            }
            continue;
        }
        failed.push_back(result);
        Failure failure =
            client->failure(result.error, fmt::format("delete topic '{}'", result.topic), result.broker_says);
        list.push_back({{"topic", result.topic}, {"deleted", false}, {"error", failure.kafka_error}});
        report(console, failure, options.output.json);
    }
    if (options.output.json) {
        print_json(console, list);
    }
    return summary_of(failed, options.topics.size());
}

}  // namespace tideline::cli
