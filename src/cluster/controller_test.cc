#include "cluster/controller.h"

#include <gtest/gtest.h>

#include "cluster/metadata_replay.h"

namespace tideline::cluster {
namespace {

using namespace protocol;

constexpr std::int32_t kBrokers[] = {1, 2};

// A cluster with this broker (1), another active one (2) and, when asked for, a fenced one (3).
class ControllerTest : public testing::Test {
protected:
    ControllerTest() {
        for (std::int32_t id : kBrokers) {
            add_broker(id, false);
        }
    }

    void configure(std::vector<std::pair<std::string, std::string>> values) { config_ = *BrokerConfig::parse({"", "", std::move(values)}); }

    void add_broker(std::int32_t id, bool fenced) {
        RegisterBrokerRecord broker;
        broker.broker_id = id;
        broker.broker_epoch = 10 + id;
        broker.fenced = fenced;
        broker.log_dirs = {Uuid{100, static_cast<std::uint64_t>(id)}};
        apply({broker});
    }

    void apply(const std::vector<MetadataRecord>& records) {
        for (const MetadataRecord& record : records) {
            auto applied = replay_.apply(record);
            ASSERT_TRUE(applied) << base::to_string(applied.error());
        }
        replay_.publish(++offset_, 1);
    }
    void enable_elr() {
        FeatureLevelRecord feature;
        feature.name = "eligible.leader.replicas.version";
        feature.feature_level = 1;
        apply({feature});
    }

    const MetadataImage& image() { return *replay_.image(); }

    static CreateTopicsRequest::CreatableTopic topic(const std::string& name, std::int32_t partitions = 1, std::int16_t replicas = 1) {
        CreateTopicsRequest::CreatableTopic topic;
        topic.name = name;
        topic.num_partitions = partitions;
        topic.replication_factor = replicas;
        return topic;
    }
    CreateTopicsResponse create(CreateTopicsRequest request) {
        auto decision = controller_.create_topics(image(), request);
        apply(decision.records);
        return decision.response;
    }
    CreateTopicsResponse::CreatableTopicResult create_one(CreateTopicsRequest::CreatableTopic topic) {
        CreateTopicsRequest request;
        request.topics.push_back(std::move(topic));
        auto response = create(std::move(request));
        EXPECT_EQ(response.topics.size(), 1u);
        return response.topics.front();
    }
    ErrorCode code_of(CreateTopicsRequest::CreatableTopic topic) { return create_one(std::move(topic)).error_code; }

    // One resource, one key.
    ErrorCode alter(ConfigResourceType type, const std::string& name, const std::string& key, std::int8_t operation,
                    std::optional<std::string> value, bool validate_only = false) {
        IncrementalAlterConfigsRequest request;
        request.validate_only = validate_only;
        auto& resource = request.resources.emplace_back();
        resource.resource_type = static_cast<std::int8_t>(type);
        resource.resource_name = name;
        resource.configs.push_back({key, operation, std::move(value)});
        auto decision = controller_.incremental_alter_configs(image(), request);
        apply(decision.records);
        return decision.response.responses.front().error_code;
    }
    ErrorCode set_topic(const std::string& name, const std::string& key, std::optional<std::string> value) {
        return alter(ConfigResourceType::topic, name, key, 0, std::move(value));
    }

