#include "server/dispatch.h"

#include "base/log.h"
#include "server/api_table.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using runtime::Task;

namespace {

// Version 0 of the response, whatever was asked: its form never changes (KIP-511).
EncodedResponse unsupported_api_versions(protocol::DecodedHeader header) {
    header.api_version = 0;
    protocol::ApiVersionsResponse response;
    response.error_code = ErrorCode::unsupported_version;
    const ApiRow* row = find_api(static_cast<std::int16_t>(protocol::ApiKey::api_versions));
    response.api_keys.push_back({.api_key = static_cast<std::int16_t>(row->key),
                                 .min_version = row->min_version,
                                 .max_version = row->max_version});
    return encode_response(header, response);
}

}  // namespace

bool Dispatcher::may_overlap(base::ByteView frame) const {
    constexpr std::size_t kKeyBytes = 2;
    return frame.size() >= kKeyBytes &&
           base::load_be<std::int16_t>(frame.data()) == static_cast<std::int16_t>(protocol::ApiKey::produce);
}

Task<Reply> Dispatcher::handle(ConnectionInfo& connection, RequestMemory& memory, base::ByteView frame) {
    protocol::Reader reader(frame, kDecodedBytesFree);
    auto header = protocol::decode_request_header(reader);
    if (!header) {
        co_return close_connection("request header could not be decoded, or its API is unknown");
    }
    const ApiRow* row = find_api(header->api_key);
    if (row == nullptr) {
        co_return close_connection("request of an API that is not served");
    }
    if (header->api_version < row->min_version || header->api_version > row->max_version) {
        if (row->key == protocol::ApiKey::api_versions) {
            co_return Reply{unsupported_api_versions(*header), std::nullopt};
        }
        co_return close_connection("request of a version that is not served");
    }
    RequestContext context{server_, connection, memory, *header};
    co_return co_await row->handle(context, reader);
}

}  // namespace tideline::server
