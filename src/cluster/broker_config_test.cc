#include "cluster/broker_config.h"

#include <gtest/gtest.h>

#include <set>

namespace tideline::cluster {
namespace {

std::expected<BrokerConfig, ConfigProblem> parse(std::string text) { return BrokerConfig::parse({"server.properties", std::move(text), {}}); }

std::string problem_of(std::string text) {
    auto config = parse(std::move(text));
    return config ? "" : to_string(config.error());
}

// The lines that Apache Kafka 4.2 ships as config/server.properties.
constexpr const char* kShipped = R"(process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/tmp/kraft-combined-logs
num.partitions=1
num.recovery.threads.per.data.dir=2
offsets.topic.replication.factor=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
)";

TEST(BrokerProperties, EveryDefaultIsLegal) {
    for (const BrokerProperty& property : broker_properties()) {
        if (property.row.default_value) {
            EXPECT_EQ(base::why_illegal(property.row, *property.row.default_value), std::nullopt) << property.row.name;
        }
    }
}

TEST(BrokerProperties, EachIsThereOnceInOrderWithASentence) {
    std::string_view before;
    for (const BrokerProperty& property : broker_properties()) {
        EXPECT_LT(before, property.row.name);
        EXPECT_TRUE(property.row.description.ends_with('.')) << property.row.name;
        EXPECT_EQ(find_broker_property(property.row.name), &property);
        before = property.row.name;
    }
    EXPECT_EQ(find_broker_property("no.such.thing"), nullptr);
}

TEST(BrokerProperties, WhatHasNoEffectSaysWhy) {
    for (const BrokerProperty& property : broker_properties()) {
        EXPECT_EQ(property.serving == Serving::served, property.reason.empty()) << property.row.name;
    }
}

TEST(BrokerConfig, TheFileThatKafkaShipsWorksAsItIs) {
    auto config = parse(kShipped);
    ASSERT_TRUE(config) << to_string(config.error());
    EXPECT_EQ(config->node_id(), 1);
    EXPECT_EQ(config->log_dirs(), std::vector<std::string>{"/tmp/kraft-combined-logs"});
    EXPECT_EQ(config->metadata_log_dir(), "/tmp/kraft-combined-logs");
    EXPECT_EQ(config->listeners(), (std::vector<ListenerAddress>{{"PLAINTEXT", "PLAINTEXT", "", 9092}}));
    EXPECT_EQ(config->advertised_listeners("me"), (std::vector<ListenerAddress>{{"PLAINTEXT", "PLAINTEXT", "localhost", 9092}}));
    EXPECT_EQ(config->controller_listeners(), (std::vector<ListenerAddress>{{"CONTROLLER", "PLAINTEXT", "localhost", 9093}}));
    EXPECT_EQ(config->inter_broker_listener(), "PLAINTEXT");
}

TEST(BrokerConfig, NothingAtAllIsEnough) {
    BrokerConfig config = BrokerConfig::defaults();
    EXPECT_EQ(config.node_id(), 1);
    EXPECT_EQ(config.listeners(), (std::vector<ListenerAddress>{{"PLAINTEXT", "PLAINTEXT", "", 9092}}));
    EXPECT_EQ(config.advertised_listeners("me").front().host, "me");
    EXPECT_EQ(config.controller_listeners().front().name, "CONTROLLER");
    EXPECT_EQ(config.text("tideline.durability"), "fsync");
    EXPECT_EQ(config.integer("num.partitions"), 1);
    EXPECT_TRUE(config.boolean("auto.create.topics.enable"));
    EXPECT_EQ(config.value("log.retention.ms"), std::nullopt);
}

TEST(BrokerConfig, AnUnknownPropertyIsNamedWithFileAndLine) {
    EXPECT_EQ(problem_of("# a comment\n\nnum.partitons=3\n"), "server.properties:3: unknown property 'num.partitons'");
    EXPECT_NE(problem_of("zookeeper.connect=localhost:2181").find("Kafka 4"), std::string::npos);
}

TEST(BrokerConfig, AnIllFormedValueIsNamedWithFileAndLine) {
    EXPECT_EQ(problem_of("node.id=1\nnum.partitions=three"),
              "server.properties:2: property 'num.partitions': not a number of type int (found 'three')");
    EXPECT_NE(problem_of("num.partitions=0"), "");
    EXPECT_NE(problem_of("log.segment.bytes=1000"), "");
    EXPECT_NE(problem_of("compression.type=lzma"), "");
}

TEST(BrokerConfig, ASecretIsNeverRepeated) {
    EXPECT_EQ(problem_of("delegation.token.secret.key=hunter2").find("hunter2"), std::string::npos);
    EXPECT_NE(problem_of("delegation.token.secret.key=hunter2"), "");
}

TEST(BrokerConfig, AnOverrideWinsAndTheLastOneMost) {
    auto config = BrokerConfig::parse({"f", "num.partitions=2", {{"num.partitions", "3"}, {"num.partitions", "4"}}});
    ASSERT_TRUE(config);
    EXPECT_EQ(config->integer("num.partitions"), 4);
    auto bad = BrokerConfig::parse({"f", "", {{"num.partitions", "x"}}});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().where, "--set num.partitions");
}

