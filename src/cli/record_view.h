// cli/record_view.h: a consumed record as views, apart from the library it came from.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tideline::cli {

// What became of the record's transaction. A record that is in none is committed as soon as it is there.
enum class RecordOutcome { unasked, committed, aborted, open };

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
    // Known with --show-aborted only.
    RecordOutcome outcome = RecordOutcome::unasked;
    std::optional<std::int64_t> producer_id;  // of a record in a transaction
};

std::string_view name_of(RecordOutcome outcome);  // "committed"; empty when nobody asked

}  // namespace tideline::cli
