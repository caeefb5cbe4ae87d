// tl_message_tool: what the codecs read and write, for comparison with the classes of Apache Kafka (tests/interop).
//
//   tl_message_tool write SEED   generated values of every message in every version, one a line:
//                                name, version, bytes generated, bytes written again, JSON
//   tl_message_tool read         name, version and bytes of each line of the input: bytes written again, JSON
//   tl_message_tool frames       framed metadata records, one a line: framed again, JSON
//   tl_message_tool headers      of every API in every version: key, version, request header, response header
//
// Columns are parted by tabs, bytes are hex. What cannot be read is answered with "error", a tab and why.
#include <fmt/format.h>

#include <iostream>
#include <sstream>

#include "protocol/api_schema.h"
#include "protocol/header.h"
#include "protocol/message_testing.h"
#include "protocol/metadata_record.h"
#include "protocol/reader.h"
#include "protocol/test_bytes.h"
#include "protocol/writer.h"

namespace tideline::protocol {
namespace {

// Of the bytes: written again, a tab, JSON.
std::string read_again(const MessageSchema& schema, std::int16_t version, base::ByteView bytes) {
    Reader in(bytes);
    auto message = schema.decode(in, version);
    if (!message) {
        return "error\t" + base::to_string(message.error());
    }
    if (!in.at_end()) {
        return fmt::format("error\t{} bytes behind the message", in.remaining());
    }
    Writer out;
    (*message)->encode(out, version);
    return to_hex(out.view()) + '\t' + (*message)->to_json(version);
}

void write_one(const MessageSchema& schema, std::int16_t version, Values values, std::uint64_t seed, bool unknown_tags) {
    const base::Bytes made = MessageMaker(schema, version, values, seed, unknown_tags).make();
    std::cout << schema.name << '\t' << version << '\t' << to_hex(made) << '\t' << read_again(schema, version, made)
              << '\n';
}

void write_all(std::uint64_t seed) {
    constexpr std::uint64_t kRandomValues = 6;
    for (const MessageSchema* schema : all_messages()) {
        for (std::int16_t version = schema->versions.first; version <= schema->versions.last; ++version) {
            for (Values values : {Values::zero, Values::null, Values::lowest, Values::highest}) {
                write_one(*schema, version, values, seed, false);
            }
            for (std::uint64_t i = 0; i < kRandomValues; ++i) {
                write_one(*schema, version, Values::any, seed + i, false);
            }
            if (schema->is_flexible(version)) {
                write_one(*schema, version, Values::any, seed + kRandomValues, true);
            }
        }
    }
}

void read_all() {
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string name;
        std::string hex;
        std::int16_t version = 0;
        words >> name >> version >> hex;
        auto schema = std::ranges::find(all_messages(), name, [](const MessageSchema* s) { return s->name; });
        std::cout << (schema == all_messages().end() ? "error\tno such message" : read_again(**schema, version, from_hex(hex)))
                  << '\n';
    }
}

void read_frames() {
    for (std::string line; std::getline(std::cin, line);) {
        const base::Bytes framed = from_hex(line);
        if (auto record = decode_metadata_record(framed)) {
            std::cout << to_hex(encode_metadata_record(record->record, record->version)) << '\t' << to_json(*record) << '\n';
        } else {
            std::cout << "error\t" << base::to_string(record.error()) << '\n';
        }
    }
}

void write_headers() {
    for (const ApiSchema& api : all_apis()) {
        for (std::int16_t version = api.min_version; version <= api.max_version; ++version) {
            Writer request;
            encode_request_header(request, {static_cast<std::int16_t>(api.key), version, 0x01020304, "a client"});
            Writer response;
            encode_response_header(response, api.key, version, 0x01020304);
            std::cout << static_cast<std::int16_t>(api.key) << '\t' << version << '\t' << to_hex(request.view()) << '\t'
                      << to_hex(response.view()) << '\n';
        }
    }
}

}  // namespace

int run_message_tool(std::span<char*> arguments) {
    const std::string_view verb = arguments.size() > 1 ? arguments[1] : "";
    std::ios::sync_with_stdio(false);
    if (verb == "write" && arguments.size() == 3) {
        write_all(std::strtoull(arguments[2], nullptr, 10));
    } else if (verb == "read") {
        read_all();
    } else if (verb == "frames") {
        read_frames();
    } else if (verb == "headers") {
        write_headers();
    } else {
        std::cerr << "tl_message_tool write SEED | read | frames | headers\n";
        return 2;
    }
    return 0;
}

}  // namespace tideline::protocol

int main(int argc, char** argv) {
    return tideline::protocol::run_message_tool(std::span(argv, static_cast<std::size_t>(argc)));
}