    BrokerConfig config_ = BrokerConfig::defaults();
    std::uint64_t random_ = 0;
    MetadataReplay replay_;
    std::int64_t offset_ = 0;
    Controller controller_{config_, [this] { return ++random_ * 0x9e3779b97f4a7c15ull; }};
};

// ---- CreateTopics ----

TEST_F(ControllerTest, ANewTopicIsLedByItsFirstReplica) {
    auto result = create_one(topic("a", 3, 2));
    EXPECT_EQ(result.error_code, ErrorCode::none);
    EXPECT_EQ(result.error_message, std::nullopt);
    EXPECT_EQ(result.num_partitions, 3);
    EXPECT_EQ(result.replication_factor, 2);
    const TopicImage* made = image().topic("a");
    ASSERT_NE(made, nullptr);
    EXPECT_EQ(made->id, result.topic_id);
    for (const auto& partition : made->partitions) {
        EXPECT_EQ(partition->leader, partition->replicas.front());
        EXPECT_EQ(partition->isr, partition->replicas);
        EXPECT_EQ(partition->directories.front(), (Uuid{100, static_cast<std::uint64_t>(partition->leader)}));
        EXPECT_EQ(partition->leader_epoch, 0);
    }
    EXPECT_NE(made->partition(0)->leader, made->partition(1)->leader);
}

TEST_F(ControllerTest, DefaultsComeFromTheBroker) {
    configure({{"num.partitions", "4"}, {"default.replication.factor", "2"}});
    auto result = create_one(topic("a", -1, -1));
    EXPECT_EQ(result.num_partitions, 4);
    EXPECT_EQ(result.replication_factor, 2);
}

TEST_F(ControllerTest, IllegalNamesAreInvalidTopicExceptions) {
    for (const std::string& name : {std::string(), std::string("."), std::string(".."), std::string("../x"), std::string("a b"),
                                    std::string("ä"), std::string("a/b"), std::string(250, 'a')}) {
        EXPECT_EQ(code_of(topic(name)), ErrorCode::invalid_topic_exception) << name;
    }
    EXPECT_EQ(code_of(topic(std::string(249, 'a'))), ErrorCode::none);
    EXPECT_EQ(code_of(topic("A-z_0.9")), ErrorCode::none);
}

TEST_F(ControllerTest, ATopicExistsOnce) {
    EXPECT_EQ(code_of(topic("a_b")), ErrorCode::none);
    EXPECT_EQ(code_of(topic("a_b")), ErrorCode::topic_already_exists);
    EXPECT_EQ(code_of(topic("a.b")), ErrorCode::invalid_topic_exception);
}

TEST_F(ControllerTest, PartitionsAndReplicasMustBePositiveOrLeftOpen) {
    EXPECT_EQ(code_of(topic("a", 0, 1)), ErrorCode::invalid_partitions);
    EXPECT_EQ(code_of(topic("a", -2, 1)), ErrorCode::invalid_partitions);
    EXPECT_EQ(code_of(topic("a", 1, 0)), ErrorCode::invalid_replication_factor);
    EXPECT_EQ(code_of(topic("a", 1, -2)), ErrorCode::invalid_replication_factor);
    EXPECT_EQ(code_of(topic("a", 1, 3)), ErrorCode::invalid_replication_factor);
    EXPECT_EQ(code_of(topic("a", 0, 0)), ErrorCode::invalid_replication_factor);
}

TEST_F(ControllerTest, AFencedBrokerTakesReplicasButIsNotInSync) {
    add_broker(3, true);
    auto result = create_one(topic("a", 6, 3));
    EXPECT_EQ(result.error_code, ErrorCode::none);
    for (const auto& partition : image().topic("a")->partitions) {
        EXPECT_EQ(partition->replicas.size(), 3u);
        EXPECT_EQ(partition->isr.size(), 2u);
        EXPECT_NE(partition->leader, 3);
    }
}

TEST_F(ControllerTest, AnAssignmentByHandIsTakenAsItIs) {
    auto by_hand = topic("a", -1, -1);
    by_hand.assignments = {{1, {2, 1}}, {0, {1, 2}}};
    auto result = create_one(by_hand);
    EXPECT_EQ(result.error_code, ErrorCode::none);
    EXPECT_EQ(image().partition("a", 0)->replicas, (std::vector<std::int32_t>{1, 2}));
    EXPECT_EQ(image().partition("a", 1)->leader, 2);
}

TEST_F(ControllerTest, AnAssignmentByHandThatCannotBeIsRefused) {
    auto code = [&](std::vector<CreateTopicsRequest::CreatableReplicaAssignment> assignments, std::int32_t partitions = -1,
                    std::int16_t replicas = -1) {
        auto by_hand = topic("a", partitions, replicas);
        by_hand.assignments = std::move(assignments);
        return code_of(by_hand);
    };
    EXPECT_EQ(code({{0, {1}}}, 1, -1), ErrorCode::invalid_request);
    EXPECT_EQ(code({{0, {1}}}, -1, 1), ErrorCode::invalid_request);
    EXPECT_EQ(code({{0, {1}}, {0, {2}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(code({{0, {1}}, {2, {2}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(code({{1, {1}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(code({{0, {}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(code({{0, {9}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(code({{0, {1, 1}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(code({{0, {1}}, {1, {1, 2}}}), ErrorCode::invalid_replica_assignment);
    add_broker(3, true);
    EXPECT_EQ(code({{0, {3}}}), ErrorCode::invalid_replica_assignment);
}

TEST_F(ControllerTest, ATopicsConfigurationIsJudgedAndKept) {
    auto with = [&](const std::string& key, std::optional<std::string> value) {
        auto configured = topic("a");
        configured.configs.push_back({key, std::move(value)});
        return code_of(configured);
    };
    EXPECT_EQ(with("no.such.thing", "1"), ErrorCode::invalid_config);
    EXPECT_EQ(with("retention.ms", "soon"), ErrorCode::invalid_config);
    EXPECT_EQ(with("retention.ms", std::nullopt), ErrorCode::invalid_config);
    EXPECT_EQ(with("remote.storage.enable", "true"), ErrorCode::invalid_config);
    EXPECT_EQ(with("segment.bytes", "100"), ErrorCode::invalid_config);
    EXPECT_EQ(image().topic("a"), nullptr);
    EXPECT_EQ(with("retention.ms", "1000"), ErrorCode::none);
    EXPECT_EQ(image().topic_configs("a").at("retention.ms"), "1000");
}

TEST_F(ControllerTest, TheAnswerNamesEveryPropertyAndWhereItCameFrom) {
    configure({{"log.retention.hours", "1"}});
    auto configured = topic("a");
    configured.configs.push_back({"cleanup.policy", "compact"});
    auto result = create_one(configured);
    std::map<std::string, std::pair<std::string, int>> by_name;
    std::string before;
    for (const auto& config : *result.configs) {
        EXPECT_LT(before, config.name);
        before = config.name;
        by_name[config.name] = {config.value.value_or(""), config.config_source};
    }
    EXPECT_EQ(by_name.at("cleanup.policy"), (std::pair<std::string, int>{"compact", 1}));
    EXPECT_EQ(by_name.at("retention.ms"), (std::pair<std::string, int>{"3600000", 4}));
    EXPECT_EQ(by_name.at("segment.bytes"), (std::pair<std::string, int>{"1073741824", 5}));
}

TEST_F(ControllerTest, ATopicNamedTwiceInARequestIsRefusedOnce) {
    CreateTopicsRequest request;
    request.topics = {topic("a"), topic("b"), topic("a"), topic("a")};
    auto response = create(request);
    ASSERT_EQ(response.topics.size(), 2u);
    EXPECT_EQ(response.topics[0].name, "b");
    EXPECT_EQ(response.topics[0].error_code, ErrorCode::none);
    EXPECT_EQ(response.topics[1].name, "a");
    EXPECT_EQ(response.topics[1].error_code, ErrorCode::invalid_request);
    EXPECT_EQ(image().topic("a"), nullptr);
}

TEST_F(ControllerTest, TheMetadataLogCannotBeCreated) {
    EXPECT_EQ(code_of(topic("__cluster_metadata")), ErrorCode::invalid_request);
}

TEST_F(ControllerTest, ValidateOnlyChangesNothing) {
    CreateTopicsRequest request;
    request.validate_only = true;
    request.topics = {topic("a", 2, 1), topic("b", 0, 1)};
    auto response = create(request);
    EXPECT_EQ(response.topics[0].error_code, ErrorCode::none);
    EXPECT_EQ(response.topics[0].num_partitions, 2);
    EXPECT_EQ(response.topics[1].error_code, ErrorCode::invalid_partitions);
    EXPECT_EQ(image().topic_count(), 0u);
}

TEST_F(ControllerTest, TooManyPartitionsInOneRequestAreAPolicyViolation) {
    CreateTopicsRequest request;
    request.topics = {topic("a", 6000, 1), topic("b", 6000, 1)};
    auto response = create(request);
    ASSERT_EQ(response.topics.size(), 2u);
    EXPECT_EQ(response.topics[0].error_code, ErrorCode::policy_violation);
    EXPECT_EQ(response.topics[1].error_code, ErrorCode::policy_violation);
    EXPECT_EQ(code_of(topic("c", 2147483647, 1)), ErrorCode::policy_violation);
    EXPECT_TRUE(create(CreateTopicsRequest{}).topics.empty());
}

TEST_F(ControllerTest, KafkasOwnTopicsAreCreatedAsTheyNeed) {
    std::string names[] = {"__consumer_offsets", "__transaction_state", "plain"};
    auto request = controller_.auto_creation_of(names);
    auto response = create(request);
    for (const auto& result : response.topics) {
        EXPECT_EQ(result.error_code, ErrorCode::none) << result.name << ' ' << result.error_message.value_or("");
    }
    EXPECT_EQ(image().topic("__consumer_offsets")->partition_count(), 50);
    EXPECT_TRUE(image().topic("__consumer_offsets")->is_internal());
    EXPECT_EQ(image().topic_configs("__consumer_offsets").at("cleanup.policy"), "compact");
    EXPECT_EQ(image().topic_configs("__transaction_state").at("compression.type"), "uncompressed");
    EXPECT_EQ(image().topic("plain")->partition_count(), 1);
}

// ---- DeleteTopics ----

DeleteTopicsRequest::DeleteTopicState by_name(const std::string& name) {
    DeleteTopicsRequest::DeleteTopicState state;
    state.name = name;
    return state;
}
DeleteTopicsRequest::DeleteTopicState by_id(const Uuid& id) {
    DeleteTopicsRequest::DeleteTopicState state;
    state.topic_id = id;
    return state;
}

TEST_F(ControllerTest, TopicsAreDeletedByNameAndById) {
    create_one(topic("a"));
    create_one(topic("b"));
    create_one(topic("c"));
    DeleteTopicsRequest request;
    request.topic_names = {"a"};
    request.topics = {by_id(image().topic("b")->id)};
    auto decision = controller_.delete_topics(image(), request, 6);
    apply(decision.records);
    EXPECT_EQ(decision.response.responses.size(), 2u);
    for (const auto& result : decision.response.responses) {
        EXPECT_EQ(result.error_code, ErrorCode::none);
        EXPECT_FALSE(result.topic_id.is_zero());
        EXPECT_TRUE(result.name);
    }
    EXPECT_EQ(image().topic_count(), 1u);
}

TEST_F(ControllerTest, WhatCannotBeDeletedSaysWhy) {
    create_one(topic("a"));
    Uuid id = image().topic("a")->id;
    auto code = [&](std::vector<DeleteTopicsRequest::DeleteTopicState> topics) {
        DeleteTopicsRequest request;
        request.topics = std::move(topics);
        auto decision = controller_.delete_topics(image(), request, 6);
        EXPECT_TRUE(decision.records.empty());
        EXPECT_EQ(decision.response.responses.size(), 1u);
        return decision.response.responses.front().error_code;
    };
    EXPECT_EQ(code({by_name("no")}), ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(code({by_id({9, 9})}), ErrorCode::unknown_topic_id);
    EXPECT_EQ(code({by_id({0, 0})}), ErrorCode::invalid_request);
    auto both = by_name("a");
    both.topic_id = id;
    EXPECT_EQ(code({both}), ErrorCode::invalid_request);
    EXPECT_EQ(code({by_name("a"), by_name("a")}), ErrorCode::invalid_request);
    EXPECT_EQ(code({by_id(id), by_id(id)}), ErrorCode::invalid_request);
    EXPECT_EQ(code({by_name("a"), by_id(id)}), ErrorCode::invalid_request);
}

TEST_F(ControllerTest, DeletionCanBeDisabled) {
    create_one(topic("a"));
    configure({{"delete.topic.enable", "false"}});
    DeleteTopicsRequest request;
    request.topic_names = {"a"};
    EXPECT_EQ(controller_.delete_topics(image(), request, 2).response.responses.front().error_code, ErrorCode::invalid_request);
    auto decision = controller_.delete_topics(image(), request, 5);
    EXPECT_EQ(decision.response.responses.front().error_code, ErrorCode::topic_deletion_disabled);
    EXPECT_TRUE(decision.records.empty());
}

// ---- CreatePartitions ----

TEST_F(ControllerTest, PartitionsAreAddedBehindTheOthers) {
    create_one(topic("a", 2, 2));
    CreatePartitionsRequest request;
    auto& more = request.topics.emplace_back();
    more.name = "a";
    more.count = 5;
    more.assignments = std::nullopt;
    auto decision = controller_.create_partitions(image(), request);
    EXPECT_EQ(decision.response.results.front().error_code, ErrorCode::none);
    apply(decision.records);
    EXPECT_EQ(image().topic("a")->partition_count(), 5);
    EXPECT_EQ(image().partition("a", 4)->replicas.size(), 2u);
}

TEST_F(ControllerTest, PartitionsThatCannotBeAddedSayWhy) {
    create_one(topic("a", 2, 1));
    using Assignments = std::optional<std::vector<CreatePartitionsRequest::CreatePartitionsAssignment>>;
    auto code = [&](const std::string& name, std::int32_t count, Assignments assignments = std::nullopt) {
        CreatePartitionsRequest request;
        auto& more = request.topics.emplace_back();
        more.name = name;
        more.count = count;
        more.assignments = std::move(assignments);
        return controller_.create_partitions(image(), request).response.results.front().error_code;
    };
    EXPECT_EQ(code("no", 3), ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(code("a", 2), ErrorCode::invalid_partitions);
    EXPECT_EQ(code("a", 1), ErrorCode::invalid_partitions);
    EXPECT_EQ(code("a", -1), ErrorCode::invalid_partitions);
    EXPECT_EQ(code("a", 2147483647), ErrorCode::policy_violation);
    EXPECT_EQ(code("a", 4, {{{{1}}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(code("a", 3, {{{{1, 2}}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(code("a", 3, {{{{7}}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(code("a", 3, {{{{2}}}}), ErrorCode::none);
}

TEST_F(ControllerTest, TopicsOfCoordinatorsKeepTheirNumberOfPartitions) {
    std::string name = "__consumer_offsets";
    auto made = controller_.create_topics(image(), controller_.auto_creation_of(std::span(&name, 1)));
    apply(made.records);
    CreatePartitionsRequest request;
    auto& more = request.topics.emplace_back();
    more.name = name;
    more.count = 100;
    more.assignments = std::nullopt;
    auto decision = controller_.create_partitions(image(), request);
    EXPECT_EQ(decision.response.results.front().error_code, ErrorCode::invalid_request);
    EXPECT_TRUE(decision.records.empty());
}

TEST_F(ControllerTest, ATopicGrowsOnceInARequestAndNotAtAllWhenOnlyValidating) {
    create_one(topic("a"));
    CreatePartitionsRequest request;
    CreatePartitionsRequest::CreatePartitionsTopic more;
    more.name = "a";
    more.count = 2;
    more.assignments = std::nullopt;
    request.topics = {more, more, more};
    auto decision = controller_.create_partitions(image(), request);
    ASSERT_EQ(decision.response.results.size(), 1u);
    EXPECT_EQ(decision.response.results.front().error_code, ErrorCode::invalid_request);
    request.topics = {more};
    request.validate_only = true;
    decision = controller_.create_partitions(image(), request);
    EXPECT_EQ(decision.response.results.front().error_code, ErrorCode::none);
    EXPECT_TRUE(decision.records.empty());
}

// ---- configurations ----

TEST_F(ControllerTest, ATopicsPropertyIsSetAndDeleted) {
    create_one(topic("a"));
    EXPECT_EQ(set_topic("a", "retention.ms", "1000"), ErrorCode::none);
    EXPECT_EQ(image().topic_configs("a").at("retention.ms"), "1000");
    EXPECT_EQ(alter(ConfigResourceType::topic, "a", "retention.ms", 1, std::nullopt), ErrorCode::none);
    EXPECT_TRUE(image().topic_configs("a").empty());
}

TEST_F(ControllerTest, ListsGrowAndShrinkFromTheirDefault) {
    create_one(topic("a"));
    EXPECT_EQ(alter(ConfigResourceType::topic, "a", "cleanup.policy", 2, "compact"), ErrorCode::none);
    EXPECT_EQ(image().topic_configs("a").at("cleanup.policy"), "delete,compact");
    EXPECT_EQ(alter(ConfigResourceType::topic, "a", "cleanup.policy", 2, "compact"), ErrorCode::none);
    EXPECT_EQ(image().topic_configs("a").at("cleanup.policy"), "delete,compact");
    EXPECT_EQ(alter(ConfigResourceType::topic, "a", "cleanup.policy", 3, "delete"), ErrorCode::none);
    EXPECT_EQ(image().topic_configs("a").at("cleanup.policy"), "compact");
    EXPECT_EQ(alter(ConfigResourceType::topic, "a", "retention.ms", 2, "1"), ErrorCode::invalid_config);
    EXPECT_EQ(alter(ConfigResourceType::topic, "a", "cleanup.policy", 9, "x"), ErrorCode::invalid_request);
}

TEST_F(ControllerTest, ATopicsConfigurationThatCannotBeIsRefused) {
    create_one(topic("a"));
    EXPECT_EQ(set_topic("a", "no.such.thing", "1"), ErrorCode::invalid_config);
    EXPECT_EQ(set_topic("a", "retention.ms", "x"), ErrorCode::invalid_config);
    EXPECT_EQ(set_topic("a", "retention.ms", std::nullopt), ErrorCode::invalid_request);
    EXPECT_EQ(set_topic("a", "follower.replication.throttled.replicas", std::string(40'000, '*')), ErrorCode::invalid_config);
    EXPECT_EQ(set_topic("no", "retention.ms", "1"), ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(set_topic("", "retention.ms", "1"), ErrorCode::invalid_request);
    EXPECT_EQ(set_topic("a b", "retention.ms", "1"), ErrorCode::invalid_topic_exception);
    EXPECT_EQ(alter(ConfigResourceType::topic, "a", "min.compaction.lag.ms", 0, "10"), ErrorCode::none);
    EXPECT_EQ(alter(ConfigResourceType::topic, "a", "max.compaction.lag.ms", 0, "5"), ErrorCode::invalid_config);
}

TEST_F(ControllerTest, AResourceChangesAsAWhole) {
    create_one(topic("a"));
    IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = 2;
    resource.resource_name = "a";
    resource.configs = {{"retention.ms", 0, "5"}, {"segment.ms", 0, "x"}};
    auto decision = controller_.incremental_alter_configs(image(), request);
    EXPECT_EQ(decision.response.responses.front().error_code, ErrorCode::invalid_config);
    EXPECT_TRUE(decision.records.empty());
    resource.configs = {{"retention.ms", 0, "5"}, {"retention.ms", 0, "6"}};
    EXPECT_EQ(controller_.incremental_alter_configs(image(), request).response.responses.front().error_code, ErrorCode::invalid_request);
    resource.configs = {{"retention.ms", 0, "5"}};
    request.resources.push_back(request.resources.front());
    decision = controller_.incremental_alter_configs(image(), request);
    ASSERT_EQ(decision.response.responses.size(), 2u);
    EXPECT_EQ(decision.response.responses[0].error_code, ErrorCode::invalid_request);
    EXPECT_EQ(decision.response.responses[1].error_code, ErrorCode::invalid_request);
}

TEST_F(ControllerTest, BrokersChangeWhatMayChangeAtRunTime) {
    auto set = [&](const std::string& id, const std::string& key, const std::string& value) {
        return alter(ConfigResourceType::broker, id, key, 0, value);
    };
    EXPECT_EQ(set("", "message.max.bytes", "100"), ErrorCode::none);
    EXPECT_EQ(image().cluster_configs().at("message.max.bytes"), "100");
    EXPECT_EQ(set("1", "message.max.bytes", "200"), ErrorCode::none);
    EXPECT_EQ(image().broker_configs(1).at("message.max.bytes"), "200");
    EXPECT_EQ(set("", "leader.replication.throttled.rate", "100"), ErrorCode::none);
    EXPECT_EQ(set("2", "message.max.bytes", "1"), ErrorCode::invalid_request);
    EXPECT_EQ(set("x", "message.max.bytes", "1"), ErrorCode::invalid_request);
    EXPECT_EQ(set("", "num.partitions", "3"), ErrorCode::invalid_request);
    EXPECT_EQ(set("", "message.max.bytes", "x"), ErrorCode::invalid_request);
    EXPECT_EQ(set("", "listeners", "PLAINTEXT://:1"), ErrorCode::invalid_request);
    EXPECT_EQ(set("1", "listeners", "PLAINTEXT://:1"), ErrorCode::invalid_request);
    EXPECT_EQ(set("", "no.such.thing", "1"), ErrorCode::invalid_request);
    EXPECT_EQ(alter(ConfigResourceType::broker, "", "num.partitions", 1, std::nullopt), ErrorCode::none);
}

TEST_F(ControllerTest, GroupsAndClientMetricsHaveTheirOwnRules) {
    auto group = [&](const std::string& name, const std::string& key, const std::string& value) {
        return alter(ConfigResourceType::group, name, key, 0, value);
    };
    EXPECT_EQ(group("g", "consumer.session.timeout.ms", "50000"), ErrorCode::none);
    EXPECT_EQ(group("g", "consumer.session.timeout.ms", "1"), ErrorCode::invalid_config);
    EXPECT_EQ(group("g", "no.such.thing", "1"), ErrorCode::invalid_config);
    EXPECT_EQ(group("g", "share.auto.offset.reset", "sometimes"), ErrorCode::invalid_config);
    EXPECT_EQ(group("", "consumer.session.timeout.ms", "50000"), ErrorCode::invalid_request);
    auto metrics = [&](const std::string& name, const std::string& key, const std::string& value) {
        return alter(ConfigResourceType::client_metrics, name, key, 0, value);
    };
    EXPECT_EQ(metrics("m", "interval.ms", "1000"), ErrorCode::none);
    EXPECT_EQ(metrics("m", "interval.ms", "1"), ErrorCode::invalid_request);
    EXPECT_EQ(metrics("m", "no.such.thing", "1"), ErrorCode::invalid_request);
    EXPECT_EQ(metrics("m", "match", "client_id=a.*"), ErrorCode::none);
    EXPECT_EQ(metrics("m", "match", "nobody=a"), ErrorCode::invalid_config);
    EXPECT_EQ(metrics("", "interval.ms", "1000"), ErrorCode::invalid_request);
    EXPECT_EQ(alter(ConfigResourceType::unknown, "x", "k", 0, "v"), ErrorCode::invalid_request);
}

TEST_F(ControllerTest, MinInsyncReplicasClearsEligibleLeaders) {
    enable_elr();
    create_one(topic("a"));
    IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = 2;
    resource.resource_name = "a";
    resource.configs = {{"min.insync.replicas", 0, "2"}};
    auto decision = controller_.incremental_alter_configs(image(), request);
    ASSERT_EQ(decision.records.size(), 2u);
    EXPECT_EQ(std::get<ClearElrRecord>(decision.records[1]).topic_name, "a");
    EXPECT_EQ(alter(ConfigResourceType::broker, "", "min.insync.replicas", 0, "2"), ErrorCode::none);
    EXPECT_EQ(alter(ConfigResourceType::broker, "", "min.insync.replicas", 1, std::nullopt), ErrorCode::invalid_config);
    EXPECT_EQ(alter(ConfigResourceType::broker, "1", "min.insync.replicas", 0, "2"), ErrorCode::invalid_config);
}

TEST_F(ControllerTest, ValidateOnlyAltersNothing) {
    create_one(topic("a"));
    EXPECT_EQ(alter(ConfigResourceType::topic, "a", "retention.ms", 0, "5", true), ErrorCode::none);
    EXPECT_TRUE(image().topic_configs("a").empty());
}

TEST_F(ControllerTest, TheOldAlterConfigsReplacesEverything) {
    create_one(topic("a"));
    EXPECT_EQ(set_topic("a", "retention.ms", "5"), ErrorCode::none);
    AlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = 2;
    resource.resource_name = "a";
    resource.configs = {{"segment.ms", "7"}};
    auto decision = controller_.alter_configs(image(), request);
    EXPECT_EQ(decision.response.responses.front().error_code, ErrorCode::none);
    apply(decision.records);
    EXPECT_EQ(image().topic_configs("a"), (ConfigMap{{"segment.ms", "7"}}));
    resource.configs = {{"segment.ms", std::nullopt}};
    EXPECT_EQ(controller_.alter_configs(image(), request).response.responses.front().error_code, ErrorCode::invalid_request);
    resource.resource_type = 8;
    resource.configs = {};
    EXPECT_EQ(controller_.alter_configs(image(), request).response.responses.front().error_code, ErrorCode::invalid_request);
}

// ---- producer ids ----

TEST_F(ControllerTest, ProducerIdsAreHandedOutOnce) {
    auto first = controller_.allocate_producer_ids(image(), 1, 11);
    ASSERT_TRUE(first.response);
    EXPECT_EQ(first.response->first, 0);
    EXPECT_EQ(first.response->count, 1000);
    apply(first.records);
    auto second = controller_.allocate_producer_ids(image(), 1, 11);
    EXPECT_EQ(second.response->first, 1000);
    EXPECT_EQ(controller_.allocate_producer_ids(image(), 1, 10).response.error().code, ErrorCode::stale_broker_epoch);
    EXPECT_EQ(controller_.allocate_producer_ids(image(), 9, 10).response.error().code, ErrorCode::stale_broker_epoch);
}

}  // namespace
}  // namespace tideline::cluster
