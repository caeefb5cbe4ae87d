#include <fmt/format.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/kafka_client.h"
#include "cli/text_table.h"

namespace tideline::cli {
namespace {

struct ClusterInfo {
    std::string id;
    std::int32_t controller;
    Metadata metadata;

    std::size_t partitions() const {
        std::size_t total = 0;
        for (const auto& [name, topic] : metadata.topics) {
            total += topic.partitions.size();
        }
        return total;
    }
};

void print_as_json(Console& console, const ClusterInfo& info) {
    Json brokers = Json::array();
    for (const BrokerInfo& broker : info.metadata.brokers) {
        brokers.push_back({{"id", broker.id}, {"host", broker.host}, {"port", broker.port}});
    }
    print_json(console, Json{{"cluster_id", info.id},
                             {"controller", info.controller},
                             {"brokers", brokers},
                             {"topics", info.metadata.topics.size()},
                             {"partitions", info.partitions()}});
}

void print_as_text(Console& console, const ClusterInfo& info) {
    console.print(fmt::format("cluster     {}\n", console.painted(Paint::bold, info.id)));
    console.print(fmt::format("controller  {}\n", info.controller));
    console.print(fmt::format("topics      {}\n", info.metadata.topics.size()));
    console.print(fmt::format("partitions  {}\n\n", info.partitions()));
    TextTable table({">BROKER", "ADDRESS"});
    for (const BrokerInfo& broker : info.metadata.brokers) {
        table.add({std::to_string(broker.id), fmt::format("{}:{}", broker.host, broker.port)});
    }
    table.print(console);
}

}  // namespace

Outcome<ExitCode> run(const ClusterInfoOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::consumer));
    TL_TRY(metadata, client->metadata());
    TL_TRY(id, client->cluster_id());
    TL_TRY(controller, client->controller_id());
    ClusterInfo info{id, controller, std::move(metadata)};
    options.output.json ? print_as_json(console, info) : print_as_text(console, info);
    return ExitCode::ok;
}

}  // namespace tideline::cli
