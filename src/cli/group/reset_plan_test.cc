#include "cli/group/reset_plan.h"

#include <gtest/gtest.h>

#include <limits>

namespace tideline::cli {
namespace {

constexpr std::int64_t kNow = 1'769'854'830'123;  // 2026-01-31T10:20:30.123Z

Outcome<ResetTarget> target_of(const GroupResetOptions& options) {
    return reset_target(options, kNow, [](std::int64_t) { return 0; });
}

PartitionView partition(std::optional<std::int64_t> committed) {
    return {{"orders", 0}, committed, 100, 200, ""};
}

std::optional<std::int64_t> offset_of(ResetTarget target, std::optional<std::int64_t> committed = 150,
                                      std::int64_t asked = -1) {
    auto offset = target_offset(partition(committed), target, asked);
    EXPECT_TRUE(offset);
    return offset.value_or(std::nullopt);
}

TEST(ResetTarget, IsWhatExactlyOneOptionSays) {
    GroupResetOptions options;
    EXPECT_FALSE(target_of(options));
    options.shift_by = -20;
    EXPECT_EQ(target_of(options), (ResetTarget{ResetTarget::Kind::shift, -20}));
    options.to_latest = true;
    EXPECT_FALSE(target_of(options));
}

TEST(ResetTarget, CountsDurationsBackFromNow) {
    for (const char* text : {"1h30m", "PT1H30M", "5400s"}) {
        GroupResetOptions options;
        options.by_duration = text;
        EXPECT_EQ(target_of(options), (ResetTarget{ResetTarget::Kind::time, kNow - 5'400'000})) << text;
    }
    GroupResetOptions options;
    options.by_duration = "soon";
    EXPECT_FALSE(target_of(options));
}

TEST(ResetTarget, ReadsATimeAsItIsWritten) {
    GroupResetOptions options;
    options.to_datetime = "2026-01-31T10:20:30.123Z";
    EXPECT_EQ(target_of(options), (ResetTarget{ResetTarget::Kind::time, kNow}));
    options.to_datetime = "yesterday";
    EXPECT_FALSE(target_of(options));
}

ResetStep step_to(std::int64_t target, std::optional<std::int64_t> size_bytes) {
    return {partition(150), target, {}, {}, size_bytes};
}

TEST(ResetStep, CountsBytesAsItsShareOfThePartition) {
    ResetStep step = step_to(110, 5'000);  // 40 of 100 records
    EXPECT_EQ(step.again(), 40);
    EXPECT_EQ(step.bytes_of(step.again()), 2'000);
    EXPECT_EQ(step.bytes_of(step.skipped()), 0);
    EXPECT_EQ(step_to(110, std::nullopt).bytes_of(40), std::nullopt);
}

TEST(ResetSum, KnowsBytesOnlyWhenItKnowsThemAll) {
    ResetSum known = sum_of({step_to(110, 5'000), step_to(190, 10'000)});
    EXPECT_EQ(known.again, 40);
    EXPECT_EQ(known.skipped, 40);
    EXPECT_EQ(known.again_bytes, 2'000);
    EXPECT_EQ(known.skipped_bytes, 4'000);
    ResetSum half = sum_of({step_to(110, 5'000), step_to(190, std::nullopt)});
    EXPECT_EQ(half.again_bytes, 2'000);
    EXPECT_EQ(half.skipped_bytes, std::nullopt);
}

TEST(ResetSum, SpansTheRecordsOfAllPartitions) {
    ResetStep early = step_to(110, 0);
    early.first_ms = 5;
    early.last_ms = 7;
    ResetStep late = step_to(120, 0);
    late.first_ms = 6;
    late.last_ms = 9;
    ResetSum sum = sum_of({late, early, step_to(150, 0)});
    EXPECT_EQ(sum.first_ms, 5);
    EXPECT_EQ(sum.last_ms, 9);
}

TEST(TargetOffset, IsAnOffsetThePartitionHas) {
    using Kind = ResetTarget::Kind;
    EXPECT_EQ(offset_of({Kind::earliest}), 100);
    EXPECT_EQ(offset_of({Kind::latest}), 200);
    EXPECT_EQ(offset_of({Kind::offset, 170}), 170);
    EXPECT_EQ(offset_of({Kind::offset, 7}), 100);
    EXPECT_EQ(offset_of({Kind::offset, 999}), 200);
    EXPECT_EQ(offset_of({Kind::shift, 20}), 170);
    EXPECT_EQ(offset_of({Kind::shift, -60}), 100);
    EXPECT_EQ(offset_of({Kind::current}, 50), 100);
}

TEST(TargetOffset, OfATimeAfterAllRecordsIsTheEnd) {
    EXPECT_EQ(offset_of({ResetTarget::Kind::time, kNow}, 150, 120), 120);
    EXPECT_EQ(offset_of({ResetTarget::Kind::time, kNow}, 150, -1), 200);
}

TEST(TargetOffset, OfAFileIsNoneWhereTheFileHasNone) {
    EXPECT_EQ(offset_of({ResetTarget::Kind::file}, 150, 130), 130);
    EXPECT_EQ(offset_of({ResetTarget::Kind::file}, 150, -1), std::nullopt);
}

TEST(TargetOffset, IsAnEndOfThePartitionAfterAShiftBeyondAllNumbers) {
    constexpr auto kFarthest = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(offset_of({ResetTarget::Kind::shift, kFarthest}), 200);
    EXPECT_EQ(offset_of({ResetTarget::Kind::shift, -kFarthest}), 100);
}

TEST(TargetOffset, HasNothingToCountFromWhereNothingIsCommitted) {
    EXPECT_FALSE(target_offset(partition(std::nullopt), {ResetTarget::Kind::shift, 1}, -1));
    EXPECT_FALSE(target_offset(partition(std::nullopt), {ResetTarget::Kind::current}, -1));
}

TEST(ResetStep, CountsWhatIsReadAgainAndWhatIsSkipped) {
    ResetStep back{partition(150), 120, {}, {}};
    EXPECT_EQ(back.again(), 30);
    EXPECT_EQ(back.skipped(), 0);
    EXPECT_EQ(back.first(), 120);
    EXPECT_EQ(back.last(), 150);
    ResetStep on{partition(150), 200, {}, {}};
    EXPECT_EQ(on.again(), 0);
    EXPECT_EQ(on.skipped(), 50);
}

TEST(ResetStep, DoesNotCountWhatRetentionHasDeleted) {
    ResetStep step{partition(40), 130, {}, {}};
    EXPECT_EQ(step.now.lost(), 60);
    EXPECT_EQ(step.skipped(), 30);
}

TEST(OffsetsFile, IsReadAsItWasWritten) {
    std::vector<ResetStep> steps{{partition(150), 100, {}, {}}, {{{"orders", 1}, {}, 0, 9, ""}, 0, {}, {}}};
    std::string text = offsets_file(steps, {{{"orders", 0}, 150}});
    EXPECT_EQ(text, "orders,0,150\norders,1,-1\n");
    EXPECT_EQ(parse_offsets_file(text, "f"), (GroupOffsets{{{"orders", 0}, 150}, {{"orders", 1}, -1}}));
}

TEST(OffsetsFile, MayBeOneThatKafkasToolExported) {
    EXPECT_EQ(parse_offsets_file("\"billing\",\"orders\",3,42\r\n", "f"), (GroupOffsets{{{"orders", 3}, 42}}));
}

TEST(OffsetsFile, NamesTheLineThatIsWrong) {
    for (const char* text : {"orders,0,1\norders,x,2\n", "orders,0,1\norders,2\n", "orders,0,1\norders,1,-2\n"}) {
        auto offsets = parse_offsets_file(text, "f");
        ASSERT_FALSE(offsets) << text;
        EXPECT_TRUE(offsets.error().message.starts_with("f:2: ")) << offsets.error().message;
    }
}

TEST(DefaultOffsetsFile, IsAFileNameWhateverTheGroupIsCalled) {
    EXPECT_EQ(default_offsets_file("../a b", kNow), "___a_b.20260131T102030123Z.offsets.csv");
}

}  // namespace
}  // namespace tideline::cli
