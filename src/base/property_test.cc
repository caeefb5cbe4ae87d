#include "base/property.h"

#include <gtest/gtest.h>

namespace tideline::base {
namespace {

TEST(Properties, ReadsJavaSyntaxAndRemembersLines) {
    auto lines = parse_properties("# comment\nlisteners=PLAINTEXT://:9092\n\nlog.dirs : /a,\\\n  /b\nkey value\n! x\nlast=1");
    ASSERT_EQ(lines.size(), 4u);
    EXPECT_EQ(lines[0].key, "listeners");
    EXPECT_EQ(lines[0].value, "PLAINTEXT://:9092");
    EXPECT_EQ(lines[0].line, 2);
    EXPECT_EQ(lines[1].value, "/a,/b");
    EXPECT_EQ(lines[1].line, 4);
    EXPECT_EQ(lines[2].key, "key");
    EXPECT_EQ(lines[2].value, "value");
    EXPECT_EQ(lines[3].line, 8);
}

TEST(Properties, JudgesValuesByTypeRangeAndChoice) {
    static constexpr std::string_view kChoices[] = {"delete", "compact"};
    PropertyRow count{"n", PropertyType::int32, "1", "", 1, 10};
    EXPECT_FALSE(why_illegal(count, "10"));
    EXPECT_TRUE(why_illegal(count, "11"));
    EXPECT_TRUE(why_illegal(count, "ten"));
    EXPECT_TRUE(why_illegal(count, "99999999999"));
    PropertyRow flag{"f", PropertyType::boolean, "true", ""};
    EXPECT_FALSE(why_illegal(flag, "TRUE"));
    EXPECT_TRUE(why_illegal(flag, "yes"));
    PropertyRow policy{"p", PropertyType::list, "delete", "", 0, 0, kChoices};
    EXPECT_FALSE(why_illegal(policy, "compact, delete"));
    EXPECT_TRUE(why_illegal(policy, "shred"));
}

}  // namespace
}  // namespace tideline::base
