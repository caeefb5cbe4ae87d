#include <gtest/gtest.h>

#include "cli/kafka_client.h"
#include "cli/test_console.h"

namespace tideline::cli {
namespace {

TEST(KafkaErrors, AreNamedAsKafkaNamesThem) {
    EXPECT_EQ(kafka_name(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), "UNKNOWN_TOPIC_OR_PARTITION");
    EXPECT_EQ(kafka_name(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC), "UNKNOWN_TOPIC_OR_PARTITION");
    EXPECT_EQ(kafka_name(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), "MESSAGE_TOO_LARGE");
    EXPECT_EQ(kafka_name(RD_KAFKA_RESP_ERR_UNKNOWN), "UNKNOWN_SERVER_ERROR");
}

TEST(KafkaErrors, SilenceAndRefusalAreDifferentExitCodes) {
    EXPECT_EQ(exit_code_of(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS), ExitCode::refused);
    EXPECT_EQ(exit_code_of(RD_KAFKA_RESP_ERR__TIMED_OUT), ExitCode::unreachable);
    EXPECT_EQ(exit_code_of(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT), ExitCode::unreachable);
    EXPECT_EQ(exit_code_of(RD_KAFKA_RESP_ERR_NO_ERROR), ExitCode::ok);
}

TEST(KafkaErrors, AConnectionsTroubleIsCutToWhatAPersonWantsToKnow) {
    EXPECT_EQ(readable_trouble("127.0.0.1:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused "
                               "(after 0ms in state CONNECT)"),
              "Connection refused");
    EXPECT_EQ(readable_trouble("h:1/bootstrap: Failed to resolve 'h:1': Name or service not known (after 5ms in state CONNECT)"),
              "Failed to resolve 'h:1': Name or service not known");
    EXPECT_EQ(readable_trouble("something else"), "something else");
}

TEST(Report, IsALineAndAnIndentedHintForPeople) {
    TestConsole test;
    Failure failure{ExitCode::refused, "cannot create topic 't': it exists", "one\ntwo", "TOPIC_ALREADY_EXISTS"};
    EXPECT_EQ(report(test.console(), failure, false), ExitCode::refused);
    EXPECT_EQ(test.err(), "tideline: TOPIC_ALREADY_EXISTS: cannot create topic 't': it exists\n  one\n  two\n");
    EXPECT_EQ(test.out(), "");
}

TEST(Report, IsOneObjectForMachines) {
    TestConsole test;
    report(test.console(), {ExitCode::unreachable, "cannot reach h:1"}, true);
    EXPECT_EQ(test.err(), R"({"error":null,"message":"cannot reach h:1","hint":"","exit_code":3})" "\n");
}

TEST(Report, NobodyThereIsSaidWithTheAddressWithinTheTimeout) {
    TestConsole test;
    ClientOptions options;
    options.bootstrap = "127.0.0.1:1";  // nothing listens on the port of tcpmux
    options.timeout_seconds = 5;
    auto client = KafkaClient::open(options, KafkaClient::Role::consumer);
    ASSERT_TRUE(client);
    auto metadata = (*client)->metadata();
    ASSERT_FALSE(metadata);
    EXPECT_EQ(metadata.error().exit, ExitCode::unreachable);
    EXPECT_EQ(metadata.error().message, "cannot reach 127.0.0.1:1: Connection refused");
}

TEST(Report, ARefusalThatIsTriedAgainIsFoundInTheLog) {
    EXPECT_EQ(refusal_in_log(std::string("[thrd:h:1/1]: h:1/1: t [0]: MessageSet with 1 message(s) (MsgId 1, BaseSeq 0)"
                                         " encountered error: ") +
                             rd_kafka_err2str(RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR) +
                             " (actions Refresh,MsgNotPersisted) "),
              RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR);
    EXPECT_EQ(refusal_in_log("h:1/1: t [0]: MessageSet with 1 message(s) delivered"), RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST(KafkaClient, RefusesPropertiesThatLibrdkafkaDoesNotKnow) {
    ClientOptions options;
    options.properties = {{"no.such.thing", "1"}};
    auto client = KafkaClient::open(options, KafkaClient::Role::consumer);
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().exit, ExitCode::usage);
}

}  // namespace
}  // namespace tideline::cli
