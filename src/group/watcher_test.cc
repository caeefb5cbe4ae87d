// What a coordinator tells whoever watches it.
#include "group/watcher.h"

#include "group/migration_testing.h"

namespace tideline::group {
namespace {

class Notes final : public Watcher {
public:
    void member_removed(std::string_view group_id, std::string_view, std::string_view client_id, std::string_view client_host,
                        Removal why) override {
        constexpr std::array kWords{" by its session", " by a rebalance", " by a sync"};
        add({group_id, " lost ", client_id, client_host, kWords.at(static_cast<std::size_t>(why))});
    }
    void rebalanced(std::string_view group_id) override { add({group_id, " rebalanced"}); }
    void committed(std::string_view group_id, std::int64_t records) override { add({group_id, " moved by ", std::to_string(records)}); }
    void offset_expired(std::string_view group_id, std::string_view topic, std::int32_t partition, std::int64_t offset) override {
        add({group_id, " forgot ", topic, "-", std::to_string(partition), " at ", std::to_string(offset)});
    }

    std::vector<std::string> take() { return std::exchange(notes_, {}); }

private:
    void add(std::initializer_list<std::string_view> words) {
        std::string& note = notes_.emplace_back();
        for (std::string_view word : words) {
            note += word;
        }
    }
    std::vector<std::string> notes_;
};

using Lines = std::vector<std::string>;

class Watched : public ::testing::Test {
protected:
    Watched() { group_.bench.coordinator().watch(&notes_); }

    // The only member, in generation 1.
    std::string join_alone() {
        const std::string id = group_.take<protocol::JoinGroupResponse>(group_.join("")).member_id;
        const Ticket ticket = group_.join(id);
        group_.pass(1);
        EXPECT_EQ(group_.take<protocol::JoinGroupResponse>(ticket).generation_id, 1);
        return id;
    }
    ErrorCode commit(std::int64_t offset, std::int32_t generation = -1, const std::string& member = "", std::int64_t kept_ms = -1) {
        protocol::OffsetCommitRequest request;
        request.group_id = "g";
        request.generation_id_or_member_epoch = generation;
        request.member_id = member;
        request.retention_time_ms = kept_ms;
        auto& topic = request.topics.emplace_back();
        topic.name = "t";
        topic.partitions.emplace_back().committed_offset = offset;
        return group_.answer<protocol::OffsetCommitResponse>(&Coordinator::commit, request, 4).topics.at(0).partitions.at(0).error_code;
    }

    Notes notes_;
    MixedGroup group_;
};

TEST_F(Watched, AMemberWhoseSessionEnds) {
    const std::string id = join_alone();
    group_.take<protocol::SyncGroupResponse>(group_.sync(id, 1, {{id, {0}}}));
    EXPECT_EQ(notes_.take(), (Lines{"g rebalanced"}));
    group_.pass(30'001);
    EXPECT_EQ(notes_.take(), (Lines{"g lost client/127.0.0.1 by its session"}));
}

TEST_F(Watched, AMemberThatNeverSyncs) {
    join_alone();
    notes_.take();
    group_.pass(20'001);
    EXPECT_EQ(notes_.take(), (Lines{"g lost client/127.0.0.1 by a sync"}));
}

TEST_F(Watched, AMemberOfTheConsumerProtocolWhoseSessionEnds) {
    group_.beat("m1", 0);
    group_.pass(45'001);
    EXPECT_EQ(notes_.take(), (Lines{"g lost client/127.0.0.1 by its session"}));
}

TEST_F(Watched, AMemberOfTheConsumerProtocolThatDoesNotLetGo) {
    group_.beat("m1", 0);
    group_.beat("m2", 0);
    group_.beat("m1", 1);
    for (int i = 0; i < 4; ++i) {
        group_.pass(5'001);
        group_.beat("m1", 1);
        group_.beat("m2", 2);
    }
    EXPECT_EQ(notes_.take(), (Lines{"g lost client/127.0.0.1 by a rebalance"}));
}

TEST_F(Watched, CommitsAndHowFarTheyMoveTheGroup) {
    EXPECT_EQ(commit(10), ErrorCode::none);
    EXPECT_EQ(commit(25), ErrorCode::none);
    EXPECT_EQ(commit(20), ErrorCode::none);
    EXPECT_EQ(commit(std::numeric_limits<std::int64_t>::min()), ErrorCode::none);
    EXPECT_EQ(commit(std::numeric_limits<std::int64_t>::max()), ErrorCode::none);
    EXPECT_EQ(commit(30, 7, "nobody"), ErrorCode::unknown_member_id);
    EXPECT_EQ(notes_.take(), (Lines{"g moved by 0", "g moved by 15", "g moved by 0", "g moved by 0", "g moved by 1099511627776"}));
}

TEST_F(Watched, OffsetsThatExpire) {
    EXPECT_EQ(commit(10, -1, "", 5'000), ErrorCode::none);
    const auto committed_ms = group_.bench.now().wall_ms;
    EXPECT_EQ(group_.bench.coordinator().first_expiry_ms("g"), committed_ms + 5'000);
    EXPECT_EQ(group_.bench.coordinator().first_expiry_ms("another"), std::nullopt);
    ASSERT_NE(group_.bench.coordinator().offsets_of("g"), nullptr);
    group_.bench.start_timers();
    notes_.take();
    group_.pass(GroupConfig{}.offsets_retention_check_interval_ms + 1);
    EXPECT_EQ(notes_.take(), (Lines{"g forgot t-0 at 10"}));
    EXPECT_EQ(group_.bench.coordinator().offsets_of("g"), nullptr);
}

}  // namespace
}  // namespace tideline::group
