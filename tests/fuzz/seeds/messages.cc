#include <fmt/format.h>

#include "protocol/api_schema.h"
#include "protocol/header.h"
#include "protocol/message_testing.h"
#include "protocol/metadata_record.h"
#include "protocol/writer.h"
#include "seeds/seeds.h"

namespace tideline::fuzz {
namespace {

using protocol::MessageKind;
using protocol::MessageMaker;
using protocol::MessageSchema;

base::Bytes any_of(const MessageSchema& schema, std::int16_t version, bool with_unknown_tags) {
    return MessageMaker(schema, version, protocol::Values::any, 1, with_unknown_tags).make();
}

// With a tagged field in the header that nobody knows, where there may be some.
base::Bytes request(const MessageSchema& schema, std::int16_t version) {
    protocol::Writer header;
    protocol::encode_request_header(header, {.api_key = schema.key, .api_version = version, .correlation_id = 7, .client_id = "fuzz"});
    base::Bytes frame = header.take();
    if (version >= protocol::find_api(schema.key)->first_flexible) {
        frame.back() = 1;
        frame.insert(frame.end(), {9, 2, 'h', 'i'});
    }
    const base::Bytes body = any_of(schema, version, true);
    frame.insert(frame.end(), body.begin(), body.end());
    return frame;
}

int high(int number) { return number >> 8 & 0xff; }

// Every record of the metadata log, one behind the other: a list as metadata_records_fuzz.cc reads it.
void add_metadata_records(const Seeds& seeds) {
    base::Bytes all;
    for (const MessageSchema* schema : protocol::all_messages()) {
        if (schema->kind != MessageKind::record) {
            continue;
        }
        base::ByteWriter record;
        record.write_unsigned_varint(1);
        record.write_unsigned_varint(static_cast<std::uint32_t>(schema->key));
        record.write_unsigned_varint(static_cast<std::uint32_t>(schema->versions.last));
        record.write_bytes(any_of(*schema, schema->versions.last, false));
        base::ByteWriter item;
        item.write_int16(static_cast<std::int16_t>(record.view().size()));
        item.write_bytes(record.view());
        seeds.add("metadata_records", fmt::format("{}", schema->name), {}, item.view());
        all.insert(all.end(), item.view().begin(), item.view().end());
    }
    seeds.add("metadata_records", "all", {}, all);
}

}  // namespace

void add_messages(const Seeds& seeds) {
    for (const MessageSchema* schema : protocol::all_messages()) {
        for (std::int16_t version = schema->versions.first; version <= schema->versions.last; ++version) {
            const std::string name = fmt::format("{}-v{}", schema->name, version);
            if (schema->kind == MessageKind::request) {
                seeds.add("request", name, {}, request(*schema, version));
            } else if (version == schema->versions.first || version == schema->versions.last) {
                seeds.add("message", name, {static_cast<int>(schema->kind), high(schema->key), schema->key & 0xff, 0, version},
                          any_of(*schema, version, true));
            }
        }
    }
    add_metadata_records(seeds);
}

}  // namespace tideline::fuzz
