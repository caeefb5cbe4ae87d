#include "cli/record_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideline::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Feeds `text` in pieces of `piece` bytes.
std::vector<std::string> split(std::string_view text, SplitOn split_on, std::size_t piece,
                               std::optional<std::string> separator = std::nullopt) {
    RecordSplitter splitter(split_on, separator);
    std::vector<std::string> records;
    for (std::size_t at = 0; at < text.size(); at += piece) {
        splitter.buffer() += text.substr(at, piece);
        while (auto record = splitter.next()) {
            records.emplace_back(*record);
        }
    }
    if (auto record = splitter.finish()) {
        records.emplace_back(*record);
    }
    EXPECT_EQ(splitter.pending(), 0u);
    return records;
}

TEST(RecordSplitter, EachLineIsARecordEmptyOnesToo) {
    EXPECT_THAT(split("a\n\nb\n", SplitOn::line, 100), ElementsAre("a", "", "b"));
}

TEST(RecordSplitter, ALastLineNeedsNoNewline) {
    EXPECT_THAT(split("a\nb", SplitOn::line, 100), ElementsAre("a", "b"));
}

TEST(RecordSplitter, BlocksAreSeparatedByAnyNumberOfEmptyLines) {
    EXPECT_THAT(split("\n\nA: 1\nB: 2\n\n\n\nA: 3\n", SplitOn::blank_line, 100), ElementsAre("A: 1\nB: 2", "A: 3"));
    EXPECT_THAT(split("A: 1\n\n", SplitOn::blank_line, 100), ElementsAre("A: 1"));
    EXPECT_THAT(split("\n\n\n", SplitOn::blank_line, 100), IsEmpty());
}

TEST(RecordSplitter, AFileIsOneRecord) {
    EXPECT_THAT(split("a\nb\n", SplitOn::file, 100), ElementsAre("a\nb\n"));
    EXPECT_THAT(split("", SplitOn::file, 100), IsEmpty());
}

TEST(RecordSplitter, ASeparatorMayHaveSeveralBytes) {
    EXPECT_THAT(split("a--b---c", SplitOn::line, 100, "--"), ElementsAre("a", "b", "-c"));
    using namespace std::string_literals;
    EXPECT_THAT(split("a\0b"s, SplitOn::line, 100, "\0"s), ElementsAre("a", "b"));
}

TEST(RecordSplitter, RecordsDoNotDependOnHowTheInputArrives) {
    const std::string text = "one\ntwo\n\n\n\nthree\n\nfour\nfive\n\n\n";
    for (SplitOn split_on : {SplitOn::line, SplitOn::blank_line, SplitOn::file}) {
        auto whole = split(text, split_on, text.size());
        for (std::size_t piece = 1; piece < text.size(); ++piece) {
            EXPECT_EQ(split(text, split_on, piece), whole) << piece;
            EXPECT_EQ(split(text, split_on, piece, "\n\nf"), split(text, split_on, text.size(), "\n\nf")) << piece;
        }
    }
}

}  // namespace
}  // namespace tideline::cli
