#include "cluster/metadata_replay.h"

#include <gtest/gtest.h>

#include <random>

namespace tideline::cluster {
namespace {

using namespace protocol;

TopicRecord topic_record(const std::string& name, Uuid id) {
    TopicRecord record;
    record.name = name;
    record.topic_id = id;
    return record;
}

PartitionRecord partition_record(Uuid id, std::int32_t index, std::int32_t broker = 1) {
    PartitionRecord record;
    record.topic_id = id;
    record.partition_id = index;
    record.replicas = {broker};
    record.isr = {broker};
    record.leader = broker;
    record.leader_epoch = 0;
    record.partition_epoch = 0;
    record.directories = {Uuid{7, 7}};
    return record;
}

ConfigRecord config_record(ConfigResourceType type, const std::string& name, const std::string& key,
                           std::optional<std::string> value) {
    ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(type);
    record.resource_name = name;
    record.name = key;
    record.value = std::move(value);
    return record;
}

RegisterBrokerRecord register_record(std::int32_t id, std::int64_t epoch) {
    RegisterBrokerRecord record;
    record.broker_id = id;
    record.broker_epoch = epoch;
    record.incarnation_id = {1, static_cast<std::uint64_t>(epoch)};
    record.end_points.push_back({"PLAINTEXT", "host", 9092, 0});
    record.features.push_back({"metadata.version", 7, 29});
    return record;
}

void apply_all(MetadataReplay& replay, const std::vector<MetadataRecord>& records) {
    for (const MetadataRecord& record : records) {
        auto applied = replay.apply(record);
        ASSERT_TRUE(applied) << base::to_string(applied.error());
    }
}

constexpr Uuid kA{1, 1};
constexpr Uuid kB{2, 2};

TEST(MetadataReplay, FindsATopicByNameAndById) {
    MetadataReplay replay;
    apply_all(replay, {topic_record("a", kA), partition_record(kA, 0), partition_record(kA, 1)});
    ImagePtr image = replay.publish(2, 1).after;
    ASSERT_NE(image->topic("a"), nullptr);
    EXPECT_EQ(image->topic(kA), image->topic("a"));
    EXPECT_EQ(image->topic("a")->partition_count(), 2);
    EXPECT_EQ(image->topic("b"), nullptr);
    EXPECT_EQ(image->partition("a", 1)->leader, 1);
    EXPECT_EQ(image->partition("a", 2), nullptr);
    EXPECT_EQ(image->partition("a", -1), nullptr);
    EXPECT_EQ(image->highest_offset(), 2);
}

TEST(MetadataReplay, LeavesEarlierImagesAsTheyWere) {
    MetadataReplay replay;
    apply_all(replay, {topic_record("a", kA), partition_record(kA, 0), topic_record("b", kB), partition_record(kB, 0)});
    ImagePtr before = replay.publish(3, 1).after;
    PartitionChangeRecord change;
    change.topic_id = kA;
    change.partition_id = 0;
    change.leader = -1;
    apply_all(replay, {change});
    ImageChange step = replay.publish(4, 1);
    EXPECT_EQ(before->partition("a", 0)->leader, 1);
    EXPECT_EQ(step.after->partition("a", 0)->leader, -1);
    EXPECT_EQ(step.topics, std::vector<Uuid>{kA});
    // What did not change is the same object, not a copy.
    EXPECT_EQ(before->topic("b"), step.after->topic("b"));
}

TEST(MetadataReplay, ANewLeaderMovesTheLeaderEpochAndEveryChangeThePartitionEpoch) {
    MetadataReplay replay;
    PartitionChangeRecord change;
    change.topic_id = kA;
    change.partition_id = 0;
    change.isr = std::vector<std::int32_t>{};
    apply_all(replay, {topic_record("a", kA), partition_record(kA, 0), change});
    ImagePtr image = replay.publish(0, 0).after;
    EXPECT_EQ(image->partition("a", 0)->leader_epoch, 0);
    EXPECT_EQ(image->partition("a", 0)->partition_epoch, 1);
    change.leader = 1;
    apply_all(replay, {change});
    image = replay.publish(1, 0).after;
    EXPECT_EQ(image->partition("a", 0)->leader_epoch, 1);
    EXPECT_EQ(image->partition("a", 0)->partition_epoch, 2);
}

TEST(MetadataReplay, RemovingATopicTakesItsConfigurationWithIt) {
    MetadataReplay replay;
    RemoveTopicRecord remove;
    remove.topic_id = kA;
    apply_all(replay, {topic_record("a.b", kA), config_record(ConfigResourceType::topic, "a.b", "retention.ms", "1"), remove});
    ImagePtr image = replay.publish(0, 0).after;
    EXPECT_EQ(*image, MetadataImage());
    EXPECT_EQ(image->topic_colliding_with("a_b"), nullptr);
}

TEST(MetadataReplay, ANullValueDeletesAConfiguration) {
    MetadataReplay replay;
    apply_all(replay, {config_record(ConfigResourceType::broker, "", "k", "v"), config_record(ConfigResourceType::broker, "1", "k", "w")});
    ImagePtr image = replay.publish(0, 0).after;
    EXPECT_EQ(image->cluster_configs().at("k"), "v");
    EXPECT_EQ(image->broker_configs(1).at("k"), "w");
    apply_all(replay, {config_record(ConfigResourceType::broker, "", "k", std::nullopt)});
    image = replay.publish(1, 0).after;
    EXPECT_TRUE(image->cluster_configs().empty());
    EXPECT_EQ(image->config_resources(ConfigResourceType::broker).size(), 1u);
}

TEST(MetadataReplay, TopicsCollideWhenOnlyDotsAndUnderscoresDiffer) {
    MetadataReplay replay;
    apply_all(replay, {topic_record("a.b_c", kA)});
    ImagePtr image = replay.publish(0, 0).after;
    EXPECT_EQ(image->topic_colliding_with("a_b.c"), image->topic("a.b_c"));
    EXPECT_EQ(image->topic_colliding_with("a-b.c"), nullptr);
}

TEST(MetadataReplay, HoldsATransactionBackUntilItEnds) {
    MetadataReplay replay;
    apply_all(replay, {BeginTransactionRecord{}, topic_record("a", kA)});
    EXPECT_EQ(replay.publish(1, 0).after->topic("a"), nullptr);
    EXPECT_TRUE(replay.in_transaction());
    apply_all(replay, {partition_record(kA, 0), EndTransactionRecord{}});
    ImageChange step = replay.publish(3, 0);
    EXPECT_NE(step.after->partition("a", 0), nullptr);
    EXPECT_EQ(step.topics.size(), 1u);
}

TEST(MetadataReplay, DropsAnAbortedTransaction) {
    MetadataReplay replay;
    apply_all(replay, {BeginTransactionRecord{}, topic_record("a", kA), AbortTransactionRecord{}});
    EXPECT_EQ(*replay.publish(2, 0).after, MetadataImage());
}

TEST(MetadataReplay, ATransactionCannotBeginInsideAnotherNorEndWithoutOne) {
    MetadataReplay replay;
    apply_all(replay, {BeginTransactionRecord{}});
    EXPECT_FALSE(replay.apply(BeginTransactionRecord{}));
    EXPECT_FALSE(MetadataReplay().apply(EndTransactionRecord{}));
    EXPECT_FALSE(MetadataReplay().apply(AbortTransactionRecord{}));
}

TEST(MetadataReplay, RefusesRecordsThatContradictTheImage) {
    auto refused = [](const std::vector<MetadataRecord>& before, const MetadataRecord& record) {
        MetadataReplay replay;
        apply_all(replay, before);
        auto applied = replay.apply(record);
        return !applied && applied.error().code == ErrorCode::corrupt_message;
    };
    EXPECT_TRUE(refused({topic_record("a", kA)}, topic_record("a", kB)));
    EXPECT_TRUE(refused({topic_record("a", kA)}, topic_record("b", kA)));
    EXPECT_TRUE(refused({}, partition_record(kA, 0)));
    EXPECT_TRUE(refused({topic_record("a", kA)}, partition_record(kA, -1)));
    EXPECT_TRUE(refused({topic_record("a", kA)}, partition_record(kA, 1 << 30)));
    PartitionChangeRecord change;
    change.topic_id = kA;
    change.partition_id = 0;
    EXPECT_TRUE(refused({topic_record("a", kA)}, change));
    RemoveTopicRecord remove;
    remove.topic_id = kA;
    EXPECT_TRUE(refused({}, remove));
    UnfenceBrokerRecord unfence;
    unfence.id = 1;
    unfence.epoch = 5;
    EXPECT_TRUE(refused({register_record(1, 4)}, unfence));
    EXPECT_FALSE(refused({register_record(1, 5)}, unfence));
}

TEST(MetadataReplay, ABrokersRegistrationChangesByFieldsThatAreSet) {
    MetadataReplay replay;
    BrokerRegistrationChangeRecord change;
    change.broker_id = 1;
    change.broker_epoch = 9;
    change.fenced = -1;
    apply_all(replay, {register_record(1, 9), change});
    ImageChange step = replay.publish(0, 0);
    EXPECT_TRUE(step.after->broker(1)->is_active());
    EXPECT_EQ(step.brokers, std::vector<std::int32_t>{1});
    change.fenced = 0;
    change.in_controlled_shutdown = 1;
    change.log_dirs = {Uuid{3, 3}};
    apply_all(replay, {change});
    const BrokerRegistration broker = *replay.publish(1, 0).after->broker(1);
    EXPECT_FALSE(broker.fenced);
    EXPECT_TRUE(broker.in_controlled_shutdown);
    EXPECT_EQ(broker.directories, std::vector<Uuid>({Uuid{3, 3}}));
}

TEST(MetadataReplay, ClearsEligibleLeadersOfOneTopicOrOfAll) {
    MetadataReplay replay;
    PartitionRecord a = partition_record(kA, 0);
    a.eligible_leader_replicas = std::vector<std::int32_t>{1};
    PartitionRecord b = partition_record(kB, 0);
    b.last_known_elr = std::vector<std::int32_t>{1};
    ClearElrRecord clear;
    clear.topic_name = "a";
    apply_all(replay, {topic_record("a", kA), a, topic_record("b", kB), b, clear});
    ImagePtr image = replay.publish(0, 0).after;
    EXPECT_TRUE(image->partition("a", 0)->eligible_leader_replicas.empty());
    EXPECT_EQ(image->partition("b", 0)->last_known_elr.size(), 1u);
    apply_all(replay, {ClearElrRecord{}});
    EXPECT_TRUE(replay.publish(1, 0).after->partition("b", 0)->last_known_elr.empty());
}

TEST(MetadataReplay, DiscardForgetsWhatWasNotPublished) {
    MetadataReplay replay;
    apply_all(replay, {topic_record("a", kA)});
    ImagePtr image = replay.publish(0, 0).after;
    apply_all(replay, {partition_record(kA, 0), topic_record("b", kB)});
    replay.discard();
    EXPECT_EQ(*replay.publish(1, 0).after, *image);
}

// ---- snapshots ----

// Random records that fit what is there, as a cluster's life would bring them.
class RandomLife {
public:
    explicit RandomLife(unsigned seed) : random_(seed) {}