TEST(BrokerConfig, MillisecondsGoBeforeMinutesAndThoseBeforeHours) {
    auto retention = [](std::string text) { return parse(std::move(text))->topic_default("retention.ms"); };
    EXPECT_EQ(retention(""), "604800000");
    EXPECT_EQ(retention("log.retention.hours=1"), "3600000");
    EXPECT_EQ(retention("log.retention.hours=-1"), "-1");
    EXPECT_EQ(retention("log.retention.hours=1\nlog.retention.minutes=1"), "60000");
    EXPECT_EQ(retention("log.retention.ms=7\nlog.retention.minutes=1"), "7");
    EXPECT_EQ(parse("log.roll.hours=2")->topic_default("segment.ms"), "7200000");
    EXPECT_EQ(parse("log.roll.ms=5\nlog.roll.hours=2")->topic_default("segment.ms"), "5");
    EXPECT_EQ(parse("log.segment.bytes=2097152")->topic_default("segment.bytes"), "2097152");
    EXPECT_NE(problem_of("log.retention.ms=0"), "");
}

TEST(BrokerConfig, OnlyOneCombinedNodeIsServed) {
    EXPECT_NE(problem_of("process.roles=broker"), "");
    EXPECT_NE(problem_of("process.roles=controller"), "");
    EXPECT_EQ(problem_of("process.roles=controller,broker"), "");
    EXPECT_NE(problem_of("controller.quorum.voters=1@a:9093,2@b:9093"), "");
    EXPECT_NE(problem_of("controller.quorum.voters=2@a:9093"), "");
    EXPECT_EQ(problem_of("controller.quorum.voters=1@a:9093"), "");
    EXPECT_NE(problem_of("controller.quorum.bootstrap.servers=a:9093,b:9093"), "");
    EXPECT_NE(problem_of("node.id=1\nbroker.id=2"), "");
    EXPECT_EQ(parse("broker.id=2")->node_id(), 2);
}

TEST(BrokerConfig, AListenerThatNeedsTlsOrSaslIsRefused) {
    EXPECT_EQ(problem_of("listeners=SSL://:9092"),
              "server.properties:1: property 'listeners': listener SSL wants SSL, which is not served yet; only PLAINTEXT is");
    EXPECT_NE(problem_of("listeners=INSIDE://:9092\nlistener.security.protocol.map=INSIDE:SASL_PLAINTEXT"), "");
    EXPECT_EQ(problem_of("listeners=INSIDE://:9092\nlistener.security.protocol.map=INSIDE:PLAINTEXT"), "");
}

TEST(BrokerConfig, ListenersMustFitEachOther) {
    EXPECT_NE(problem_of("listeners=here"), "");
    EXPECT_NE(problem_of("listeners=PLAINTEXT://:99999"), "");
    EXPECT_NE(problem_of("listeners=PLAINTEXT://:9092,PLAINTEXT://:9093"), "");
    EXPECT_NE(problem_of("listeners=PLAINTEXT://:9092,B://:9092\nlistener.security.protocol.map=PLAINTEXT:PLAINTEXT,B:PLAINTEXT"), "");
    EXPECT_NE(problem_of("listeners=INSIDE://:9092"), "");
    EXPECT_NE(problem_of("listeners=CONTROLLER://:9093\ncontroller.listener.names=CONTROLLER"), "");
    EXPECT_NE(problem_of("listeners=PLAINTEXT://:9092\ncontroller.listener.names=CONTROLLER"), "");
    EXPECT_NE(problem_of("controller.listener.names="), "");
    EXPECT_NE(problem_of("listeners=PLAINTEXT://:9092\nadvertised.listeners=OTHER://h:1"), "");
    EXPECT_NE(problem_of("advertised.listeners=PLAINTEXT://0.0.0.0:9092"), "");
    EXPECT_NE(problem_of("inter.broker.listener.name=OTHER"), "");
    EXPECT_EQ(problem_of("listeners=PLAINTEXT://[::1]:9092"), "");
    EXPECT_EQ(parse("listeners=PLAINTEXT://[::1]:9092")->listeners().front().host, "::1");
}

