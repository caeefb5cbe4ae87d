#include "simulation/administrator.h"

#include <fmt/format.h>

#include "protocol/messages/create_partitions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_records.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/describe_configs.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/metadata.h"
#include "simulation/producer.h"

namespace tideline::simulation {

using protocol::CreatePartitionsRequest;
using protocol::CreateTopicsRequest;
using protocol::DeleteRecordsRequest;
using protocol::DeleteTopicsRequest;
using protocol::DescribeConfigsRequest;
using protocol::IncrementalAlterConfigsRequest;
using protocol::MetadataRequest;

namespace {

constexpr std::int16_t kFirstDeleteById = 6;
constexpr std::int16_t kFirstMetadataWithIds = 10;
constexpr std::int8_t kTopicResource = 2;
constexpr std::int32_t kPartitionsMax = 5;
// What a new topic takes to be there on every connection, on the slowest disk.
constexpr std::chrono::seconds kAppliedWithin{20};

// Known by its name even if nobody heard of its creation.
bool is_for_transactions(std::string_view name) { return name.starts_with("exact-"); }

class Administrator {
public:
    Administrator(Stage& stage, std::uint64_t seed)
        : stage_(stage), random_(seed), link_(stage.shard, stage.broker, "administrator", stage.weather, random_.next()) {}

    Task<void> run();
    Task<void> create(TopicWish wish);
    Task<void> grow(KnownTopic& topic);
    Task<void> close() { return link_.close(); }

private:
    Task<void> act();
    Task<void> create_some();
    Task<void> erase(KnownTopic& topic);
    Task<void> erase_until_gone(KnownTopic& topic);
    Task<void> delete_records(KnownTopic& topic);
    Task<void> alter(KnownTopic& topic);
    Task<bool> check_topics();
    Task<bool> check_configs(KnownTopic& topic);
    void adopt(const protocol::MetadataResponse::MetadataResponseTopic& row);
    void check_unexpected(ErrorCode error, std::string_view what, const KnownTopic& topic);
    Task<void> rest() { return stage_.pause(random_ms(random_, 10, 300)); }

