#include <fmt/format.h>

#include "base/result.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/json.h"

namespace tideline::cli {
namespace {

void print_result(Console& console, const TopicCreateOptions& options, const TopicInfo& topic, bool created) {
    std::size_t partitions = topic.partitions.size();
    std::size_t copies = partitions == 0 ? 0 : topic.partitions.front().replicas.size();
    if (options.output.json) {
        print_json(console, Json{{"topic", options.topic},
                                 {"created", created},
                                 {"partitions", partitions},
                                 {"replication_factor", copies}});
        return;
    }
    console.print(fmt::format("{} {} ({} partition{}, replication factor {})\n",
                              created ? "created" : "there already:", options.topic, partitions,
                              partitions == 1 ? "" : "s", copies));
}

}  // namespace

Outcome<ExitCode> run(const TopicCreateOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::producer));
    auto created = Admin(*client).create_topic(options.topic, options.partitions, options.replication_factor,
                                               options.configs);
    if (!created && !(options.if_not_exists && created.error().kafka_error == "TOPIC_ALREADY_EXISTS")) {
        return std::unexpected(created.error());
    }
    TL_TRY(metadata, client->metadata());
    TopicInfo topic{options.topic, {}};
    if (auto found = metadata.topics.find(options.topic); found != metadata.topics.end()) {
        topic = found->second;
    }
    print_result(console, options, topic, created.has_value());
    return ExitCode::ok;
}

}  // namespace tideline::cli
