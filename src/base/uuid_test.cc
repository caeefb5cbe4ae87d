#include "base/uuid.h"

#include <gtest/gtest.h>

namespace tideline::base {
namespace {

TEST(Uuid, TextIsKafkasUrlSafeBase64) {
    EXPECT_EQ(to_string(Uuid{}), "AAAAAAAAAAAAAAAAAAAAAA");
    EXPECT_EQ(to_string(kMetadataTopicId), "AAAAAAAAAAAAAAAAAAAAAQ");
}

TEST(Uuid, TextComesBack) {
    Uuid id{0x0123456789abcdefull, 0xfedcba9876543210ull};
    EXPECT_EQ(parse_uuid(to_string(id)), id);
    EXPECT_EQ(parse_uuid("too short"), std::nullopt);
    EXPECT_EQ(parse_uuid("AAAAAAAAAAAAAAAAAAAA+A"), std::nullopt);
}

TEST(Uuid, AMadeIdNeverLooksLikeAnOption) {
    std::uint64_t state = 0xf800000000000000ull;
    for (int i = 0; i < 1000; ++i) {
        Uuid id = make_uuid([&] { return state = state * 6364136223846793005ull + 1442695040888963407ull; });
        EXPECT_NE(to_string(id).front(), '-');
        EXPECT_EQ(id.high >> 12 & 0xf, 4u);
    }
}

}  // namespace
}  // namespace tideline::base