    std::vector<MetadataRecord> next(const MetadataImage& image) {
        auto topics = image.topics();
        switch (random_() % 9) {
            case 0:
            case 1: {
                Uuid id{random_(), random_()};
                std::vector<MetadataRecord> records{topic_record("t" + std::to_string(random_()), id)};
                for (unsigned i = 0, n = random_() % 5; i < n; ++i) {
                    records.push_back(partition_record(id, static_cast<std::int32_t>(i)));
                }
                return records;
            }
            case 2:
                if (!topics.empty()) {
                    RemoveTopicRecord remove;
                    remove.topic_id = pick(topics)->id;
                    return {remove};
                }
                return {};
            case 3:
                return change_partition(topics);
            case 4:
                return {config_record(random_() % 2 ? ConfigResourceType::broker : ConfigResourceType::group, std::to_string(random_() % 3),
                                      "key" + std::to_string(random_() % 3),
                                      random_() % 3 ? std::optional("value" + std::to_string(random_() % 9)) : std::nullopt)};
            case 5: {
                FeatureLevelRecord record;
                record.name = random_() % 2 ? "metadata.version" : "group.version";
                record.feature_level = static_cast<std::int16_t>(random_() % 3);
                return {record};
            }
            case 6:
                return {register_record(static_cast<std::int32_t>(random_() % 3), static_cast<std::int64_t>(random_() % 100))};
            case 7:
                return security();
            default: {
                ProducerIdsRecord record;
                record.next_producer_id = image.next_producer_id() + 1000;
                ClientQuotaRecord quota;
                quota.entity.push_back({"user", random_() % 2 ? std::optional<std::string>("u") : std::nullopt});
                quota.key = "producer_byte_rate";
                quota.value = static_cast<double>(random_() % 10);
                quota.remove = random_() % 4 == 0;
                return {record, quota};
            }
        }
    }

private:
    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[random_() % from.size()];
    }

