// Members that subscribe by regular expression.
#include <gtest/gtest.h>

#include "group/consumer_testing.h"
#include "group/regular_expressions.h"

namespace tideline::group {
namespace {

class RegexConsumer : public testing::Test {
protected:
    RegexConsumer() {
        world.topics.add("orders-eu", 2);
        world.topics.add("orders-us", 2);
        world.topics.add("other", 2);
    }

    std::size_t partitions(const std::string& id) { return partition_count(world.assigned(id)); }
    void beat_as_it_is(const std::string& id) {
        world.beat(owning(beating(id, world.member(id).current.epoch), world.assigned(id)));
    }

    ConsumerWorld world;
};

TEST_F(RegexConsumer, GetsTheTopicsWhoseWholeNameMatches) {
    world.topics.add("my-orders-eu", 1);
    world.beat(joining_by_regex("m1", "orders-.*"));
    EXPECT_EQ(partitions("m1"), 4u);
    EXPECT_EQ(kinds(world.written), (std::vector<std::string>{"member", "regex", "epoch", "target", "target_epoch", "current"}));
}

TEST_F(RegexConsumer, AnExpressionThatIsNoneIsRefused) {
    for (const std::string& regex : {std::string("("), std::string("a{2000}{2000}"), std::string(5'000, 'a'), std::string("\\C\xff")}) {
        const HeartbeatResponse response = world.beat(joining_by_regex("m1", regex));
        EXPECT_EQ(response.error_code, ErrorCode::invalid_regular_expression) << regex;
        EXPECT_FALSE(response.error_message->empty());
    }
    EXPECT_EQ(world.group(), nullptr);
}

TEST_F(RegexConsumer, SeesANewTopicWithAHeartbeatOnceTheLastSearchIsOldEnough) {
    world.beat(joining_by_regex("m1", "orders-.*"));
    world.topics.add("orders-jp", 2);
    world.change_topics();
    world.pass(5'000);
    beat_as_it_is("m1");
    EXPECT_EQ(partitions("m1"), 4u);
    world.pass(6'000);
    beat_as_it_is("m1");
    EXPECT_EQ(partitions("m1"), 6u);
}

TEST_F(RegexConsumer, LosesATopicThatIsDeleted) {
    world.beat(joining_by_regex("m1", "orders-.*"));
    world.topics.remove("orders-us");
    world.change_topics();
    beat_as_it_is("m1");
    EXPECT_EQ(partitions("m1"), 2u);
}

TEST_F(RegexConsumer, AnExpressionThatNobodyHasAnyMoreIsForgotten) {
    world.beat(joining_by_regex("m1", "orders-.*"));
    HeartbeatRequest request = owning(beating("m1", 1), world.assigned("m1"));
    request.subscribed_topic_regex = "other";
    world.beat(request);
    EXPECT_EQ(world.group()->subscriptions().resolved("orders-.*"), nullptr);
    EXPECT_NE(world.group()->subscriptions().resolved("other"), nullptr);
    world.beat(beating("m1", kLeaveEpoch));
    EXPECT_TRUE(world.group()->subscriptions().resolved().empty());
    EXPECT_EQ(kinds(world.written), (std::vector<std::string>{"-current", "-target", "-member", "-regex", "epoch"}));
}

TEST_F(RegexConsumer, MayNameTopicsBesides) {
    HeartbeatRequest request = joining_by_regex("m1", "orders-.*");
    request.subscribed_topic_names = std::vector<std::string>{"other"};
    world.beat(request);
    EXPECT_EQ(partitions("m1"), 6u);
    EXPECT_FALSE(world.group()->subscriptions().is_homogeneous(1));
}

TEST_F(RegexConsumer, AGroupOfOneExpressionIsHomogeneous) {
    world.beat(joining_by_regex("m1", "orders-.*"));
    world.beat(joining_by_regex("m2", "orders-.*"));
    EXPECT_TRUE(world.group()->subscriptions().is_homogeneous(2));
    world.beat(joining_by_regex("m3", "other"));
    EXPECT_FALSE(world.group()->subscriptions().is_homogeneous(3));
}

TEST_F(RegexConsumer, MatchesThatDoNotFitIntoARecordAreRefused) {
    world.environment.config.record_bytes_max = 200;
    for (int topic = 0; topic < 20; ++topic) {
        world.topics.add("many-topics-" + std::to_string(topic), 1);
    }
    EXPECT_EQ(world.beat(joining_by_regex("m1", "many-.*")).error_code, ErrorCode::unknown_server_error);
    EXPECT_EQ(world.group(), nullptr);
}

}  // namespace
}  // namespace tideline::group
