#include <fmt/format.h>

#include "protocol/message_schema.h"
#include "protocol/reader.h"

namespace tideline::protocol {
namespace {

// The length of the well-formed UTF-8 character that `text` begins with; 0 when it begins with none.
std::size_t character_at(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length > text.size()) {
        return 0;
    }
    std::uint32_t point = length == 1 ? lead : lead & (0x7fu >> length);
    for (char c : text.substr(1, length > 0 ? length - 1 : 0)) {
        if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
            return 0;
        }
        point = point << 6 | (static_cast<unsigned char>(c) & 0x3f);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && (point < 0x10000 || point > 0x10ffff));
    const bool surrogate = point >= 0xd800 && point < 0xe000;
    return overlong || surrogate ? 0 : length;
}

// Escapes quotes and control characters, and replaces bytes that are not UTF-8: clients may have sent anything.
void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text[0]);
        const std::size_t length = character_at(text);
        if (length == 0) {
            out += "\\ufffd";
        } else if (byte < 0x20 || byte == 0x7f) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
        } else {
            out += byte == '"' || byte == '\\' ? "\\" : "";
            out += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    out += '"';
}

// Walks encoded bytes along a schema. It shares no code with the generated codecs, so it also checks them.
class Printer {
public:
    Printer(const MessageSchema& schema, std::int16_t version, base::ByteView encoded, std::span<const Splice> splices)
        : schema_(schema), version_(version), total_(encoded.size()), in_(encoded), splices_(splices) {}

    std::string print() {
        structure(schema_.fields);
        if (!in_.ok()) {
            out_ += R"( "error": )";
            append_quoted(out_, base::to_string(in_.error()));
        }
        return std::move(out_);
    }

private:
    void structure(std::span<const FieldSchema> fields) {
        const bool flexible = schema_.is_flexible(version_);
        out_ += '{';
        bool first = true;
        for (const FieldSchema& field : fields) {
            if (field.tag < 0 && field.versions.contains(version_) && in_.ok()) {
                named(field, flexible && !field.is_plain, first);
            }
        }
        for (auto left = flexible ? in_.read_tag_count() : 0; left > 0 && in_.ok(); --left) {
            const Reader::Tag tag = in_.read_tag();
            auto known = std::ranges::find(fields, static_cast<std::int32_t>(tag.number), &FieldSchema::tag);
            if (known != fields.end() && in_.ok()) {
                named(*known, true, first, true);
            } else {
                in_.skip_tag(tag);
            }
            in_.end_tag(tag);
        }
        out_ += '}';
    }

    void named(const FieldSchema& field, bool flexible, bool& first, bool is_tagged = false) {
        if (!first) {
            out_ += ',';
        }
        first = false;
        append_quoted(out_, field.name);
        out_ += ':';
        if (field.is_array) {
            array(field, flexible);
        } else if (field.type == FieldType::structure && field.nullable.contains(version_) &&
                   !(is_tagged ? in_.read_unsigned_varint() > 0 : in_.read_present())) {
            out_ += "null";
        } else {
            value(field, flexible, field.nullable.contains(version_));
        }
    }

    void array(const FieldSchema& field, bool flexible) {
        auto count = in_.read_nullable_count(flexible, 1, 0);
        if (!count) {
            out_ += "null";
            return;
        }
        out_ += '[';
        for (std::size_t i = 0; i < *count && in_.ok(); ++i) {
            out_ += i == 0 ? "" : ",";
            value(field, flexible, false);
        }
        out_ += ']';
    }

    void value(const FieldSchema& field, bool flexible, bool nullable) {
        auto put = std::back_inserter(out_);
        switch (field.type) {
            case FieldType::boolean: fmt::format_to(put, "{}", in_.read_bool()); break;
            case FieldType::int8: fmt::format_to(put, "{}", int{in_.read_int8()}); break;
            case FieldType::int16:
            case FieldType::error_code: fmt::format_to(put, "{}", in_.read_int16()); break;
            case FieldType::uint16: fmt::format_to(put, "{}", in_.read_uint16()); break;
            case FieldType::int32: fmt::format_to(put, "{}", in_.read_int32()); break;
            case FieldType::uint32: fmt::format_to(put, "{}", in_.read_uint32()); break;
            case FieldType::int64: fmt::format_to(put, "{}", in_.read_int64()); break;
            case FieldType::float64: fmt::format_to(put, "{}", in_.read_float64()); break;
            case FieldType::uuid: append_quoted(out_, base::to_string(in_.read_uuid())); break;
            case FieldType::structure: structure(field.fields); break;
            case FieldType::records: records(flexible); break;
            case FieldType::string:
                if (auto text = in_.read_nullable_string(flexible, nullable)) {
                    append_quoted(out_, *text);
                } else {
                    out_ += "null";
                }
                break;
            case FieldType::bytes:
                if (auto bytes = in_.read_nullable_bytes(flexible, nullable)) {
                    append_quoted(out_, fmt::format("{:02x}", fmt::join(*bytes, "")));
                } else {
                    out_ += "null";
                }
                break;
        }
    }

    void records(bool flexible) {
        const std::int64_t size = flexible ? std::int64_t{in_.read_unsigned_varint()} - 1 : in_.read_int32();
        if (size < 0) {
            out_ += "null";
            return;
        }
        fmt::format_to(std::back_inserter(out_), R"({{"sizeInBytes":{}}})", size);
        if (!splices_.empty() && splices_.front().position == total_ - in_.remaining()) {
            splices_ = splices_.subspan(1);
        } else {
            in_.skip_bytes(static_cast<std::size_t>(size));
        }
    }

    const MessageSchema& schema_;
    std::int16_t version_;
    std::size_t total_;
    Reader in_;
    std::span<const Splice> splices_;
    std::string out_;
};

}  // namespace

std::string message_to_json(const MessageSchema& schema, std::int16_t version, base::ByteView encoded,
                            std::span<const Splice> splices) {
    return Printer(schema, version, encoded, splices).print();
}

}  // namespace tideline::protocol