    Stage& stage_;
    runtime::Random random_;
    ClientLink link_;
};

Task<void> Administrator::run() {
    while (!stage_.is_storm_over) {
        co_await act();
        co_await stage_.pause(random_ms(random_, 50, 1500));
    }
    bool is_checked = false;
    while (!is_checked) {
        is_checked = co_await check_topics();
        co_await rest();
    }
    for (KnownTopic* topic : stage_.live_topics()) {
        bool is_described = false;
        while (!is_described) {
            is_described = co_await check_configs(*topic);
            co_await rest();
        }
    }
    co_await link_.close();
}

Task<void> Administrator::act() {
    std::vector<KnownTopic*> topics = stage_.live_topics();
    if (topics.empty() || random_.chance(6)) {
        co_await create_some();
        co_return;
    }
    KnownTopic& topic = *topics[random_.below(topics.size())];
    switch (random_.below(6)) {
        case 0:
            if (topic.is_recreated) {
                co_await erase(topic);
            }
            break;
        case 1: co_await grow(topic); break;
        case 2: co_await delete_records(topic); break;
        case 3: co_await alter(topic); break;
        case 4: co_await check_topics(); break;
        default: co_await check_configs(topic); break;
    }
}

Task<void> Administrator::create_some() {
    TopicWish wish{.name = fmt::format("brief-{}", random_.below(3)),
                   .partitions = static_cast<std::int32_t>(1 + random_.below(3)),
                   .is_recreated = true,
                   .configs = {}};
    if (random_.chance(2)) {
        wish.configs = {{"segment.ms", "500"}, {"retention.ms", "2000"}, {"file.delete.delay.ms", "1000"}};
    }
    if (random_.chance(2)) {
        wish.configs.emplace_back("compression.type", "lz4");
    }
    co_await create(wish);
}

Task<void> Administrator::create(TopicWish wish) {
    CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = wish.name;
    topic.num_partitions = wish.partitions;
    topic.replication_factor = 1;
    KnownTopic known{.name = wish.name, .partitions = wish.partitions, .is_recreated = wish.is_recreated};
    known.is_for_transactions = is_for_transactions(wish.name);
    for (const auto& [key, value] : wish.configs) {
        topic.configs.push_back({.name = key, .value = value});
        known.configs[key] = {value};
    }
    for (;;) {
        auto answer = co_await link_.call(request, CreateTopicsRequest::kMaxVersion);
        ErrorCode error = answer ? answer->response.topics.at(0).error_code : answer.error().code;
        if (error == ErrorCode::none) {
            known.id = answer->response.topics.at(0).topic_id;
            stage_.trace(fmt::format("topic {} created with id {}", wish.name, base::to_string(known.id)));
            stage_.topics.emplace(known.id, known).first->second.sure_from = {};
            // Whoever may see it expire must be known before it does.
            if (known.configs.contains("retention.ms")) {
                stage_.history.retention_may_delete(known.id);
            }
            co_return;
        }
        if (error == ErrorCode::topic_already_exists) {
            bool is_known = co_await check_topics();  // an earlier try may have made it
            if (is_known) {
                co_return;
            }
        }
        if (stage_.is_storm_over && wish.is_recreated) {
            co_return;
        }
        co_await rest();
    }
}

void Administrator::check_unexpected(ErrorCode error, std::string_view what, const KnownTopic& topic) {
    if (error != ErrorCode::none && !is_passing(error) && !topic.is_deletion_asked && stage_.is_sure(topic.id)) {
        stage_.history.violated(fmt::format("{} of topic {} ({}): {}", what, topic.name, base::to_string(topic.id), name_of(error)));
    }
}

Task<void> Administrator::erase(KnownTopic& topic) {
    topic.is_deletion_asked = true;
    stage_.trace(fmt::format("topic {} {} is being deleted", topic.name, base::to_string(topic.id)));
    runtime::TaskScope producing(stage_.shard);
    if (topic.configs.contains("compression.type")) {
        producing.spawn(produce_until_gone(stage_, topic, random_.next()));
    }
    co_await erase_until_gone(topic);
    co_await producing.join();
}

Task<void> Administrator::erase_until_gone(KnownTopic& topic) {
    DeleteTopicsRequest request;
    request.topics.push_back({.name = std::nullopt, .topic_id = topic.id});
    request.timeout_ms = 5000;
    for (;;) {
        auto answer = co_await link_.call(request, any_version<DeleteTopicsRequest>(random_, kFirstDeleteById));
        ErrorCode error = answer ? answer->response.responses.at(0).error_code : answer.error().code;
        if (error == ErrorCode::none || error == ErrorCode::unknown_topic_id) {
            topic.is_deleted = true;
            stage_.trace(fmt::format("topic {} {} is deleted", topic.name, base::to_string(topic.id)));
            co_return;
        }
        co_await rest();
    }
}

Task<void> Administrator::grow(KnownTopic& topic) {
    if (topic.is_recreated || topic.partitions >= kPartitionsMax) {
        co_return;  // the request names no id
    }
    std::int32_t wanted = topic.partitions + 1;
    CreatePartitionsRequest request{.timeout_ms = 5000};
    request.topics.push_back({.name = topic.name, .count = wanted, .assignments = std::nullopt});
    for (;;) {
        auto answer = co_await link_.call(request, any_version<CreatePartitionsRequest>(random_));
        ErrorCode error = answer ? answer->response.results.at(0).error_code : answer.error().code;
        if (error == ErrorCode::none || error == ErrorCode::invalid_partitions) {  // the latter: an earlier try did it
            topic.partitions = wanted;
            co_return;
        }
        check_unexpected(error, "growing", topic);
        co_await rest();
    }
}

Task<void> Administrator::delete_records(KnownTopic& topic) {
    if (topic.is_recreated) {
        co_return;
    }
    PartitionId id{topic.id, static_cast<std::int32_t>(random_.below(static_cast<std::uint64_t>(topic.partitions)))};
    Offset before = random_.chance(4) ? -1 : static_cast<Offset>(random_.below(60));
    DeleteRecordsRequest request{.timeout_ms = 5000};
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic.name;
    wanted.partitions.push_back({.partition_index = id.partition, .offset = before});
    stage_.history.deleting_before(id, before);
    History::Seen seen = stage_.history.seen(id);
    auto answer = co_await link_.call(request, any_version<DeleteRecordsRequest>(random_));
    if (!answer) {
        co_return;
    }
    const auto& row = answer->response.topics.at(0).partitions.at(0);
    if (row.error_code == ErrorCode::none) {
        stage_.trace(fmt::format("{} begins at {} now", to_string(id), row.low_watermark));
        stage_.history.saw_log_start(id, row.low_watermark, seen);
    } else if (row.error_code != ErrorCode::offset_out_of_range) {
        check_unexpected(row.error_code, "deleting records", topic);
    }
}

Task<void> Administrator::alter(KnownTopic& topic) {
    if (topic.is_recreated) {
        co_return;
    }
    constexpr std::pair<std::string_view, std::string_view> kChoices[] = {
        {"segment.ms", "300"},       {"segment.ms", "604800000"},  {"flush.messages", "1"},        {"index.interval.bytes", "0"},
        {"retention.ms", "3000"},    {"retention.ms", "604800000"}, {"compression.type", "zstd"},  {"compression.type", "producer"},
        {"segment.index.bytes", "16"}, {"segment.index.bytes", "10485760"}};
    auto [key, value] = kChoices[random_.below(std::size(kChoices))];
    if (key == "retention.ms") {
        stage_.history.retention_may_delete(topic.id);
    }
    IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kTopicResource;
    resource.resource_name = topic.name;
    resource.configs.push_back({.name = std::string(key), .config_operation = 0, .value = std::string(value)});
    std::set<std::string>& allowed = topic.configs[std::string(key)];
    bool is_certain = allowed.size() <= 1;
    allowed.insert(std::string(value));
    for (;;) {
        auto answer = co_await link_.call(request, any_version<IncrementalAlterConfigsRequest>(random_));
        ErrorCode error = answer ? answer->response.responses.at(0).error_code : answer.error().code;
        if (error == ErrorCode::none) {
            if (is_certain) {
                allowed = {std::string(value)};
            }
            co_return;
        }
        // A try of which nothing was heard may still arrive, after the next change even.
        is_certain = is_certain && answer.has_value();
        check_unexpected(error, "altering", topic);
        co_await rest();
    }
}

void Administrator::adopt(const protocol::MetadataResponse::MetadataResponseTopic& row) {
    KnownTopic known{.name = row.name.value_or(""), .id = row.topic_id, .partitions = static_cast<std::int32_t>(row.partitions.size())};
    known.is_recreated = known.name.starts_with("brief");
    known.is_for_transactions = is_for_transactions(known.name);
    known.sure_from = stage_.shard.now() + kAppliedWithin;
    stage_.history.retention_may_delete(known.id);  // nobody knows with which configuration it was made
    stage_.topics.emplace(known.id, known);
}

// False: no answer.
Task<bool> Administrator::check_topics() {
    std::map<base::Uuid, KnownTopic> before = stage_.topics;
    MetadataRequest request{.allow_auto_topic_creation = false};
    request.topics = std::nullopt;
    auto answer = co_await link_.call(request, any_version<MetadataRequest>(random_, kFirstMetadataWithIds));
    if (!answer) {
        co_return false;
    }
    std::map<base::Uuid, std::size_t> there;
    for (const auto& row : answer->response.topics) {
        if (row.is_internal) {
            continue;
        }
        there[row.topic_id] = row.partitions.size();
        if (!stage_.topics.contains(row.topic_id)) {
            adopt(row);
        }
    }
    for (const auto& [id, topic] : before) {
        auto found = there.find(id);
        if (topic.is_deleted && found != there.end()) {
            stage_.history.violated(fmt::format("topic {} ({}) was deleted and is there", topic.name, base::to_string(id)));
        }
        if (stage_.is_doomed(id) || !stage_.is_sure(id)) {
            continue;
        }
        if (found == there.end()) {
            stage_.history.violated(fmt::format("topic {} ({}) was acknowledged and is gone", topic.name, base::to_string(id)));
        } else if (found->second < static_cast<std::size_t>(topic.partitions)) {
            stage_.history.violated(fmt::format("topic {} has {} partitions, {} were acknowledged", topic.name, found->second, topic.partitions));
        }
    }
    co_return true;
}

// False: no answer.
Task<bool> Administrator::check_configs(KnownTopic& topic) {
    if (topic.is_recreated) {
        co_return true;
    }
    std::map<std::string, std::set<std::string>> allowed = topic.configs;
    DescribeConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kTopicResource;
    resource.resource_name = topic.name;
    resource.configuration_keys = std::nullopt;
    auto answer = co_await link_.call(request, any_version<DescribeConfigsRequest>(random_));
    if (!answer || answer->response.results.at(0).error_code != ErrorCode::none) {
        co_return false;
    }
    for (const auto& row : answer->response.results[0].configs) {
        auto wanted = allowed.find(row.name);
        if (wanted != allowed.end() && !wanted->second.empty() && !wanted->second.contains(row.value.value_or(""))) {
            stage_.history.violated(fmt::format("topic {} has {}={}, which was not asked for last", topic.name, row.name, row.value.value_or("null")));
        }
    }
    co_return true;
}

}  // namespace

Task<void> create_topic(Stage& stage, TopicWish wish, std::uint64_t seed) {
    Administrator administrator(stage, seed);
    co_await administrator.create(std::move(wish));
    co_await administrator.close();
}

Task<void> grow_topics(Stage& stage, std::uint64_t seed) {
    Administrator administrator(stage, seed);
    std::vector<KnownTopic*> topics = stage.live_topics();
    for (KnownTopic* topic : topics) {
        co_await administrator.grow(*topic);
    }
    co_await administrator.close();
}

Task<void> run_administrator(Stage& stage, std::uint64_t seed) {
    Administrator administrator(stage, seed);
    co_await administrator.run();
}

}  // namespace tideline::simulation
