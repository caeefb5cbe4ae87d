#include "cli/text_codec.h"

#include <gtest/gtest.h>

namespace tideline::cli {
namespace {

using namespace std::string_literals;

TEST(Unescape, KnowsTheEscapesOfTheHelpAndNoOthers) {
    EXPECT_EQ(unescape(R"(a\n\t\r\0\\\x41)"), "a\n\t\r\0\\A"s);
    for (const char* wrong : {R"(\q)", R"(\)", R"(\x4)", R"(\xg1)", R"(\x)"}) {
        EXPECT_FALSE(unescape(wrong)) << wrong;
    }
}

TEST(IsUtf8, TakesWhatRfc3629Allows) {
    for (const char* good : {"", "a", "größe", "€", "𝄞", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_TRUE(is_utf8(good)) << good;
    }
}

TEST(IsUtf8, RefusesOverlongCutSurrogateAndTooLarge) {
    for (const char* bad : {"\x80", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "a\xc3"}) {
        EXPECT_FALSE(is_utf8(bad));
    }
}

TEST(ToBase64, PadsAsRfc4648) {
    EXPECT_EQ(to_base64(""), "");
    EXPECT_EQ(to_base64("f"), "Zg==");
    EXPECT_EQ(to_base64("fo"), "Zm8=");
    EXPECT_EQ(to_base64("foo"), "Zm9v");
    EXPECT_EQ(to_base64("\xff\xfe\xfd"), "//79");
}

}  // namespace
}  // namespace tideline::cli