    std::vector<MetadataRecord> change_partition(const std::vector<MetadataImage::TopicPtr>& topics) {
        if (topics.empty() || pick(topics)->partitions.empty()) {
            return {};
        }
        for (const auto& topic : topics) {
            if (topic->partition_count() > 0) {
                PartitionChangeRecord change;
                change.topic_id = topic->id;
                change.partition_id = static_cast<std::int32_t>(random_() % topic->partitions.size());
                change.leader = static_cast<std::int32_t>(random_() % 3) - 1;
                change.isr = std::vector<std::int32_t>{};
                change.eligible_leader_replicas = std::vector<std::int32_t>{1};
                change.last_known_elr = std::vector<std::int32_t>{1};
                return {change, config_record(ConfigResourceType::topic, topic->name, "retention.ms", "1")};
            }
        }
        return {};
    }

    std::vector<MetadataRecord> security() {
        AccessControlEntryRecord acl;
        acl.id = {random_(), random_()};
        acl.principal = "User:a";
        UserScramCredentialRecord scram;
        scram.name = "u" + std::to_string(random_() % 3);
        scram.mechanism = 1;
        scram.salt = {1, 2};
        scram.iterations = 4096;
        DelegationTokenRecord token;
        token.token_id = std::to_string(random_() % 3);
        token.owner = "User:a";
        token.renewers = {"User:b"};
        RegisterControllerRecord controller;
        controller.controller_id = 1;
        controller.incarnation_id = {random_(), 1};
        return {acl, scram, token, controller};
    }

