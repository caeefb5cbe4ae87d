#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/result.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/text_table.h"

namespace tideline::cli {
namespace {

struct Description {
    TopicInfo topic;
    std::map<std::int32_t, std::int64_t> earliest;
    std::map<std::int32_t, std::int64_t> latest;
    std::vector<ConfigEntry> set_configs;

    // Unknown for a partition without a leader: nobody can be asked.
    std::optional<std::int64_t> records(std::int32_t partition) const {
        auto low = earliest.find(partition);
        auto high = latest.find(partition);
        if (low == earliest.end() || high == latest.end()) {
            return std::nullopt;
        }
        return high->second - low->second;
    }
};

Outcome<Description> describe(KafkaClient& client, TopicInfo topic) {
    std::vector<std::int32_t> led;
    for (const PartitionInfo& partition : topic.partitions) {
        if (partition.leader >= 0) {
            led.push_back(partition.id);
        }
    }
    Description about{std::move(topic), {}, {}, {}};
    if (!led.empty()) {
        TL_TRY(earliest, client.offsets_at(about.topic, led, RD_KAFKA_OFFSET_BEGINNING));
        TL_TRY(latest, client.offsets_at(about.topic, led, RD_KAFKA_OFFSET_END));
        about.earliest = std::move(earliest);
        about.latest = std::move(latest);
    }
    TL_TRY(configs, Admin(client).topic_configs(about.topic.name));
    for (ConfigEntry& config : configs) {
        if (config.is_set_on_topic) {
            about.set_configs.push_back(std::move(config));
        }
    }
    return about;
}

std::string shown_value(const ConfigEntry& config) { return config.is_sensitive ? "(hidden)" : config.value; }

Json number_or_null(const std::map<std::int32_t, std::int64_t>& offsets, std::int32_t partition) {
    auto at = offsets.find(partition);
    return at == offsets.end() ? Json(nullptr) : Json(at->second);
}

Json to_json(const Description& about) {
    Json partitions = Json::array();
    for (const PartitionInfo& p : about.topic.partitions) {
        auto records = about.records(p.id);
        partitions.push_back({{"partition", p.id},
                              {"leader", p.leader},
                              {"replicas", p.replicas},
                              {"isr", p.in_sync_replicas},
                              {"earliest", number_or_null(about.earliest, p.id)},
                              {"latest", number_or_null(about.latest, p.id)},
                              {"records", records ? Json(*records) : Json(nullptr)}});
    }
    Json configs = Json::object();
    for (const ConfigEntry& config : about.set_configs) {
        configs[config.name] = shown_value(config);
    }
    return {{"topic", about.topic.name}, {"partitions", partitions}, {"configs", configs}};
}

void print_as_text(Console& console, const Description& about) {
    std::int64_t total = 0;
    TextTable table({">PARTITION", ">LEADER", "REPLICAS", "ISR", ">EARLIEST", ">LATEST", ">RECORDS"});
    for (const PartitionInfo& p : about.topic.partitions) {
        auto records = about.records(p.id);
        total += records.value_or(0);
        table.add({std::to_string(p.id), p.leader < 0 ? "none" : std::to_string(p.leader),
                   fmt::format("{}", fmt::join(p.replicas, ",")), fmt::format("{}", fmt::join(p.in_sync_replicas, ",")),
                   records ? std::to_string(about.earliest.at(p.id)) : "?",
                   records ? std::to_string(about.latest.at(p.id)) : "?", records ? std::to_string(*records) : "?"});
    }
    std::size_t partitions = about.topic.partitions.size();
    console.print(fmt::format("{}: {} partition{}, {} record{}\n", console.painted(Paint::bold, about.topic.name),
                              partitions, partitions == 1 ? "" : "s", with_thousands(total), total == 1 ? "" : "s"));
    table.print(console);
    for (const ConfigEntry& config : about.set_configs) {
        console.print(fmt::format("config {}={}\n", config.name, shown_value(config)));
    }
}

}  // namespace

Outcome<ExitCode> run(const TopicDescribeOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::consumer));
    TL_TRY(known, client->metadata());
    Json list = Json::array();
    bool first = true;
    std::vector<Failure> missing;
    for (const std::string& name : options.topics) {
        auto topic = find_topic(known, name);
        if (!topic) {
            missing.push_back(topic.error());
            continue;
        }
        TL_TRY(about, describe(*client, *topic));
        if (options.output.json) {
            list.push_back(to_json(about));
            continue;
        }
        console.print(first ? "" : "\n");
        first = false;
        print_as_text(console, about);
    }
    if (options.output.json && missing.size() < options.topics.size()) {
        print_json(console, list);
    }
    for (const Failure& failure : missing) {
        report(console, failure, options.output.json);
    }
    if (missing.empty()) {
        return ExitCode::ok;
    }
    return missing.size() < options.topics.size() ? ExitCode::partial : ExitCode::refused;
}

}  // namespace tideline::cli
