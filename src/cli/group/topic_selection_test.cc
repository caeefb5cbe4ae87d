#include "cli/group/topic_selection.h"

#include <gtest/gtest.h>

namespace tideline::cli {
namespace {

TEST(TopicSelection, IsATopicOrSomeOfItsPartitions) {
    auto whole = parse_topic_selection("orders");
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->topic, "orders");
    EXPECT_TRUE(whole->takes(7));
    auto some = parse_topic_selection("orders:0,12");
    ASSERT_TRUE(some);
    EXPECT_EQ(some->topic, "orders");
    EXPECT_TRUE(some->takes(12));
    EXPECT_FALSE(some->takes(1));
}

TEST(TopicSelection, RefusesWhatIsNeither) {
    for (const char* text : {"", ":1", "orders:", "orders:a", "orders:1,", "orders:-1", "orders:1;2"}) {
        EXPECT_FALSE(parse_topic_selection(text)) << text;
    }
}

}  // namespace
}  // namespace tideline::cli
