// What a client that floods a group can make the coordinator keep.
#include "group/classic_protocol.h"
#include "group/group_testing.h"

namespace tideline::group::testing {

namespace {

class ClassicLimits : public ::testing::Test {
protected:
    static protocol::JoinGroupRequest request() {
        protocol::JoinGroupRequest request;
        request.group_id = "g";
        request.session_timeout_ms = 10'000;
        request.rebalance_timeout_ms = 10'000;
        request.protocol_type = "consumer";
        request.protocols.push_back({.name = "range", .metadata = {}});
        return request;
    }
    protocol::JoinGroupResponse join(const protocol::JoinGroupRequest& request) {
        Effects effects;
        auto ticket = bench_.ask(&Coordinator::join, {.id = "c", .host = "/h", .api_version = 9}, request, effects);
        for (const auto& answer : effects.answers) {
            if (answer.ticket == ticket) {
                return std::get<protocol::JoinGroupResponse>(answer.reply);
            }
        }
        return {};
    }

    Bench bench_;
};

TEST_F(ClassicLimits, AMemberMayNotNameThousandsOfProtocols) {
    auto many = request();
    for (std::size_t i = 0; i < kClassicProtocolsMax; ++i) {
        many.protocols.push_back({.name = "p" + std::to_string(i), .metadata = {}});
    }
    EXPECT_EQ(join(many).error_code, ErrorCode::inconsistent_group_protocol);
    EXPECT_EQ(bench_.coordinator().group_count(), 0u);
}

TEST_F(ClassicLimits, AProtocolNamedTwiceCountsOnce) {
    auto twice = request();
    twice.protocols.push_back(twice.protocols[0]);
    twice.group_instance_id = "i";
    EXPECT_EQ(join(twice).error_code, ErrorCode::none);
    std::int64_t moved = 0;
    bench_.advance(3'000, moved);
    bench_.advance(10'000, moved);
    EXPECT_EQ(join(request()).error_code, ErrorCode::member_id_required);
}

TEST_F(ClassicLimits, AMembersMetadataHasABound) {
    auto large = request();
    large.protocols[0].metadata.resize(kClassicMemberBytesMax + 1);
    EXPECT_EQ(join(large).error_code, ErrorCode::inconsistent_group_protocol);
}

TEST_F(ClassicLimits, MembersTogetherHaveABound) {
    for (int i = 0;; ++i) {
        auto large = request();
        large.group_instance_id = "i" + std::to_string(i);
        large.protocols[0].metadata.resize(kClassicMemberBytesMax - 100);
        if (auto joined = join(large); joined.error_code != ErrorCode::none) {
            EXPECT_EQ(joined.error_code, ErrorCode::group_max_size_reached);
            EXPECT_EQ(i, 16);
            return;
        }
    }
}

TEST_F(ClassicLimits, TheBoundHoldsForAMemberThatJoinsAgainWithMore) {
    std::vector<std::string> ids;
    auto small = request();
    for (int i = 0; i < 17; ++i) {
        small.group_instance_id = "i" + std::to_string(i);
        EXPECT_EQ(join(small).error_code, ErrorCode::none);
    }
    int grown = 0;
    for (int i = 0; i < 17; ++i) {
        auto large = request();
        large.group_instance_id = "i" + std::to_string(i);
        large.protocols[0].metadata.resize(kClassicMemberBytesMax - 100);
        auto error = join(large).error_code;
        grown += error == ErrorCode::none ? 1 : 0;
        EXPECT_TRUE(error == ErrorCode::none || error == ErrorCode::group_max_size_reached);
    }
    EXPECT_EQ(grown, 16);
    // It is a member as before, and may say again what it said.
    small.group_instance_id = "i16";
    EXPECT_EQ(join(small).error_code, ErrorCode::none);
}

// A coordinator whose members may take 8 MiB together: seven for what they say, the rest for assignments.
class MemberMemoryLimit : public ::testing::Test {
protected:
    static constexpr std::size_t kMiB = std::size_t{1} << 20;

    static protocol::JoinGroupRequest request(const std::string& group, std::size_t bytes, const std::string& instance = "i") {
        protocol::JoinGroupRequest request;
        request.group_id = group;
        request.group_instance_id = instance;
        request.session_timeout_ms = 10'000;
        request.rebalance_timeout_ms = 10'000;
        request.protocol_type = "consumer";
        request.protocols.push_back({.name = "range", .metadata = base::Bytes(bytes)});
        return request;
    }
    template <class Response, class Request>
    Response ask(void (Coordinator::*method)(Ticket, const ClientInfo&, const Request&, const Now&, Effects&), const Request& request,
                 const ClientInfo& client = {.id = "c", .host = "/h", .api_version = 5}) {
        Effects effects;
        auto ticket = bench_.ask(method, client, request, effects);
        for (auto& answer : effects.answers) {
            if (answer.ticket == ticket) {
                return std::get<Response>(answer.reply);
            }
        }
        return {};
    }
    ErrorCode join(const protocol::JoinGroupRequest& request) {
        return ask<protocol::JoinGroupResponse>(&Coordinator::join, request).error_code;
    }
    // Joins alone; returns member id and generation.
    protocol::JoinGroupResponse join_and_wait(const protocol::JoinGroupRequest& request) {
        Effects effects;
        auto ticket = bench_.ask(&Coordinator::join, {.id = "c", .host = "/h", .api_version = 5}, request, effects);
        std::int64_t moved = 0;
        for (int i = 0; i < 10; ++i) {
            for (const auto& answer : bench_.advance(1'000, moved).answers) {
                if (answer.ticket == ticket) {
                    return std::get<protocol::JoinGroupResponse>(answer.reply);
                }
            }
        }
        ADD_FAILURE() << "no answer to the join";
        return {};
    }
    ErrorCode sync(const std::string& group, const protocol::JoinGroupResponse& joined, std::size_t bytes) {
        protocol::SyncGroupRequest request;
        request.group_id = group;
        request.generation_id = joined.generation_id;
        request.member_id = joined.member_id;
        request.assignments.push_back({.member_id = joined.member_id, .assignment = base::Bytes(bytes)});
        return ask<protocol::SyncGroupResponse>(&Coordinator::sync, request).error_code;
    }
    void leave(const std::string& group) {
        protocol::LeaveGroupRequest request;
        request.group_id = group;
        request.members.push_back({.group_instance_id = "i"});
        EXPECT_EQ(ask<protocol::LeaveGroupResponse>(&Coordinator::leave, request).error_code, ErrorCode::none);
    }
    void fill() {
        for (const char* group : {"a", "b", "c"}) {
            EXPECT_EQ(join(request(group, 2 * kMiB)), ErrorCode::none);
        }
    }

    Bench bench_{{.record_bytes_max = 4 * kMiB}, 8 * kMiB};
};

TEST_F(MemberMemoryLimit, HoldsOverAllGroups) {
    fill();
    EXPECT_EQ(join(request("d", 2 * kMiB)), ErrorCode::coordinator_not_available);
    EXPECT_EQ(bench_.coordinator().group_count(), 3u) << "who is refused leaves no group behind";
    EXPECT_LT(bench_.member_memory().bytes(), 7 * kMiB);
    EXPECT_EQ(join(request("d", 1'000)), ErrorCode::none) << "there is room for this one";
    leave("a");
    EXPECT_EQ(join(request("e", 2 * kMiB)), ErrorCode::none);
}

TEST_F(MemberMemoryLimit, LeavesMembersThatAreInAsTheyAre) {
    fill();
    EXPECT_EQ(join(request("d", kMiB - 20'000)), ErrorCode::none);
    EXPECT_EQ(join(request("a", 2 * kMiB + 50'000)), ErrorCode::coordinator_not_available) << "it may not say more";
    EXPECT_EQ(join(request("a", 2 * kMiB)), ErrorCode::none);
    EXPECT_EQ(join(request("a", kMiB)), ErrorCode::none) << "but less";
}

TEST_F(MemberMemoryLimit, HoldsForAssignments) {
    fill();
    auto first = join_and_wait(request("d", 10));
    auto second = join_and_wait(request("e", 10));
    EXPECT_EQ(sync("d", first, 3 * kMiB / 2), ErrorCode::none) << "what joins may not have is theirs";
    EXPECT_EQ(sync("e", second, kMiB), ErrorCode::coordinator_not_available);
    EXPECT_LT(bench_.member_memory().bytes(), 8 * kMiB);
}

TEST_F(MemberMemoryLimit, HoldsForThoseThatHaveOnlyBeenToldAnId) {
    const ClientInfo client{.id = std::string(30'000, 'c'), .host = "/h", .api_version = 5};
    auto ask_for_id = [&](const std::string& group) {
        auto wanted = request(group, 10);
        wanted.group_instance_id = std::nullopt;
        return ask<protocol::JoinGroupResponse>(&Coordinator::join, wanted, client).error_code;
    };
    int told = 0;
    while (told < 1'000 && ask_for_id("group-" + std::to_string(told % 3)) == ErrorCode::member_id_required) {
        ++told;
    }
    EXPECT_LT(told, 300);
    EXPECT_GT(told, 200);
    std::int64_t moved = 0;
    for (int i = 0; i < 20; ++i) {
        (void)bench_.advance(1'000, moved);  // nobody comes back
    }
    EXPECT_LT(bench_.member_memory().bytes(), kMiB);
    EXPECT_EQ(join(request("d", 2 * kMiB)), ErrorCode::none);
}

TEST_F(MemberMemoryLimit, CountsWhatARestartBringsBack) {
    auto joined = join_and_wait(request("a", kMiB));
    EXPECT_EQ(sync("a", joined, kMiB), ErrorCode::none);
    auto before = bench_.member_memory().bytes();
    EXPECT_GT(before, 2 * kMiB);
    bench_.restart();
    EXPECT_EQ(bench_.member_memory().bytes(), before);
}

TEST_F(ClassicLimits, MembersThatNeverComeBackGiveWayToNewOnes) {
    auto first = join(request()).member_id;
    std::string last;
    for (std::size_t i = 0; i < kClassicPendingMax; ++i) {
        last = join(request()).member_id;
    }
    auto back = request();
    back.member_id = first;
    EXPECT_EQ(join(back).error_code, ErrorCode::unknown_member_id);
    back.member_id = last;
    EXPECT_EQ(join(back).error_code, ErrorCode::none);
}

}  // namespace
}  // namespace tideline::group::testing
