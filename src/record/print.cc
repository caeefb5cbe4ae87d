#include "record/print.h"

#include <fmt/format.h>

#include <iterator>

#include "record/control.h"

namespace tideline::record {

namespace {

struct CodePoint {
    std::uint32_t value = 0;
    std::size_t bytes = 0;  // 0: not UTF-8 here
};

// The code point at the start of `text`, in its shortest form and no surrogate.
CodePoint decode_utf8(ByteView text) {
    std::uint8_t lead = text[0];
    if (lead < 0x80) {
        return {lead, 1};
    }
    std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) {
        return {};
    }
    std::uint32_t value = lead & (0xffu >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((text[i] & 0xc0) != 0x80) {
            return {};
        }
        value = value << 6 | (text[i] & 0x3fu);
    }
    constexpr std::uint32_t kLeastOf[] = {0, 0, 0x80, 0x800, 0x10000};
    bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < kLeastOf[bytes] || value > 0x10ffff || is_surrogate) {
        return {};
    }
    return {value, bytes};
}

// Control characters move the cursor, and the bidirectional ones reorder what stands around them.
bool is_safe(std::uint32_t value) {
    bool is_control = value < 0x20 || (value >= 0x7f && value < 0xa0);
    bool is_bidirectional = (value >= 0x200e && value <= 0x200f) || (value >= 0x202a && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069);
    return !is_control && !is_bidirectional;
}

bool is_utf8(ByteView bytes) {
    while (!bytes.empty()) {
        CodePoint point = decode_utf8(bytes);
        if (point.bytes == 0) {
            return false;
        }
        bytes = bytes.subspan(point.bytes);
    }
    return true;
}

std::string base64(ByteView bytes) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::size_t have = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            group = group << 8 | (i < have ? bytes[at + i] : 0u);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            out += i <= have ? kAlphabet[(group >> (18 - 6 * i)) & 0x3f] : '=';
        }
    }
    return out;
}

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string json_bytes(const std::optional<ByteView>& bytes) {
    if (!bytes) {
        return "null";
    }
    return is_utf8(*bytes) ? json_string(base::as_text(*bytes)) : fmt::format(R"({{"base64":"{}"}})", base64(*bytes));
}

std::string text_field(const std::optional<ByteView>& bytes, const PrintOptions& options) {
    if (!bytes) {
        return "null";
    }
    if (bytes->size() <= options.field_bytes_max) {
        return fmt::format("\"{}\"", printable(*bytes));
    }
    return fmt::format("\"{}\"...({} more bytes)", printable(bytes->first(options.field_bytes_max)), bytes->size() - options.field_bytes_max);
}

std::string_view timestamp_type_name(TimestampType type) { return type == TimestampType::create_time ? "CreateTime" : "LogAppendTime"; }

std::string codec_name(const BatchHeader& header) {
    auto codec = header.compression();
    return codec ? std::string(name_of(*codec)) : fmt::format("unknown-{}", header.attributes & kCompressionMask);
}

std::string list_text(const std::vector<std::int32_t>& ids) { return fmt::format("[{}]", fmt::join(ids, ",")); }

// The facts of a control record as (name, JSON value) pairs; both forms print them.
std::vector<std::pair<std::string_view, std::string>> control_facts(ControlType type, const Record& record) {
    ByteView value = record.value.value_or(ByteView());
    switch (type) {
        case ControlType::abort:
        case ControlType::commit:
            if (auto marker = parse_end_txn_marker(*record.key, value)) {
                return {{"coordinator_epoch", std::to_string(marker->coordinator_epoch)}};
            }
            break;
        case ControlType::leader_change:
            if (auto change = parse_leader_change(value)) {
                return {{"leader", std::to_string(change->leader_id)},
                        {"voters", list_text(change->voters)},
                        {"granting_voters", list_text(change->granting_voters)}};
            }
            break;
        case ControlType::snapshot_header:
            if (auto timestamp = parse_snapshot_header(value)) {
                return {{"last_contained_log_timestamp", std::to_string(*timestamp)}};
            }
            break;
        case ControlType::kraft_version:
            if (auto version = parse_kraft_version(value)) {
                return {{"kraft_version", std::to_string(*version)}};
            }
            break;
        case ControlType::snapshot_footer:
        case ControlType::kraft_voters:
        case ControlType::unknown: break;
    }
    return {};
}

std::optional<ControlType> control_type_of(const BatchHeader& header, const Record& record) {
    if (!header.is_control() || !record.key) {
        return std::nullopt;
    }
    auto type = parse_control_key(*record.key);
    return type ? std::optional(*type) : std::nullopt;
}

}  // namespace

