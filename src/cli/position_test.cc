#include "cli/position.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideline::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = Position::Kind;

Outcome<Position> parse(std::string_view text) {
    return parse_position(text, 1'000'000'000, [](std::int64_t) { return 0; });
}

TEST(Position, ReadsEveryFormOfTheHelp) {
    EXPECT_EQ(parse("beginning"), (Position{Kind::beginning}));
    EXPECT_EQ(parse("latest"), (Position{Kind::end}));
    EXPECT_EQ(parse("1042"), (Position{Kind::offset, 1042}));
    EXPECT_EQ(parse("-20"), (Position{Kind::before_end, 20}));
    EXPECT_EQ(parse("@5000"), (Position{Kind::time, 5000}));
    EXPECT_EQ(parse("10m ago"), (Position{Kind::time, 999'400'000}));
    EXPECT_EQ(parse("1970-01-01T00:00:07Z"), (Position{Kind::time, 7000}));
}

TEST(Position, RefusesEverythingElse) {
    for (const char* bad : {"", "start", "10m", "@", "@-1", "@x", "x ago", " ago", "99999999999999999999"}) {
        auto position = parse(bad);
        ASSERT_FALSE(position) << bad;
        EXPECT_EQ(position.error().exit, ExitCode::usage);
    }
}

TEST(Position, TimeBeforeTheEpochBeginsAtTheEpoch) {
    EXPECT_EQ(parse("9999w ago"), (Position{Kind::time, 0}));
}

struct Resolved {
    ReadRange range;
    std::vector<std::string> warnings;
};
Resolved resolved(PartitionBounds bounds, Position from, std::optional<Position> until = std::nullopt, bool follow = false) {
    Resolved result;
    result.range = resolve(bounds, from, until, follow, result.warnings);
    return result;
}

const PartitionBounds kBounds{.partition = 1, .earliest = 100, .latest = 200};

TEST(Resolve, StopsAtTheEndThatWasSeenUnlessFollowing) {
    EXPECT_EQ(resolved(kBounds, {Kind::beginning}).range, (ReadRange{1, 100, 200}));
    EXPECT_EQ(resolved(kBounds, {Kind::beginning}, std::nullopt, true).range, (ReadRange{1, 100, std::nullopt}));
    EXPECT_TRUE(resolved(kBounds, {Kind::end}).range.is_empty());
}

TEST(Resolve, CountsBackFromTheEndButNotPastTheBeginning) {
    EXPECT_EQ(resolved(kBounds, {Kind::before_end, 20}).range.start, 180);
    EXPECT_EQ(resolved(kBounds, {Kind::before_end, 500}).range.start, 100);
    EXPECT_THAT(resolved(kBounds, {Kind::before_end, 500}).warnings, IsEmpty());
}

TEST(Resolve, WarnsOfOffsetsThatAreNotThere) {
    auto early = resolved(kBounds, {Kind::offset, 5});
    EXPECT_EQ(early.range.start, 100);
    ASSERT_EQ(early.warnings.size(), 1u);
    EXPECT_THAT(early.warnings[0], HasSubstr("begins at offset 100"));
    auto late = resolved(kBounds, {Kind::offset, 201});
    EXPECT_TRUE(late.range.is_empty());
    ASSERT_EQ(late.warnings.size(), 1u);
    EXPECT_THAT(late.warnings[0], HasSubstr("ends at offset 200"));
    EXPECT_THAT(resolved(kBounds, {Kind::offset, 200}).warnings, IsEmpty());
}

TEST(Resolve, ATimeAfterTheLastRecordIsTheEnd) {
    PartitionBounds bounds = kBounds;
    EXPECT_TRUE(resolved(bounds, {Kind::time, 1}).range.is_empty());
    bounds.from_time = 150;
    EXPECT_EQ(resolved(bounds, {Kind::time, 1}).range.start, 150);
}

TEST(Resolve, UntilIsExclusiveAndNeverPastTheEnd) {
    EXPECT_EQ(resolved(kBounds, {Kind::beginning}, Position{Kind::offset, 150}).range.stop, 150);
    EXPECT_EQ(resolved(kBounds, {Kind::beginning}, Position{Kind::offset, 900}).range.stop, 200);
    EXPECT_TRUE(resolved(kBounds, {Kind::beginning}, Position{Kind::offset, 50}).range.is_empty());
}

}  // namespace
}  // namespace tideline::cli
