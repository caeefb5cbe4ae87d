#include <fmt/format.h>

#include "base/result.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/terminal.h"

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

bool is_usable(const TopicInfo& topic) {
    return std::ranges::all_of(topic.partitions, [](const PartitionInfo& p) { return p.leader >= 0; });
}

// The controller has it, but brokers hear of it a moment later; who is told "created" wants to use it.
Outcome<TopicInfo> when_usable(KafkaClient& client, const std::string& name) {
    const double begin = terminal::steady_seconds();
    for (;;) {
        TL_TRY(metadata, client.metadata());
        auto found = metadata.topics.find(name);
        bool there = found != metadata.topics.end();
        if (there && is_usable(found->second)) {
            return found->second;
        }
        if ((terminal::steady_seconds() - begin) * 1000 > client.timeout_ms() || terminal::interrupted()) {
            return there ? found->second : TopicInfo{name, {}};
        }
        rd_kafka_poll(client.handle(), 50);
    }
}

}  // namespace

Outcome<ExitCode> run(const TopicCreateOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::producer));
    auto created = Admin(*client).create_topic(options.topic, options.partitions, options.replication_factor,
                                               options.configs);
    if (!created && !(options.if_not_exists && created.error().kafka_error == "TOPIC_ALREADY_EXISTS")) {
        return std::unexpected(created.error());
    }
    TL_TRY(topic, when_usable(*client, options.topic));
    print_result(console, options, topic, created.has_value());
    return ExitCode::ok;
}

}  // namespace tideline::cli
