#include "cli/instant.h"

#include <gtest/gtest.h>

namespace tideline::cli {
namespace {

std::optional<std::int64_t> utc(std::string_view text) {
    return parse_iso8601(text, [](std::int64_t) { return 0; });
}

TEST(Iso8601, ReadsDatesTimesAndFractions) {
    EXPECT_EQ(utc("1970-01-01"), 0);
    EXPECT_EQ(utc("2026-01-31T10:20Z"), 1769854800000);
    EXPECT_EQ(utc("2026-01-31T10:20:30Z"), 1769854830000);
    EXPECT_EQ(utc("2026-01-31 10:20:30.5Z"), 1769854830500);
    EXPECT_EQ(utc("2026-01-31T10:20:30.123456Z"), 1769854830123);
    EXPECT_EQ(utc("1969-12-31T23:59:59Z"), -1000);
}

TEST(Iso8601, AZoneMovesTheInstant) {
    EXPECT_EQ(utc("2026-01-31T10:20:30+01:00"), 1769851230000);
    EXPECT_EQ(utc("2026-01-31T10:20:30-0130"), 1769860230000);
    EXPECT_EQ(utc("2026-01-31T10:20:30+01"), 1769851230000);
}

TEST(Iso8601, WithoutAZoneItIsLocalTime) {
    auto two_hours_ahead = [](std::int64_t) { return std::int64_t{7200}; };
    EXPECT_EQ(parse_iso8601("1970-01-01T02:00", two_hours_ahead), 0);
}

TEST(Iso8601, RefusesWhatIsNoTime) {
    for (const char* bad : {"", "2026", "2026-13-01", "2026-02-30", "2026-01-31T", "2026-01-31T24:00", "2026-01-31T10",
                            "2026-01-31T10:20:30.", "2026-01-31T10:20x", "2026-01-31T10:20+", "2026-1-31", "-026-01-31",
                            "2026-01-31T10:20:30ZZ", "2026-01-31T1-:20"}) {
        EXPECT_EQ(utc(bad), std::nullopt) << bad;
    }
}

TEST(Iso8601, FormatsInUtcWithMilliseconds) {
    EXPECT_EQ(format_iso8601(1769854830123), "2026-01-31T10:20:30.123Z");
    EXPECT_EQ(format_iso8601(-1), "1969-12-31T23:59:59.999Z");
}

TEST(Duration, AddsUnits) {
    EXPECT_EQ(parse_duration_ms("10m"), 600'000);
    EXPECT_EQ(parse_duration_ms("1h30m"), 5'400'000);
    EXPECT_EQ(parse_duration_ms("2d"), 172'800'000);
    EXPECT_EQ(parse_duration_ms("1w500ms"), 604'800'500);
}

TEST(Duration, RefusesWhatIsNone) {
    for (const char* bad : {"", "10", "m", "10 m", "-5m", "10x", "10m5", "99999999999999999999d"}) {
        EXPECT_EQ(parse_duration_ms(bad), std::nullopt) << bad;
    }
}

}  // namespace
}  // namespace tideline::cli
