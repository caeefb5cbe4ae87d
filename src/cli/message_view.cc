#include "cli/message_view.h"

namespace tideline::cli {
namespace {

TimestampKind kind_of(rd_kafka_timestamp_type_t type) {
    switch (type) {
        case RD_KAFKA_TIMESTAMP_CREATE_TIME: return TimestampKind::create_time;
        case RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME: return TimestampKind::log_append_time;
        default: return TimestampKind::none;
    }
}

std::optional<std::string_view> bytes_or_null(const void* data, std::size_t size) {
    if (data == nullptr) {
        return std::nullopt;
    }
    return std::string_view(static_cast<const char*>(data), size);
}

}  // namespace

void look_at(const rd_kafka_message_t& message, RecordView& view) {
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    view.timestamp_ms = rd_kafka_message_timestamp(&message, &type);
    view.timestamp_kind = kind_of(type);
    view.topic = rd_kafka_topic_name(message.rkt);
    view.partition = message.partition;
    view.offset = message.offset;
    view.key = bytes_or_null(message.key, message.key_len);
    view.value = bytes_or_null(message.payload, message.len);
    view.headers.clear();
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return;
    }
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
        view.headers.push_back({name, bytes_or_null(value, size)});
    }
}

}  // namespace tideline::cli
