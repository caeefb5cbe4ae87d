#include "cli/kafka_client.h"

#include "base/error_code.h"

namespace tideline::cli {

std::string kafka_name(rd_kafka_resp_err_t error) {
    if (error > 0) {
        return std::string(name_of(static_cast<ErrorCode>(error)));
    }
    switch (error) {
        // What librdkafka finds out from metadata, said as the broker would say it.
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: return "UNKNOWN_TOPIC_OR_PARTITION";
        case RD_KAFKA_RESP_ERR_UNKNOWN: return "UNKNOWN_SERVER_ERROR";
        // What librdkafka makes of PRODUCER_FENCED and, in a transaction, of INVALID_PRODUCER_EPOCH.
        case RD_KAFKA_RESP_ERR__FENCED: return "PRODUCER_FENCED";
        default: return rd_kafka_err2name(error);
    }
}

ExitCode exit_code_of(rd_kafka_resp_err_t error) {
    switch (error) {
        case RD_KAFKA_RESP_ERR_NO_ERROR: return ExitCode::ok;
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        case RD_KAFKA_RESP_ERR__RESOLVE:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
        case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        case RD_KAFKA_RESP_ERR__WAIT_COORD:
        case RD_KAFKA_RESP_ERR__SSL:
        case RD_KAFKA_RESP_ERR__AUTHENTICATION: return ExitCode::unreachable;
        case RD_KAFKA_RESP_ERR__INVALID_ARG:
        case RD_KAFKA_RESP_ERR__CONFLICT: return ExitCode::usage;
        default: return ExitCode::refused;
    }
}

std::string readable_trouble(std::string_view reason) {
    // librdkafka puts the connection's name before and timings after what a person wants to know.
    if (std::size_t after = reason.find(" (after "); after != reason.npos) {
        reason = reason.substr(0, after);
    }
    if (std::size_t failed = reason.rfind(" failed: "); failed != reason.npos) {
        reason.remove_prefix(failed + 9);
    } else if (std::size_t colon = reason.find(": "); colon != reason.npos && reason.find('/') < colon) {
        reason.remove_prefix(colon + 2);
    }
    return std::string(reason);
}

rd_kafka_resp_err_t refusal_in_log(std::string_view line) {
    // "…: MessageSet with 1 message(s) (MsgId 1, BaseSeq 0) encountered error: Broker: Not leader (actions Retry)"
    constexpr std::string_view kBefore = " encountered error: ";
    std::size_t begin = line.find(kBefore);
    std::size_t end = line.rfind(" (actions ");
    if (begin == line.npos || end == line.npos || end < begin + kBefore.size()) {
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    begin += kBefore.size();
    std::string_view text = line.substr(begin, end - begin);
    const rd_kafka_err_desc* all = nullptr;
    std::size_t count = 0;
    rd_kafka_get_err_descs(&all, &count);
    for (std::size_t i = 0; i < count; ++i) {
        if (all[i].code > 0 && all[i].desc != nullptr && text == all[i].desc) {
            return all[i].code;
        }
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::string hint_for(rd_kafka_resp_err_t error) {
    switch (error) {
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC: return "See which topics there are: tideline topic list";
        case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
            return "Add --if-not-exists to be content with it, or change it: tideline topic alter";
        case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
            return "There cannot be more copies than brokers: tideline cluster info";
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
            return "The limits are max.message.bytes of the topic and message.max.bytes of the client (-X message.max.bytes=N)";
        case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
            return "Topic names are 1 to 249 letters, digits, dots, underscores and hyphens";
        case RD_KAFKA_RESP_ERR__FENCED:
        case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
        case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
            return "Another producer took over the transactional id, or the transaction was open for longer than its timeout\n"
                   "(-X transaction.timeout.ms=N)";
        case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
            return "transaction.timeout.ms is above transaction.max.timeout.ms of the broker";
        case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND: return "See which groups there are: tideline group list";
        case RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP: return "Stop its members first; who they are: tideline group members GROUP";
        default: return "";
    }
}

}  // namespace tideline::cli
