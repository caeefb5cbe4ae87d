#include "server/group_evidence.h"

#include <gtest/gtest.h>

namespace tideline::server {
namespace {

constexpr GroupEvidence::Client kClient{.id = "app", .host = "/10.0.0.7", .port = 40'000, .software = "librdkafka"};

struct Watched {
    std::int64_t now_ms = 1'000'000;
    GroupEvidence evidence{[this] { return now_ms; }, now_ms};

    GroupEvidence::Observed seen(const std::string& group = "g") const {
        GroupEvidence::Observed observed;
        observed.group_id = group;
        evidence.add_to(observed);
        return observed;
    }
    std::vector<GroupEvidence::Lookup> lookups() const {
        std::vector<GroupEvidence::Lookup> list;
        evidence.add_lookups(kClient.id, kClient.host, list);
        return list;
    }
};

TEST(GroupEvidence, RemembersWhoCameAndWentAndWhy) {
    Watched watched;
    watched.evidence.joined("g", "m", kClient);
    watched.now_ms += 5;
    watched.evidence.left("g", "m", kClient, "closed");
    watched.evidence.member_removed("g", "n", "app", "/10.0.0.8", group::Removal::session_expired);
    auto events = watched.seen().events;
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].kind, evidence::kJoined);
    EXPECT_EQ(events[0].client_port, 40'000);
    EXPECT_EQ(events[1].kind, evidence::kLeft);
    EXPECT_EQ(events[1].reason, "closed");
    EXPECT_EQ(events[1].at_ms - events[0].at_ms, 5);
    EXPECT_EQ(events[2].kind, evidence::kSessionExpired);
    EXPECT_EQ(events[2].client_host, "/10.0.0.8");
}

TEST(GroupEvidence, KeepsTheNewestEventsAndCutsTexts) {
    Watched watched;
    for (std::size_t i = 0; i < GroupEvidence::kEventsMax + 5; ++i) {
        watched.evidence.left("g", std::to_string(i), kClient, std::string(1'000, 'r'));
    }
    auto events = watched.seen().events;
    ASSERT_EQ(events.size(), GroupEvidence::kEventsMax);
    EXPECT_EQ(events.front().member_id, "5");
    EXPECT_EQ(events.front().reason.size(), GroupEvidence::kTextMax);
}

TEST(GroupEvidence, SaysSinceWhenNoEventOfAGroupIsForgotten) {
    Watched watched;
    for (std::size_t i = 0; i < GroupEvidence::kEventsMax; ++i) {
        watched.now_ms += 10;
        watched.evidence.joined("g", std::to_string(i), kClient);
    }
    EXPECT_EQ(watched.seen().since_ms, 1'000'000);
    watched.now_ms += 10;
    watched.evidence.joined("g", "one more", kClient);
    EXPECT_EQ(watched.seen().since_ms, 1'000'011);
    EXPECT_EQ(watched.seen().events.front().at_ms, 1'000'020);
}

TEST(GroupEvidence, ForgetsTheGroupThatWasQuietForLongest) {
    Watched watched;
    watched.evidence.joined("first", "m", kClient);
    watched.evidence.joined("second", "m", kClient);
    watched.evidence.joined("first", "m", kClient);
    for (std::size_t i = 0; i + 1 < GroupEvidence::kGroupsMax; ++i) {
        watched.evidence.rebalanced("other-" + std::to_string(i));
    }
    EXPECT_TRUE(watched.seen("second").events.empty());
    EXPECT_EQ(watched.seen("first").events.size(), 2u);
}

TEST(GroupEvidence, SaysSinceWhenNothingWasForgotten) {
    Watched watched;
    watched.evidence.rebalanced("first");
    watched.evidence.rebalanced("second");
    watched.now_ms += 10;
    EXPECT_EQ(watched.seen("second").since_ms, 1'000'000);
    EXPECT_EQ(watched.seen("never heard of").since_ms, 1'000'000);
    for (std::size_t i = 0; i + 1 < GroupEvidence::kGroupsMax; ++i) {
        watched.evidence.rebalanced("other-" + std::to_string(i));
    }
    EXPECT_EQ(watched.seen("second").since_ms, 1'000'000);
    EXPECT_EQ(watched.seen("first").since_ms, 1'000'010);
    watched.now_ms += 10;
    watched.evidence.rebalanced("first");
    EXPECT_EQ(watched.seen("first").since_ms, 1'000'020);
}

TEST(GroupEvidence, KeepsABoundedNumberOfEventsOfAllGroups) {
    Watched watched;
    const std::size_t full = GroupEvidence::kAllEventsMax / GroupEvidence::kEventsMax;
    for (std::size_t i = 0; i < full; ++i) {
        for (std::size_t j = 0; j < GroupEvidence::kEventsMax; ++j) {
            watched.evidence.joined("g-" + std::to_string(i), "m", kClient);
        }
    }
    watched.evidence.joined("g-1", "m", kClient);
    EXPECT_EQ(watched.seen("g-0").events.size(), GroupEvidence::kEventsMax);
    watched.evidence.joined("one more", "m", kClient);
    EXPECT_TRUE(watched.seen("g-0").events.empty());
    EXPECT_EQ(watched.seen("g-1").events.size(), GroupEvidence::kEventsMax);
    EXPECT_EQ(watched.seen("one more").events.size(), 1u);
}

TEST(GroupEvidence, TellsLongGroupIdsApartByTheirBeginning) {
    Watched watched;
    const std::string id(30'000, 'g');
    watched.evidence.joined(id, "m", kClient);
    EXPECT_EQ(watched.seen(id).events.size(), 1u);
}

TEST(GroupEvidence, CountsCommitsOfTheLastMinutes) {
    Watched watched;
    watched.evidence.committed("g", 10);
    watched.now_ms += GroupEvidence::kWindowMs;
    watched.evidence.commit_failed("g", kClient, ErrorCode::illegal_generation);
    auto seen = watched.seen();
    EXPECT_EQ(seen.commits, 1);
    EXPECT_EQ(seen.commits_failed, 1);
    EXPECT_EQ(seen.records_passed, 10);
    EXPECT_EQ(seen.window_ms, 1'000'000);
    ASSERT_EQ(seen.failures.size(), 1u);
    EXPECT_EQ(seen.failures[0].error_code, ErrorCode::illegal_generation);
    EXPECT_EQ(seen.failures[0].client_id, "app");
    watched.now_ms += 3 * GroupEvidence::kWindowMs;
    EXPECT_EQ(watched.seen().commits, 0);
}

TEST(GroupEvidence, TellsOfOffsetsThatExpireTogetherInOneEvent) {
    Watched watched;
    for (std::int32_t partition : {0, 1, 2}) {
        watched.evidence.offset_expired("g", "orders", partition, 100 + partition);
    }
    watched.evidence.offset_expired("g", "invoices", 0, 7);
    auto events = watched.seen().events;
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].partitions, (std::vector<std::int32_t>{0, 1, 2}));
    EXPECT_EQ(events[0].offsets, (std::vector<std::int64_t>{100, 101, 102}));
}

TEST(GroupEvidence, KeepsOneEventForAClientThatAsksForItsOffsetsInVainAgainAndAgain) {
    Watched watched;
    for (std::int32_t partition : {0, 1, 1}) {
        watched.evidence.found_no_offset("g", kClient, "orders", {partition});
    }
    watched.evidence.found_no_offset("g", {.id = "app", .host = "/10.0.0.8"}, "orders", {0});
    watched.evidence.found_no_offset("g", kClient, std::string(30'000, 't'), {0});
    auto events = watched.seen().events;
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].partitions, (std::vector<std::int32_t>{0, 1}));
    EXPECT_EQ(events[2].topic.size(), GroupEvidence::kNameMax);
}

TEST(GroupEvidence, RemembersWhatAClientLookedForUnderItsIdAndHost) {
    Watched watched;
    watched.evidence.looked_up(kClient, "orders", 0, true);
    watched.evidence.looked_up(kClient, "orders", 1, true);
    watched.evidence.looked_up(kClient, "orders", 0, false);
    watched.evidence.looked_up({.id = "app", .host = "/10.0.0.8"}, "orders", 7, true);
    auto lookups = watched.lookups();
    ASSERT_EQ(lookups.size(), 2u);
    EXPECT_EQ(lookups[0].kind, evidence::kEarliest);
    EXPECT_EQ(lookups[0].partitions, (std::vector<std::int32_t>{0, 1}));
    EXPECT_EQ(lookups[1].kind, evidence::kLatest);
}

TEST(GroupEvidence, KeepsOneEntryForAClientThatAsksInVainAgainAndAgain) {
    Watched watched;
    for (int i = 0; i < 100; ++i) {
        watched.evidence.out_of_range(kClient, "orders", 3, 40, 100, 200);
    }
    watched.evidence.out_of_range(kClient, "orders", 4, 41, 100, 200);
    auto lookups = watched.lookups();
    ASSERT_EQ(lookups.size(), 2u);
    EXPECT_EQ(lookups[0].asked, 40);
    EXPECT_EQ(lookups[0].log_start, 100);
    EXPECT_EQ(lookups[1].partitions, (std::vector<std::int32_t>{4}));
}

TEST(GroupEvidence, RemembersABoundedNumberOfLookupsAndClients) {
    Watched watched;
    for (std::size_t i = 0; i < GroupEvidence::kLookupsMax + 3; ++i) {
        watched.evidence.looked_up(kClient, "topic-" + std::to_string(i), 0, true);
    }
    EXPECT_EQ(watched.lookups().size(), GroupEvidence::kLookupsMax);
    for (std::size_t i = 0; i < GroupEvidence::kClientsMax; ++i) {
        std::string id = "other-" + std::to_string(i);
        watched.evidence.looked_up({.id = id, .host = "/h"}, "t", 0, true);
    }
    EXPECT_TRUE(watched.lookups().empty());
}

}  // namespace
}  // namespace tideline::server
