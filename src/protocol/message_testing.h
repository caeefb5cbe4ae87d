// protocol/message_testing.h: for tests: bytes of any message in any version, made from its schema alone.
//
// It writes the wire format a second time, by interpretation and with no code of the generated codecs, so the two check
// each other. The bytes are canonical: what a codec decodes and encodes again must be the same bytes.
#pragma once

#include <cstdlib>
#include <random>

#include "protocol/message_schema.h"

namespace tideline::protocol {

enum class Values { zero, null, lowest, highest, any };

class MessageMaker {
public:
    MessageMaker(const MessageSchema& schema, std::int16_t version, Values values, std::uint64_t seed,
                 bool with_unknown_tags = false)
        : schema_(schema), version_(version), values_(values), random_(seed), unknown_tags_(with_unknown_tags) {}

    base::Bytes make() { return structure(schema_.fields, 0).take(); }

private:
    using Out = base::ByteWriter;

    std::uint64_t below(std::uint64_t end) { return random_() % end; }

    Out structure(std::span<const FieldSchema> fields, int depth) {
        const bool flexible = schema_.is_flexible(version_);
        Out out;
        for (const FieldSchema& field : fields) {
            if (field.tag < 0 && field.versions.contains(version_)) {
                append(out, value(field, flexible && !field.is_plain, depth));
            }
        }
        if (flexible) {
            append(out, tags(fields, depth));
        }
        return out;
    }

    Out tags(std::span<const FieldSchema> fields, int depth) {
        std::map<std::uint32_t, base::Bytes> present;
        for (const FieldSchema& field : fields) {
            if (field.tag >= 0 && field.versions.contains(version_)) {
                base::Bytes made = value(field, true, depth).take();
                if (made != default_of(field).take()) {
                    present[static_cast<std::uint32_t>(field.tag)] = made;
                }
            }
        }
        if (unknown_tags_) {
            present[9999] = {};
            present[0x7ffffffe] = {1, 2, 3};  // the highest that Kafka's classes write again
        }
        Out out;
        out.write_unsigned_varint(static_cast<std::uint32_t>(present.size()));
        for (const auto& [tag, bytes] : present) {
            out.write_unsigned_varint(tag);
            out.write_unsigned_varint(static_cast<std::uint32_t>(bytes.size()));
            out.write_bytes(bytes);
        }
        return out;
    }

    Out value(const FieldSchema& field, bool flexible, int depth) {
        Out out;
        const bool nullable = field.nullable.contains(version_);
        const bool null = nullable && (values_ == Values::null || (values_ == Values::any && below(4) == 0));
        if (null) {
            append(out, null_of(field, flexible));
        } else if (field.is_array) {
            const std::uint64_t counts[] = {0, 0, 1, 2, depth > 1 ? 1 : below(4)};
            const std::uint64_t count = counts[static_cast<int>(values_)];
            length(out, count, flexible, 4);
            for (std::uint64_t i = 0; i < count; ++i) {
                append(out, single(field, flexible, depth));
            }
        } else {
            if (field.type == FieldType::structure && nullable) {
                out.write_int8(1);
            }
            append(out, single(field, flexible, depth));
        }
        return out;
    }

    Out single(const FieldSchema& field, bool flexible, int depth) {
        if (field.type == FieldType::structure) {
            return structure(field.fields, depth + 1);
        }
        Out out;
        if (is_sized(field.type)) {
            const std::uint64_t sizes[] = {0, 0, 1, 200, below(20)};
            base::Bytes bytes(sizes[static_cast<int>(values_)]);
            std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>('a' + below(26)); });
            length(out, bytes.size(), flexible, field.type == FieldType::string ? 2 : 4);
            out.write_bytes(bytes);
        } else {
            number(out, field.type, number_value(field.type));
        }
        return out;
    }

    static bool is_sized(FieldType type) {
        return type == FieldType::string || type == FieldType::bytes || type == FieldType::records;
    }

    std::int64_t number_value(FieldType type) {
        using Limits = std::numeric_limits<std::int64_t>;
        switch (values_) {
            case Values::zero:
            case Values::null:
                return 0;
            case Values::lowest:
                return type == FieldType::boolean ? 0 : type == FieldType::float64 ? -1 : lowest(type);
            case Values::highest:
                return type == FieldType::boolean ? 1 : type == FieldType::float64 ? 1 : Limits::max() >> shift(type);
            case Values::any:
                break;
        }
        return type == FieldType::boolean ? static_cast<std::int64_t>(below(2)) : static_cast<std::int64_t>(random_());
    }
    static int shift(FieldType type) {
        switch (type) {
            case FieldType::int8: return 56;
            case FieldType::int16:
            case FieldType::error_code: return 48;
            case FieldType::int32: return 32;
            default: return 0;
        }
    }
    static std::int64_t lowest(FieldType type) { return std::numeric_limits<std::int64_t>::min() >> shift(type); }

    static void number(Out& out, FieldType type, std::int64_t value) {
        switch (type) {
            case FieldType::boolean: out.write_bool(value != 0); break;
            case FieldType::int8: out.write_int8(static_cast<std::int8_t>(value)); break;
            case FieldType::int16:
            case FieldType::uint16:
            case FieldType::error_code: out.write_int16(static_cast<std::int16_t>(value)); break;
            case FieldType::int32:
            case FieldType::uint32: out.write_int32(static_cast<std::int32_t>(value)); break;
            case FieldType::float64: out.write_float64(static_cast<double>(value)); break;
            case FieldType::uuid:
                out.write_int64(value);
                out.write_int64(value);
                break;
            default: out.write_int64(value); break;
        }
    }

    // As it stands in a tagged field.
    Out default_of(const FieldSchema& field) {
        Out out;
        if (field.default_value == "null") {
            return null_of(field, true);
        }
        if (field.is_array || is_sized(field.type)) {
            length(out, field.default_value.size(), true, 4);
            out.write_bytes(base::as_bytes(field.default_value));
        } else if (field.type == FieldType::structure) {
            if (field.nullable.contains(version_)) {
                out.write_int8(1);
            }
            for (const FieldSchema& inner : field.fields) {
                if (inner.tag < 0 && inner.versions.contains(version_)) {
                    append(out, default_of(inner));
                }
            }
            out.write_unsigned_varint(0);
        } else {
            const std::string text(field.default_value == "true" ? "1" : field.default_value);
            number(out, field.type, std::strtoll(text.c_str(), nullptr, 0));
        }
        return out;
    }

    static Out null_of(const FieldSchema& field, bool flexible) {
        Out out;
        if (field.type == FieldType::structure && !field.is_array) {
            out.write_int8(field.tag < 0 ? -1 : 0);  // the mark is a varint in a tagged field
        } else if (flexible) {
            out.write_unsigned_varint(0);
        } else if (field.type == FieldType::string && !field.is_array) {
            out.write_int16(-1);
        } else {
            out.write_int32(-1);
        }
        return out;
    }

    static void length(Out& out, std::uint64_t size, bool flexible, int plain_bytes) {
        if (flexible) {
            out.write_unsigned_varint(static_cast<std::uint32_t>(size + 1));
        } else if (plain_bytes == 2) {
            out.write_int16(static_cast<std::int16_t>(size));
        } else {
            out.write_int32(static_cast<std::int32_t>(size));
        }
    }
    static void append(Out& out, const Out& more) { out.write_bytes(more.view()); }

    const MessageSchema& schema_;
    std::int16_t version_;
    Values values_;
    std::mt19937_64 random_;
    bool unknown_tags_;
};

}  // namespace tideline::protocol
