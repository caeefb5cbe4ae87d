#include "cli/record_key.h"

#include <gtest/gtest.h>

namespace tideline::cli {
namespace {

KeyFinder finder(ProduceOptions options) {
    auto made = KeyFinder::make(options);
    EXPECT_TRUE(made);
    return std::move(*made);
}

TEST(KeyFinder, WithoutARuleTheWholeRecordIsTheValue) {
    auto found = finder({}).find("a:b");
    EXPECT_EQ(found->key, std::nullopt);
    EXPECT_EQ(found->value, "a:b");
}

TEST(KeyFinder, TheFirstSeparatorSplits) {
    ProduceOptions options;
    options.key_separator = "\\t";
    auto found = finder(options).find("k\tv\tw");
    EXPECT_EQ(found->key, "k");
    EXPECT_EQ(found->value, "v\tw");
}

TEST(KeyFinder, AnEmptyKeyIsAKey) {
    ProduceOptions options;
    options.key_separator = ":";
    EXPECT_EQ(finder(options).find(":v")->key, "");
}

TEST(KeyFinder, ARecordWithoutItsKeyIsAMistakeUnlessKeysAreOptional) {
    ProduceOptions options;
    options.key_separator = ":";
    EXPECT_FALSE(finder(options).find("none"));
    options.key_optional = true;
    EXPECT_EQ(finder(options).find("none")->key, std::nullopt);
    EXPECT_EQ(finder(options).find("none")->value, "none");
}

TEST(KeyFinder, TheFirstGroupOfAnExpressionIsTheKeyAndTheValueStaysWhole) {
    ProduceOptions options;
    options.key_regex = "^Package: (.*)$";
    std::string stanza = "Source: x\nPackage: zstd\nVersion: 1";
    auto found = finder(options).find(stanza);
    EXPECT_EQ(found->key, "zstd");
    EXPECT_EQ(found->value, stanza);
}

TEST(KeyFinder, AnExpressionWithoutAGroupTakesAllItMatches) {
    ProduceOptions options;
    options.key_regex = "[0-9]+";
    EXPECT_EQ(finder(options).find("order 42 7")->key, "42");
    EXPECT_FALSE(finder(options).find("order"));
}

TEST(KeyFinder, ABrokenExpressionIsRefused) {
    ProduceOptions options;
    options.key_regex = "(";
    EXPECT_FALSE(KeyFinder::make(options));
}

TEST(KeyFinder, TheNullMarkerStandsForNull) {
    ProduceOptions options;
    options.key_separator = ":";
    options.null_marker = "NULL";
    auto found = finder(options).find("k:NULL");
    EXPECT_EQ(found->key, "k");
    EXPECT_EQ(found->value, std::nullopt);
    EXPECT_EQ(finder(options).find("NULL:v")->key, std::nullopt);
}

}  // namespace
}  // namespace tideline::cli
