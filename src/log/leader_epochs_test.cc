#include "log/leader_epochs.h"

#include <gtest/gtest.h>

namespace tideline::log {
namespace {

LeaderEpochs epochs(std::initializer_list<EpochStart> entries) {
    LeaderEpochs result;
    for (const EpochStart& entry : entries) {
        result.assign(entry.epoch, entry.start_offset);
    }
    return result;
}

using Entries = std::vector<EpochStart>;

TEST(LeaderEpochs, KnowNothingAtFirst) {
    LeaderEpochs none;
    EXPECT_EQ(none.latest(), std::nullopt);
    EXPECT_EQ(none.end_offset_for(0, 10), (EpochEnd{-1, -1}));
    EXPECT_FALSE(none.is_dirty());
}

TEST(LeaderEpochs, ASecondStartOfTheSameEpochIsIgnoredUnlessItIsEarlier) {
    LeaderEpochs e = epochs({{2, 10}});
    e.mark_written();
    EXPECT_FALSE(e.assign(2, 12));
    EXPECT_FALSE(e.is_dirty());
    EXPECT_TRUE(e.assign(2, 8));
    EXPECT_EQ(e.entries(), (Entries{{2, 8}}));
}

TEST(LeaderEpochs, AnEntryThatContradictsNewerOnesReplacesThem) {
    LeaderEpochs e = epochs({{1, 0}, {3, 10}, {5, 20}});
    EXPECT_TRUE(e.assign(4, 15));
    EXPECT_EQ(e.entries(), (Entries{{1, 0}, {3, 10}, {4, 15}}));
    EXPECT_TRUE(e.assign(6, 10));
    EXPECT_EQ(e.entries(), (Entries{{1, 0}, {6, 10}}));
}

TEST(LeaderEpochs, TheNewestEpochEndsWhereTheLogEnds) {
    EXPECT_EQ(epochs({{1, 0}, {3, 10}}).end_offset_for(3, 25), (EpochEnd{3, 25}));
}

TEST(LeaderEpochs, AnOlderEpochEndsWhereTheNextOneStarts) {
    EXPECT_EQ(epochs({{1, 0}, {3, 10}, {5, 20}}).end_offset_for(3, 25), (EpochEnd{3, 20}));
}

TEST(LeaderEpochs, AnEpochThatWroteNothingIsAnsweredWithTheOneBefore) {
    EXPECT_EQ(epochs({{1, 0}, {3, 10}, {5, 20}}).end_offset_for(4, 25), (EpochEnd{3, 20}));
}

TEST(LeaderEpochs, AnEpochBeforeAllKnownOnesEndsWhereTheyStart) {
    EXPECT_EQ(epochs({{3, 10}, {5, 20}}).end_offset_for(1, 25), (EpochEnd{1, 10}));
}

TEST(LeaderEpochs, AnEpochFromTheFutureIsUnknown) {
    EXPECT_EQ(epochs({{3, 10}}).end_offset_for(4, 25), (EpochEnd{-1, -1}));
    EXPECT_EQ(epochs({{3, 10}}).end_offset_for(-1, 25), (EpochEnd{-1, -1}));
}

TEST(LeaderEpochs, TruncatingTheEndForgetsEpochsThatStartThereOrLater) {
    LeaderEpochs e = epochs({{1, 0}, {3, 10}, {5, 20}});
    EXPECT_TRUE(e.truncate_from_end(10));
    EXPECT_EQ(e.entries(), (Entries{{1, 0}}));
    EXPECT_FALSE(e.truncate_from_end(1));
}

TEST(LeaderEpochs, TruncatingTheStartMovesTheEpochThatHoldsTheNewStart) {
    LeaderEpochs e = epochs({{1, 0}, {3, 10}, {5, 20}});
    EXPECT_TRUE(e.truncate_from_start(15));
    EXPECT_EQ(e.entries(), (Entries{{3, 15}, {5, 20}}));
    e.mark_written();
    EXPECT_FALSE(e.truncate_from_start(15));
    EXPECT_FALSE(e.truncate_from_start(2));
    EXPECT_FALSE(e.is_dirty());
}

TEST(LeaderEpochs, AnOffsetBelongsToTheLastEpochThatStartedAtOrBeforeIt) {
    LeaderEpochs e = epochs({{1, 5}, {3, 10}});
    EXPECT_EQ(e.epoch_of(4), std::nullopt);
    EXPECT_EQ(e.epoch_of(9), 1);
    EXPECT_EQ(e.epoch_of(10), 3);
    EXPECT_EQ(e.epoch_of(99), 3);
}

TEST(LeaderEpochs, TheFileIsKafkasCheckpointText) {
    LeaderEpochs e = epochs({{1, 0}, {3, 10}});
    Bytes text = e.encode();
    EXPECT_EQ(base::as_text(text), "0\n2\n1 0\n3 10\n");
    auto back = LeaderEpochs::decode(text);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->entries(), e.entries());
    EXPECT_FALSE(back->is_dirty());
}

TEST(LeaderEpochs, AFileThatLiesAboutItselfIsRefused) {
    EXPECT_FALSE(LeaderEpochs::decode(base::as_bytes("1\n0\n")));
    EXPECT_FALSE(LeaderEpochs::decode(base::as_bytes("0\n2\n1 0\n")));
    EXPECT_FALSE(LeaderEpochs::decode(base::as_bytes("0\n1\n1\n")));
    EXPECT_FALSE(LeaderEpochs::decode(base::as_bytes("0\n1\n-1 0\n")));
    EXPECT_FALSE(LeaderEpochs::decode(base::as_bytes("0\n1\n1 0 7\n")));
    EXPECT_TRUE(LeaderEpochs::decode({}));
}

}  // namespace
}  // namespace tideline::log
