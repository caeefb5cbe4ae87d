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
