// protocol/header.h: the headers before every request and response.
//
// Request header v2 stands before flexible versions, v1 before the others; which it is follows from the key and the
// version in its first four bytes. The client id has a two-byte length in both. The response header has tags where the
// response is flexible, except for ApiVersions: its client does not know yet what the broker speaks (KIP-511).
#pragma once

#include <string>

#include "protocol/message.h"

namespace tideline::protocol {

struct DecodedHeader {
    std::int16_t api_key = 0;
    std::int16_t api_version = 0;
    std::int32_t correlation_id = 0;
    std::string client_id;  // null is empty, as in Kafka
};

// Decodes the header and leaves the reader at the body. The version may be one that nobody serves: the caller judges it.
// A key without a schema is invalid_request; Kafka closes the connection then, as for a malformed header.
Result<DecodedHeader> decode_request_header(Reader& in);
// The version of the response is that of the request.
void encode_response_header(Writer& out, ApiKey key, std::int16_t api_version, std::int32_t correlation_id);

// The other direction, for a broker that asks another and for tests.
void encode_request_header(Writer& out, const DecodedHeader& header);
Result<std::int32_t> decode_response_header(Reader& in, ApiKey key, std::int16_t api_version);  // the correlation id

}  // namespace tideline::protocol