std::string printable(ByteView bytes) {
    std::string out;
    while (!bytes.empty()) {
        CodePoint point = decode_utf8(bytes);
        std::size_t taken = std::max<std::size_t>(point.bytes, 1);
        ByteView here = bytes.first(taken);
        if (point.bytes == 1 && (here[0] == '"' || here[0] == '\\')) {
            out += '\\';
            out += static_cast<char>(here[0]);
        } else if (here[0] == '\n') {
            out += "\\n";
        } else if (here[0] == '\t') {
            out += "\\t";
        } else if (point.bytes != 0 && is_safe(point.value)) {
            out += base::as_text(here);
        } else {
            for (std::uint8_t byte : here) {
                fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
            }
        }
        bytes = bytes.subspan(taken);
    }
    return out;
}

std::string batch_text(const BatchHeader& header) {
    std::string out = fmt::format("batch offsets={}..{} records={} bytes={} leader_epoch={} codec={} timestamp_type={} max_timestamp={}", header.base_offset,
                                  header.last_offset(), header.record_count, header.size_in_bytes(), header.leader_epoch, codec_name(header),
                                  timestamp_type_name(header.timestamp_type()), header.max_timestamp);
    if (header.has_producer_id()) {
        out += fmt::format(" producer_id={} producer_epoch={} sequences={}..{}", header.producer_id, header.producer_epoch, header.base_sequence,
                           header.last_sequence());
    }
    if (auto horizon = header.delete_horizon_ms()) {
        out += fmt::format(" delete_horizon_ms={}", *horizon);
    }
    if (header.is_transactional()) {
        out += " transactional";
    }
    if (header.is_control()) {
        out += " control";
    }
    return out + fmt::format(" crc={:#010x}", header.crc);
}

std::string batch_json(const BatchHeader& header) {
    auto horizon = header.delete_horizon_ms();
    return fmt::format(
        R"({{"base_offset":{},"last_offset":{},"records":{},"bytes":{},"leader_epoch":{},"codec":"{}","timestamp_type":"{}",)"
        R"("base_timestamp":{},"max_timestamp":{},"producer_id":{},"producer_epoch":{},"base_sequence":{},"last_sequence":{},)"
        R"("transactional":{},"control":{},"delete_horizon_ms":{},"crc":{}}})",
        header.base_offset, header.last_offset(), header.record_count, header.size_in_bytes(), header.leader_epoch, codec_name(header),
        timestamp_type_name(header.timestamp_type()), header.base_timestamp, header.max_timestamp, header.producer_id, header.producer_epoch,
        header.base_sequence, header.last_sequence(), header.is_transactional(), header.is_control(), horizon ? std::to_string(*horizon) : "null",
        header.crc);
}

std::string record_text(const BatchHeader& header, const Record& record, const PrintOptions& options) {
    std::string out = fmt::format("offset={} timestamp={}", record.offset, record.timestamp);
    if (auto type = control_type_of(header, record)) {
        out += fmt::format(" control={}", name_of(*type));
        for (const auto& [name, value] : control_facts(*type, record)) {
            out += fmt::format(" {}={}", name, value);
        }
        return out;
    }
    out += fmt::format(" key={} value={}", text_field(record.key, options), text_field(record.value, options));
    if (!record.headers.empty()) {
        out += " headers={";
        for (std::size_t i = 0; i < record.headers.size(); ++i) {
            out += fmt::format("{}{}={}", i == 0 ? "" : " ", printable(record.headers[i].key), text_field(record.headers[i].value, options));
        }
        out += '}';
    }
    return out;
}

std::string record_json(const BatchHeader& header, const Record& record) {
    std::string out = fmt::format(R"({{"offset":{},"timestamp":{})", record.offset, record.timestamp);
    if (auto type = control_type_of(header, record)) {
        out += fmt::format(R"(,"control":"{}")", name_of(*type));
        for (const auto& [name, value] : control_facts(*type, record)) {
            out += fmt::format(R"(,"{}":{})", name, value);
        }
        return out + '}';
    }
    out += fmt::format(R"(,"key":{},"value":{},"headers":[)", json_bytes(record.key), json_bytes(record.value));
    for (std::size_t i = 0; i < record.headers.size(); ++i) {
        // A list of pairs: the same key may stand twice, and the order counts.
        out += fmt::format(R"({}{{"key":{},"value":{}}})", i == 0 ? "" : ",", json_bytes(record.headers[i].key), json_bytes(record.headers[i].value));
    }
    return out + "]}";
}

}  // namespace tideline::record
