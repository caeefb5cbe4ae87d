#include "server/fetch_session.h"

#include <gtest/gtest.h>

namespace tideline::server {
namespace {

using protocol::FetchRequest;
using Row = protocol::FetchResponse::PartitionData;
using std::chrono::minutes;

FetchRequest request_of(std::initializer_list<std::int32_t> partitions) {
    FetchRequest request;
    FetchRequest::FetchTopic topic;
    topic.topic = "t";
    for (std::int32_t each : partitions) {
        FetchRequest::FetchPartition partition;
        partition.partition = each;
        topic.partitions.push_back(partition);
    }
    request.topics.push_back(topic);
    return request;
}

constexpr std::size_t kPlenty = 1 << 20;

SessionKey key(std::int32_t partition) { return {"t", {}, partition}; }

Row row(std::int64_t high_watermark, std::uint64_t bytes = 0, ErrorCode error = ErrorCode::none) {
    Row out;
    out.high_watermark = high_watermark;
    out.log_start_offset = 0;
    out.error_code = error;
    out.records.size = bytes;
    return out;
}

TEST(FetchSession, LeavesOutWhatTheClientKnows) {
    FetchSession session(1, false);
    session.update(request_of({0}));
    EXPECT_TRUE(session.note_told(key(0), row(5)));
    EXPECT_FALSE(session.note_told(key(0), row(5)));
    EXPECT_TRUE(session.note_told(key(0), row(6)));
    EXPECT_TRUE(session.note_told(key(0), row(6, 100)));
}

TEST(FetchSession, TellsAPartitionAgainAfterItsError) {
    FetchSession session(1, false);
    session.update(request_of({0}));
    session.note_told(key(0), row(5));
    EXPECT_TRUE(session.note_told(key(0), row(-1, 0, ErrorCode::offset_out_of_range)));
    EXPECT_TRUE(session.note_told(key(0), row(-1, 0, ErrorCode::offset_out_of_range)));
    EXPECT_TRUE(session.note_told(key(0), row(5)));
    EXPECT_FALSE(session.note_told(key(0), row(5)));
}

TEST(FetchSession, PutsPartitionsThatBroughtRecordsLast) {
    FetchSession session(1, false);
    session.update(request_of({0, 1, 2}));
    session.note_told(key(0), row(5, 10));
    std::vector<std::int32_t> order;
    for (const auto& each : session.partitions()) {
        order.push_back(each.key.partition);
    }
    EXPECT_EQ(order, (std::vector{1, 2, 0}));
}

TEST(FetchSession, ForgetsOnRequest) {
    FetchSession session(1, false);
    session.update(request_of({0, 1}));
    FetchRequest forget;
    forget.forgotten_topics_data.push_back({.topic = "t", .topic_id = {}, .partitions = {0, 1, 7}});
    session.update(forget);
    EXPECT_TRUE(session.empty());
}

TEST(FetchSessionCache, EvictsOnlyWhatHasBeenIdleForTwoMinutes) {
    FetchSessionCache cache(1, kPlenty);
    runtime::Instant start{};
    FetchSession* first = cache.create(request_of({0}), false, start, 42);
    ASSERT_NE(first, nullptr);
    std::int32_t id = first->id();
    EXPECT_EQ(cache.create(request_of({0}), false, start + minutes(1), 43), nullptr);
    EXPECT_NE(cache.create(request_of({0}), false, start + minutes(3), 43), nullptr);
    EXPECT_EQ(cache.find(id, start + minutes(3)), nullptr);
    EXPECT_EQ(cache.size(), 1u);
}

TEST(FetchSessionCache, HoldsNoMorePartitionsThanThereIsMemoryFor) {
    runtime::Instant now{};
    FetchSessionCache unbounded(2, kPlenty);
    unbounded.create(request_of({0, 1}), false, now, 1);
    std::size_t two_partitions = unbounded.bytes();

    FetchSessionCache cache(9, two_partitions);
    EXPECT_EQ(cache.create(request_of({0, 1, 2}), false, now, 1), nullptr);
    ASSERT_NE(cache.create(request_of({0, 1}), false, now, 1), nullptr);
    EXPECT_EQ(cache.bytes(), two_partitions);
    EXPECT_EQ(cache.create(request_of({0}), false, now + minutes(1), 2), nullptr);
    EXPECT_NE(cache.create(request_of({0, 1}), false, now + minutes(3), 2), nullptr);  // in place of the one that is idle
    EXPECT_EQ(cache.size(), 1u);
    EXPECT_EQ(cache.bytes(), two_partitions);
}

TEST(FetchSessionCache, ASessionThatGrowsPastWhatThereIsGoes) {
    runtime::Instant now{};
    FetchSessionCache cache(2, kPlenty);
    FetchSession* session = cache.create(request_of({0, 1}), false, now, 1);
    std::int32_t id = session->id();
    EXPECT_TRUE(cache.update(*session, request_of({1, 2})));
    EXPECT_EQ(session->size(), 3u);
    EXPECT_EQ(cache.bytes(), session->bytes());
    FetchRequest forget;
    forget.forgotten_topics_data.push_back({.topic = "t", .topic_id = {}, .partitions = {0}});
    EXPECT_TRUE(cache.update(*session, forget));
    EXPECT_EQ(cache.bytes(), session->bytes());

    FetchRequest large = request_of({0});
    large.topics[0].partitions.resize(kPlenty / 100);
    EXPECT_FALSE(cache.update(*session, large));
    EXPECT_EQ(cache.find(id, now), nullptr);
    EXPECT_EQ(cache.bytes(), 0u);
}

TEST(FetchSessionCache, GivesEverySessionAnIdOfItsOwn) {
    FetchSessionCache cache(3, kPlenty);
    runtime::Instant now{};
    std::set<std::int32_t> ids;
    for (int i = 0; i < 3; ++i) {
        ids.insert(cache.create(request_of({0}), false, now, 0)->id());  // the same random number each time
    }
    EXPECT_EQ(ids.size(), 3u);
    EXPECT_FALSE(ids.contains(0));
}

}  // namespace
}  // namespace tideline::server
