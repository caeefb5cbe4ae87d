// server/api_table.h: every API that is served, at which versions, by which handler.
//
// ApiVersions, the limits of dispatch and docs/compatibility.md are derived from this table; nothing is advertised that
// is not in it. Ranges come from the schemas, which hold what Apache Kafka 4.2 serves.
#pragma once

#include <span>

#include "protocol/reader.h"
#include "protocol/writer.h"
#include "server/context.h"
#include "server/reply.h"

namespace tideline::server {

// What a request may decode into before anything is taken from the budget for it.
inline constexpr std::size_t kDecodedBytesFree = std::size_t{256} << 10;

using Handler = runtime::Task<Reply> (*)(RequestContext& context, protocol::Reader& body);

struct ApiRow {
    protocol::ApiKey key;
    std::string_view name;
    std::int16_t min_version;
    std::int16_t max_version;
    Handler handle;
    // What ApiVersions claims as the lowest; see docs/decisions/0004-produce-min-version.md.
    std::int16_t advertised_min_version;
};

std::span<const ApiRow> served_apis();
// Those that Kafka does not have. They are served to everybody and told to Tideline's command line only, by the name of its
// software: docs/decisions/0009-group-evidence.md.
std::span<const ApiRow> own_apis();
inline constexpr std::string_view kOwnSoftwareName = "tideline-cli";
// nullptr for a key that is not served.
const ApiRow* find_api(std::int16_t key);

// A response as it goes on the wire.
template <class Response>
EncodedResponse encode_response(const protocol::DecodedHeader& header, const Response& response) {
    protocol::Writer out;
    out.begin_frame();
    protocol::encode_response_header(out, Response::kApiKey, header.api_version, header.correlation_id);
    response.encode(out, header.api_version);
    out.finish_frame();
    std::vector<protocol::Splice> splices = out.take_splices();
    return EncodedResponse{.bytes = out.take(), .splices = std::move(splices)};
}

}  // namespace tideline::server
