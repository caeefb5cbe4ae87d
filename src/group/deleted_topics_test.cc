// Offsets of topics that are deleted, whenever the coordinator hears of it.
#include "group/group_testing.h"

namespace tideline::group::testing {

namespace {

class DeletedTopics : public ::testing::Test {
protected:
    DeletedTopics() { bench_.topics().put("t", 3); }

    base::Uuid id_of(const std::string& name) { return bench_.topics().find(name)->id; }

    ErrorCode commit(const base::Uuid& topic_id, std::int16_t version = 9) {
        protocol::OffsetCommitRequest request;
        request.group_id = "g";
        auto& topic = request.topics.emplace_back();
        topic.name = "t";
        topic.topic_id = topic_id;
        topic.partitions.emplace_back().committed_offset = 5;
        Effects effects;
        bench_.ask(&Coordinator::commit, {.id = "c", .host = "/h", .api_version = version}, request, effects);
        return std::get<protocol::OffsetCommitResponse>(effects.answers.front().reply).topics[0].partitions[0].error_code;
    }

    Bench bench_;
};

TEST_F(DeletedTopics, ACommitThatWasUnderWayIsRefused) {
    auto id = id_of("t");
    EXPECT_EQ(commit(id), ErrorCode::none);
    bench_.topics().remove("t");
    EXPECT_EQ(commit(id), ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(commit(id, 10), ErrorCode::unknown_topic_id);
    bench_.topics().put("t", 3);
    EXPECT_EQ(commit(id), ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(commit(id_of("t")), ErrorCode::none);
}

TEST_F(DeletedTopics, OffsetsGoWithATopicThatWentWhileTheyWereNotLoaded) {
    EXPECT_EQ(commit(id_of("t")), ErrorCode::none);
    EXPECT_TRUE(bench_.restart().records.empty());
    EXPECT_EQ(bench_.coordinator().offset_count(), 1u);
    bench_.topics().remove("t");
    EXPECT_EQ(bench_.restart().records.size(), 1u);
    EXPECT_EQ(bench_.coordinator().offset_count(), 0u);
}

TEST_F(DeletedTopics, ATopicMadeAnewUnderTheNameInheritsNoOffsets) {
    EXPECT_EQ(commit(id_of("t")), ErrorCode::none);
    bench_.topics().remove("t");
    bench_.topics().put("t", 3);
    EXPECT_EQ(bench_.restart().records.size(), 1u);
    EXPECT_EQ(bench_.coordinator().offset_count(), 0u);
}

}  // namespace
}  // namespace tideline::group::testing
