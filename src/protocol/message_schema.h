// protocol/message_schema.h: the schema of every message as data, for printing, tests and documentation.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "protocol/message.h"
#include "protocol/writer.h"

namespace tideline::protocol {

enum class FieldType : std::uint8_t {
    boolean, int8, int16, uint16, int32, uint32, int64, float64, uuid, error_code, string, bytes, records, structure
};
enum class MessageKind : std::uint8_t { request, response, header, record, coordinator_key, coordinator_value, data };

struct VersionRange {
    std::int16_t first = 0;
    std::int16_t last = -1;  // empty by default

    constexpr bool contains(std::int16_t version) const { return version >= first && version <= last; }
};

struct FieldSchema {
    std::string_view name;  // as Kafka prints it
    FieldType type;
    bool is_array;
    bool is_plain;  // keeps the old form of lengths in flexible versions
    VersionRange versions;
    VersionRange nullable;
    std::int32_t tag;  // -1: not tagged
    std::string_view default_value;  // as the schema file writes it; empty for zero, empty and false
    std::span<const FieldSchema> fields;  // of a structure
};

// A message whose type is known only at run time.
struct AnyMessage {
    virtual ~AnyMessage() = default;
    virtual void encode(Writer& out, std::int16_t version) const = 0;
    virtual bool equals(const AnyMessage& other) const = 0;  // of the same type
    virtual std::string to_json(std::int16_t version) const = 0;
};

struct MessageSchema {
    std::string_view name;  // "ProduceRequest"
    MessageKind kind;
    std::int16_t key;  // API key or record type; -1 for headers and data
    VersionRange versions;
    std::int16_t first_flexible;
    std::span<const FieldSchema> fields;
    Result<std::unique_ptr<AnyMessage>> (*decode)(Reader& in, std::int16_t version);
    std::unique_ptr<AnyMessage> (*make)();  // all defaults

    bool is_flexible(std::int16_t version) const { return version >= first_flexible; }
};

// Every message that has a schema file.
std::span<const MessageSchema* const> all_messages();

// One line of JSON for a message that `encode` wrote. Records, spliced or not, are shown as their size; bytes as hex.
// Malformed input gives the part that was read and an "error".
std::string message_to_json(const MessageSchema& schema, std::int16_t version, base::ByteView encoded,
                            std::span<const Splice> splices = {});

}  // namespace tideline::protocol
