#include "protocol/header.h"

#include <algorithm>

#include "base/check.h"
#include "protocol/api_schema.h"
#include "protocol/messages/request_header.h"
#include "protocol/messages/response_header.h"
#include "protocol/reader.h"
#include "protocol/writer.h"

namespace tideline::protocol {
namespace {

std::int16_t request_header_version(const ApiSchema& api, std::int16_t version) {
    return version >= api.first_flexible ? 2 : 1;
}

std::int16_t response_header_version(ApiKey key, std::int16_t version) {
    const ApiSchema* api = find_api(static_cast<std::int16_t>(key));
    TL_CHECK(api != nullptr);
    return key != ApiKey::api_versions && version >= api->first_flexible ? 1 : 0;
}

}  // namespace

const ApiSchema* find_api(std::int16_t key) {
    auto apis = all_apis();
    auto found = std::ranges::lower_bound(apis, static_cast<ApiKey>(key), {}, &ApiSchema::key);
    return found != apis.end() && found->key == static_cast<ApiKey>(key) ? &*found : nullptr;
}

Result<DecodedHeader> decode_request_header(Reader& in) {
    base::ByteReader peek(in.rest());
    TL_TRY(key, peek.read_int16());
    TL_TRY(version, peek.read_int16());
    const ApiSchema* api = find_api(key);
    if (api == nullptr) {
        return base::fail(ErrorCode::invalid_request, "request of an unknown API", key);
    }
    TL_TRY(header, RequestHeader::decode(in, request_header_version(*api, version)));
    return DecodedHeader{key, version, header.correlation_id, std::move(header.client_id).value_or("")};
}

void encode_response_header(Writer& out, ApiKey key, std::int16_t api_version, std::int32_t correlation_id) {
    ResponseHeader header;
    header.correlation_id = correlation_id;
    header.encode(out, response_header_version(key, api_version));
}

void encode_request_header(Writer& out, const DecodedHeader& header) {
    const ApiSchema* api = find_api(header.api_key);
    TL_CHECK(api != nullptr);
    RequestHeader wire;
    wire.request_api_key = header.api_key;
    wire.request_api_version = header.api_version;
    wire.correlation_id = header.correlation_id;
    wire.client_id = header.client_id;
    wire.encode(out, request_header_version(*api, header.api_version));
}

Result<std::int32_t> decode_response_header(Reader& in, ApiKey key, std::int16_t api_version) {
    TL_TRY(header, ResponseHeader::decode(in, response_header_version(key, api_version)));
    return header.correlation_id;
}

}  // namespace tideline::protocol
