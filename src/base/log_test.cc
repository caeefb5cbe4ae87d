#include "base/log.h"

#include <gtest/gtest.h>

namespace tideline::base {
namespace {

class LogTest : public testing::Test {
protected:
    LogTest() {
        set_log_sink([this](LogLevel, std::string_view line) { line_ = line; });
        set_log_clock([] { return std::int64_t{1769854830123}; });
    }
    ~LogTest() override {
        set_log_sink({});
        set_log_clock({});
        set_log_format(LogFormat::text);
    }
    std::string line_;
};

TEST_F(LogTest, TextQuotesAndEscapesWhatAClientSent) {
    TL_LOG_WARN("request_refused", {"client_id", "a\nb \"c\""}, {"bytes", 7});
    EXPECT_EQ(line_, "2026-01-31 10:20:30.123 WARN  request_refused client_id=\"a\\u000ab \\\"c\\\"\" bytes=7\n");
}

TEST_F(LogTest, JsonKeepsNumbersAsNumbers) {
    set_log_format(LogFormat::json);
    TL_LOG_INFO("started", {"port", 9092}, {"dir", "/tmp/x"});
    EXPECT_EQ(line_, "{\"ts\":\"2026-01-31T10:20:30.123Z\",\"level\":\"info\",\"event\":\"started\",\"port\":9092,"
                     "\"dir\":\"/tmp/x\"}\n");
}

}  // namespace
}  // namespace tideline::base
