#include "cli/shell_word.h"

#include <gtest/gtest.h>

namespace tideline::cli {
namespace {

TEST(ShellWord, IsItselfWhenTheShellWouldLeaveItAlone) {
    EXPECT_EQ(shell_word("billing-v2.eu_1:0,3"), "billing-v2.eu_1:0,3");
}

TEST(ShellWord, StandsInQuotesOtherwise) {
    EXPECT_EQ(shell_word(""), "''");
    EXPECT_EQ(shell_word("two words"), "'two words'");
    EXPECT_EQ(shell_word("$(reboot); a's"), "'$(reboot); a'\\''s'");
    EXPECT_EQ(shell_word("~home"), "'~home'");
}

TEST(ShellWord, NamesTheBrokersOnlyWhereTheyAreNotTheDefault) {
    ClientOptions options;
    EXPECT_EQ(bootstrap_option(options), "");
    options.bootstrap = "10.0.0.7:9092";
    EXPECT_EQ(bootstrap_option(options), " --bootstrap 10.0.0.7:9092");
}

}  // namespace
}  // namespace tideline::cli