    std::mt19937_64 random_;
};

TEST(MetadataSnapshot, AnImageRebuiltFromItsSnapshotIsTheSame) {
    for (unsigned seed = 0; seed < 40; ++seed) {
        RandomLife life(seed);
        MetadataReplay replay;
        for (int step = 0; step < 100; ++step) {
            apply_all(replay, life.next(*replay.image()));
            replay.publish(step, 1);
        }
        MetadataReplay rebuilt;
        for (const MetadataRecord& record : snapshot_records(*replay.image())) {
            ASSERT_TRUE(rebuilt.apply(record)) << "seed " << seed;
        }
        EXPECT_EQ(*rebuilt.publish(0, 1).after, *replay.image()) << "seed " << seed;
    }
}

TEST(MetadataSnapshot, FinalizesTheMetadataVersionBeforeAnythingElse) {
    MetadataReplay replay;
    FeatureLevelRecord group;
    group.name = "group.version";
    group.feature_level = 1;
    FeatureLevelRecord metadata = group;
    metadata.name = "metadata.version";
    metadata.feature_level = 29;
    apply_all(replay, {register_record(1, 0), group, metadata});
    auto records = snapshot_records(*replay.publish(0, 0).after);
    EXPECT_EQ(std::get<FeatureLevelRecord>(records.front()).name, "metadata.version");
}

}  // namespace
}  // namespace tideline::cluster
