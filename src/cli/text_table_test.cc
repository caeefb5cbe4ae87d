#include "cli/text_table.h"

#include <gtest/gtest.h>

#include "cli/progress.h"
#include "cli/test_console.h"

namespace tideline::cli {
namespace {

TEST(TextTable, AlignsNumbersRightAndLeavesNoBlanksAtLineEnds) {
    TestConsole test;
    TextTable table({"NAME", ">N", "NOTE"});
    table.add({"größe", "7", ""});
    table.add({"x", "1234", "long note"});
    table.print(test.console());
    EXPECT_EQ(test.out(), "NAME      N  NOTE\ngröße     7\nx      1234  long note\n");
}

TEST(Numbers, AreGroupedByThousands) {
    EXPECT_EQ(with_thousands(0), "0");
    EXPECT_EQ(with_thousands(999), "999");
    EXPECT_EQ(with_thousands(1000), "1,000");
    EXPECT_EQ(with_thousands(-1234567), "-1,234,567");
}

TEST(Numbers, BytesNeverShowFourDigits) {
    EXPECT_EQ(human_bytes(999), "999 B");
    EXPECT_EQ(human_bytes(1000), "1.0 kB");
    EXPECT_EQ(human_bytes(999'960), "1.0 MB");
    EXPECT_EQ(human_bytes(1'234'567'890), "1.2 GB");
}

TEST(Progress, FitsTheTerminal) {
    ProgressState state{.records = 12345, .bytes = 10'200'000, .seconds = 2, .input_bytes = 50, .input_bytes_total = 100};
    EXPECT_EQ(progress_line(state, 60), "[========>       ]  50 %  12,345 records  10.2 MB  5.1 MB/s");
    for (int width : {1, 20, 60, 80, 200}) {
        EXPECT_LT(static_cast<int>(progress_line(state, width).size()), width == 1 ? 2 : width) << width;
    }
}

TEST(Progress, OfAPipeShowsNoShare) {
    ProgressState state{.records = 5, .bytes = 50, .seconds = 1};
    EXPECT_EQ(progress_line(state, 80), "5 records  50 B  50 B/s");
}

TEST(Progress, IsSilentWhenStderrIsNotATerminal) {
    TestConsole test;
    Progress progress(test.console());
    progress.update({.records = 1});
    progress.clear();
    EXPECT_EQ(test.err(), "");
}

}  // namespace
}  // namespace tideline::cli
