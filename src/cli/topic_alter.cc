#include <fmt/format.h>

#include "base/result.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/json.h"

namespace tideline::cli {
namespace {

// What is set on the topic now, with the changes applied. librdkafka 2.0 has only the AlterConfigs request, which
// replaces everything: leaving out what was set before would silently unset it.
Outcome<std::vector<KeyValue>> changed_configs(Admin& admin, const TopicAlterOptions& options) {
    TL_TRY(current, admin.topic_configs(options.topic));
    std::map<std::string, std::string> wanted;
    for (const ConfigEntry& config : current) {
        if (config.is_set_on_topic) {
            wanted[config.name] = config.value;
        }
    }
    for (const std::string& key : options.deleted_configs) {
        auto known = std::ranges::find(current, key, &ConfigEntry::name);
        if (known == current.end()) {
            return usage_failure(fmt::format("'{}' is not a property of a topic", key));
        }
        wanted.erase(key);
    }
    for (const auto& [key, value] : options.configs) {
        wanted[key] = value;
    }
    return std::vector<KeyValue>(wanted.begin(), wanted.end());
}

Outcome<> alter_configs(Admin& admin, const TopicAlterOptions& options) {
    if (options.configs.empty() && options.deleted_configs.empty()) {
        return {};
    }
    TL_TRY(wanted, changed_configs(admin, options));
    return admin.replace_topic_configs(options.topic, wanted);
}

}  // namespace

Outcome<ExitCode> run(const TopicAlterOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::producer));
    // Otherwise a misspelt name is reported as whatever the first request makes of it.
    TL_TRY(topics, client->topics({options.topic}));
    Admin admin(*client);
    TL_TRY_VOID(alter_configs(admin, options));
    if (options.partitions) {
        auto grown = admin.set_partition_count(options.topic, *options.partitions);
        if (!grown) {
            Failure failure = grown.error();
            if (!options.configs.empty() || !options.deleted_configs.empty()) {
                failure.exit = ExitCode::partial;
                failure.hint = "The configuration was changed; the number of partitions was not";
            }
            return std::unexpected(failure);
        }
    }
    if (options.output.json) {
        print_json(console, Json{{"topic", options.topic}, {"altered", true}});
    } else {
        console.print(fmt::format("altered {}\n", topics.front().name));
    }
    return ExitCode::ok;
}

}  // namespace tideline::cli
