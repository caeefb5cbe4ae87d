#include <fmt/format.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/kafka_client.h"
#include "cli/text_table.h"

namespace tideline::cli {
namespace {

std::size_t replication_factor(const TopicInfo& topic) {
    return topic.partitions.empty() ? 0 : topic.partitions.front().replicas.size();
}

void print_as_json(Console& console, const std::vector<TopicInfo>& topics) {
    Json list = Json::array();
    for (const TopicInfo& topic : topics) {
        list.push_back({{"topic", topic.name},
                        {"partitions", topic.partitions.size()},
                        {"replication_factor", replication_factor(topic)},
                        {"internal", topic.is_internal()}});
    }
    print_json(console, list);
}

void print_as_text(Console& console, const std::vector<TopicInfo>& topics) {
    if (topics.empty()) {
        console.print("no topics; create one: tideline topic create NAME\n");
        return;
    }
    TextTable table({"TOPIC", ">PARTITIONS", ">REPLICATION"});
    for (const TopicInfo& topic : topics) {
        table.add({topic.name, std::to_string(topic.partitions.size()), std::to_string(replication_factor(topic))});
    }
    table.print(console);
}

}  // namespace

Outcome<ExitCode> run(const TopicListOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::consumer));
    TL_TRY(metadata, client->metadata());
    std::vector<TopicInfo> topics;
    for (const auto& [name, topic] : metadata.topics) {
        if (options.internal || !topic.is_internal()) {
            topics.push_back(topic);
        }
    }
    if (options.output.json) {
        print_as_json(console, topics);
    } else if (options.names) {
        for (const TopicInfo& topic : topics) {
            console.print(topic.name + "\n");
        }
    } else {
        print_as_text(console, topics);
    }
    return ExitCode::ok;
}

}  // namespace tideline::cli