TEST(BrokerConfig, EveryListenerHasAnAdvertisedAddressInItsPlace) {
    auto config = parse("listeners=A://:1,B://0.0.0.0:2,C://x:3\nlistener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT,C:PLAINTEXT\n"
                        "advertised.listeners=C://c:30,A://a:10\ninter.broker.listener.name=A");
    ASSERT_TRUE(config) << to_string(config.error());
    auto advertised = config->advertised_listeners("me");
    ASSERT_EQ(advertised.size(), 3u);
    EXPECT_EQ(advertised[0], (ListenerAddress{"A", "PLAINTEXT", "a", 10}));
    EXPECT_EQ(advertised[1], (ListenerAddress{"B", "PLAINTEXT", "me", 2}));
    EXPECT_EQ(advertised[2], (ListenerAddress{"C", "PLAINTEXT", "c", 30}));
}

TEST(BrokerConfig, ListenTakesThePlaceOfTheFilesBrokerListeners) {
    auto config = BrokerConfig::parse({"f", kShipped, {}, "127.0.0.1:19092"});
    ASSERT_TRUE(config) << to_string(config.error());
    EXPECT_EQ(config->listeners(), (std::vector<ListenerAddress>{{"PLAINTEXT", "PLAINTEXT", "127.0.0.1", 19092}}));
    EXPECT_EQ(config->advertised_listeners("me"), config->listeners());
    EXPECT_EQ(config->controller_listeners().front().port, 9093);
}

TEST(BrokerConfig, WhatWouldBreakAPromiseIsRefused) {
    EXPECT_NE(problem_of("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer"), "");
    EXPECT_EQ(problem_of("authorizer.class.name="), "");
    EXPECT_NE(problem_of("remote.log.storage.system.enable=true"), "");
    EXPECT_EQ(problem_of("remote.log.storage.system.enable=FALSE"), "");
    EXPECT_NE(problem_of("create.topic.policy.class.name=a.B"), "");
    EXPECT_NE(problem_of("tideline.request.memory.bytes=1048576"), "");
}

TEST(BrokerConfig, TimesOfGroupsMustFitEachOther) {
    EXPECT_EQ(problem_of("group.consumer.session.timeout.ms=44999"),
              "server.properties:1: property 'group.consumer.session.timeout.ms': must lie between "
              "group.consumer.min.session.timeout.ms and group.consumer.max.session.timeout.ms");
    EXPECT_NE(problem_of("group.consumer.heartbeat.interval.ms=15001"), "");
    EXPECT_NE(problem_of("group.consumer.min.heartbeat.interval.ms=20000"), "");
    EXPECT_NE(problem_of("group.share.max.session.timeout.ms=1000"), "");
    EXPECT_EQ(problem_of("group.consumer.min.session.timeout.ms=1000\ngroup.consumer.session.timeout.ms=6000"), "");
    EXPECT_NE(problem_of("group.consumer.min.session.timeout.ms=1000\ngroup.consumer.session.timeout.ms=5000"), "");
}

TEST(BrokerConfig, AssignorsAndMigrationPolicyAreWordsThatAreKnown) {
    EXPECT_NE(problem_of("group.consumer.assignors=org.example.Mine"), "");
    EXPECT_NE(problem_of("group.consumer.assignors=range,range"), "");
    EXPECT_EQ(problem_of("group.consumer.assignors=range"), "");
    EXPECT_EQ(problem_of("group.consumer.migration.policy=UPGRADE"), "");
    EXPECT_NE(problem_of("group.consumer.migration.policy=sideways"), "");
}

TEST(BrokerConfig, DynamicValuesLieOnTopUnlessTheyNeedARestart) {
    BrokerConfig config = BrokerConfig::defaults().overlaid_with(
        {{"message.max.bytes", "5"}, {"num.partitions", "9"}, {"no.such.thing", "1"}, {"log.retention.ms", "x"}, {"listeners", "PLAINTEXT://:9]0"}});
    EXPECT_EQ(config.integer("message.max.bytes"), 5);
    EXPECT_EQ(config.integer("num.partitions"), 1);
    EXPECT_EQ(config.value("log.retention.ms"), std::nullopt);
    EXPECT_EQ(config.listeners(), BrokerConfig::defaults().listeners());
}

}  // namespace
}  // namespace tideline::cluster
