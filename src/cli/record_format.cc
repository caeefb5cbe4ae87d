#include "cli/record_format.h"

#include <fmt/format.h>

#include "base/result.h"
#include "cli/instant.h"
#include "cli/json.h"
#include "cli/text_codec.h"

namespace tideline::cli {
namespace {

constexpr std::string_view kLetters = "tpoksTDhKSx";

std::int64_t size_of(const std::optional<std::string_view>& bytes) {
    return bytes ? static_cast<std::int64_t>(bytes->size()) : -1;
}

void append_headers(std::string& out, const std::vector<HeaderView>& headers) {
    bool first = true;
    for (const HeaderView& header : headers) {
        out += first ? "" : ",";
        first = false;
        out += header.name;
        out += '=';
        out += header.value.value_or("");
    }
}

// Puts `bytes` under `name`, and says so when it had to be encoded.
void put_bytes(Json& object, const char* name, const char* encoding_name, const std::optional<std::string_view>& bytes) {
    if (!bytes) {
        object[name] = nullptr;
    } else if (is_utf8(*bytes)) {
        object[name] = *bytes;
    } else {
        object[name] = to_base64(*bytes);
        object[encoding_name] = "base64";
    }
}

const char* name_of(TimestampKind kind) {
    switch (kind) {
        case TimestampKind::none: return "none";
        case TimestampKind::create_time: return "CreateTime";
        case TimestampKind::log_append_time: return "LogAppendTime";
    }
    return "none";
}

}  // namespace

std::string_view name_of(RecordOutcome outcome) {
    switch (outcome) {
        case RecordOutcome::unasked: return "";
        case RecordOutcome::committed: return "committed";
        case RecordOutcome::aborted: return "aborted";
        case RecordOutcome::open: return "open";
    }
    return "";
}

Outcome<RecordFormat> RecordFormat::parse(std::string_view format, std::string null_marker) {
    RecordFormat parsed;
    parsed.null_marker_ = std::move(null_marker);
    std::string literal;
    auto end_literal = [&]() -> Outcome<> {
        TL_TRY(text, unescape(literal));
        literal.clear();
        if (!text.empty()) {
            parsed.pieces_.push_back({0, text});
        }
        return {};
    };
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%') {
            literal += format[i];
            continue;
        }
        char letter = ++i < format.size() ? format[i] : '\0';
        if (letter == '%') {
            literal += '%';
        } else if (letter != '\0' && kLetters.find(letter) != kLetters.npos) {
            TL_TRY_VOID(end_literal());
            parsed.pieces_.push_back({letter});
        } else {
            return usage_failure(fmt::format("--format: '{}' is unknown", format.substr(i - 1, 2)),
                                 "Known are %t %p %o %k %s %h %T %D %K %S %x and %%");
        }
    }
    TL_TRY_VOID(end_literal());
    return parsed;
}

void RecordFormat::append(std::string& out, const RecordView& record) const {
    for (const Piece& piece : pieces_) {
        append_piece(out, piece, record);
    }
}

void RecordFormat::append_piece(std::string& out, const Piece& piece, const RecordView& record) const {
    switch (piece.letter) {
        case 't': out += record.topic; break;
        case 'p': out += std::to_string(record.partition); break;
        case 'o': out += std::to_string(record.offset); break;
        case 'k': out += record.key.value_or(null_marker_); break;
        case 's': out += record.value.value_or(null_marker_); break;
        case 'T': out += std::to_string(record.timestamp_ms); break;
        case 'D': out += record.timestamp_ms < 0 ? "" : format_iso8601(record.timestamp_ms); break;
        case 'h': append_headers(out, record.headers); break;
        case 'K': out += std::to_string(size_of(record.key)); break;
        case 'S': out += std::to_string(size_of(record.value)); break;
        case 'x': out += name_of(record.outcome); break;
        default: out += piece.literal; break;
    }
}

void append_json(std::string& out, const RecordView& record) {
    Json object;
    object["topic"] = record.topic;
    object["partition"] = record.partition;
    object["offset"] = record.offset;
    object["timestamp"] = record.timestamp_ms;
    object["timestamp_type"] = name_of(record.timestamp_kind);
    put_bytes(object, "key", "key_encoding", record.key);
    put_bytes(object, "value", "value_encoding", record.value);
    Json headers = Json::array();
    for (const HeaderView& header : record.headers) {
        Json one{{"key", std::string(header.name)}};
        put_bytes(one, "value", "encoding", header.value);
        headers.push_back(std::move(one));
    }
    object["headers"] = std::move(headers);
    if (record.outcome != RecordOutcome::unasked) {
        object["outcome"] = name_of(record.outcome);
        object["producer_id"] = record.producer_id ? Json(*record.producer_id) : Json();
    }
    out += to_line(object);
}

}  // namespace tideline::cli
