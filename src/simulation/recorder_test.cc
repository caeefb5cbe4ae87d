// The record of simulated clients is read and judged by the checker of history/.
#include "simulation/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/sim/world.h"

namespace tideline::simulation {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::StartsWith;

void note_one_record(Recorder& recorder) {
    recorder.note("producer", "send", R"("id":{},"partition":"t-0","value":"{}")", 1, "r1");
    recorder.note("producer", "sent", R"("id":1,"outcome":"ok","offset":{})", 0);
}

void note_reading(Recorder& recorder, std::string_view records) {
    recorder.note("reader", "poll", R"("isolation":"read_committed","partition":"t-0","position":0,"next":1,"records":[{}])", records);
    recorder.note("reader", "drained", R"("partition":"t-0","isolation":"read_committed","end":1)");
}

TEST(Recorder, FindsNothingWhereARecordIsReadAsItWasSent) {
    runtime::sim::SimWorld world(1);
    Recorder recorder(world.add_shard());
    note_one_record(recorder);
    note_reading(recorder, R"([0,"r1"])");
    EXPECT_THAT(recorder.verdict(), IsEmpty());
}

TEST(Recorder, FindsARecordThatNobodyWasGiven) {
    runtime::sim::SimWorld world(1);
    Recorder recorder(world.add_shard());
    note_one_record(recorder);
    note_reading(recorder, "");
    EXPECT_THAT(recorder.verdict(), Contains(StartsWith("lost-write")));
}

TEST(Recorder, GivesNoTwoMomentsTheSameTime) {
    runtime::sim::SimWorld world(1);
    Recorder recorder(world.add_shard());
    std::int64_t first = recorder.moment();
    EXPECT_LT(first, recorder.moment());
}

TEST(Recorder, SaysWhichLineCannotBeRead) {
    runtime::sim::SimWorld world(1);
    Recorder recorder(world.add_shard());
    recorder.note("reader", "unheard-of", "");
    EXPECT_THAT(recorder.verdict(), Contains(StartsWith("the record cannot be read")));
}

}  // namespace
}  // namespace tideline::simulation
