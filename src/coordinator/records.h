// coordinator/records.h: records of coordinators' topics as bytes.
//
// A key is its type in two bytes and the message; a value its version in two bytes and the message.
// Format:  docs/formats/schema-notation.md, `coordinator`; schema/coordinator/
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/reader.h"
#include "protocol/writer.h"

namespace tideline::coordinator {

struct Record {
    base::Bytes key;
    std::optional<base::Bytes> value;  // nullopt: a tombstone

    friend bool operator==(const Record&, const Record&) = default;
};

// In whose transaction the records of a step are written; see log::PartitionLog::begin_verification() for the guard. The log
// may refuse them, since that transaction has ended, which is the producer's affair: such a step changes no state. Its
// records are replayed once they are in the log.
struct TransactionalWriter {
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::uint64_t guard = 0;
};

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

}  // namespace tideline::coordinator
