// cli/record_view.h: a consumed record as views, apart from the library it came from.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tideline::cli {

enum class TimestampKind { none, create_time, log_append_time };

struct HeaderView {
    std::string_view name;
    std::optional<std::string_view> value;
};

struct RecordView {
    std::string_view topic;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    TimestampKind timestamp_kind = TimestampKind::none;
    std::int64_t timestamp_ms = -1;
    std::optional<std::string_view> key;
    std::optional<std::string_view> value;
    std::vector<HeaderView> headers;
};

}  // namespace tideline::cli
