// group/records.h: records of __consumer_offsets as bytes.
//
// A key is its type in two bytes and the message; a value its version in two bytes and the message. Written are the
// versions that Kafka 4.2 writes.
// Format:  docs/formats/schema-notation.md, `coordinator`; schema/coordinator/
#pragma once

#include "group/effects.h"
#include "protocol/messages/group_metadata_record.h"
#include "protocol/messages/offset_commit_record.h"
#include "protocol/reader.h"
#include "protocol/writer.h"

namespace tideline::group {

inline constexpr std::int16_t kGroupMetadataVersion = 3;
inline constexpr std::int16_t kOffsetCommitVersion = 4;
inline constexpr std::int16_t kOffsetCommitVersionWithExpiry = 1;  // for clients that said how long to keep an offset

template <class Key>
base::Bytes encode_key(const Key& key) {
    protocol::Writer out;
    out.write_int16(Key::kRecordType);
    key.encode(out, 0);
    return out.take();
}

template <class Value>
base::Bytes encode_value(const Value& value, std::int16_t version) {
    protocol::Writer out;
    out.write_int16(version);
    value.encode(out, version);
    return out.take();
}

template <class Key, class Value>
Record make_record(const Key& key, const Value& value, std::int16_t version) {
    return {.key = encode_key(key), .value = encode_value(value, version)};
}

template <class Key>
Record tombstone(const Key& key) {
    return {.key = encode_key(key), .value = std::nullopt};
}

// The two bytes that stand first, and what is behind them.
struct Versioned {
    std::int16_t number = 0;
    base::ByteView body;
};
inline base::Result<Versioned> split_version(base::ByteView bytes) {
    base::ByteReader in(bytes);
    TL_TRY(number, in.read_int16());
    return Versioned{.number = number, .body = in.rest()};
}

// Errors: corrupt_message; unsupported_version for a version from the future.
template <class Message>
base::Result<Message> decode_body(base::ByteView body, std::int16_t version) {
    if (version < Message::kMinVersion || version > Message::kMaxVersion) {
        return base::fail(ErrorCode::unsupported_version, "a record of an unknown version", version);
    }
    protocol::Reader in(body);
    return Message::decode(in, version);
}

template <class Value>
base::Result<Value> decode_value(base::ByteView value) {
    TL_TRY(parts, split_version(value));
    return decode_body<Value>(parts.body, parts.number);
}

}  // namespace tideline::group
