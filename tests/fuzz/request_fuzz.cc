// A request as it stands in a frame: its header names API and version, every one that has a schema. What follows the header is read as a
// response's header, too.
#include "any_message.h"
#include "protocol/header.h"

using namespace tideline;

namespace {

const protocol::MessageSchema* request_of(std::int16_t key, std::int16_t version) {
    for (const protocol::MessageSchema* schema : protocol::all_messages()) {
        if (schema->kind == protocol::MessageKind::request && schema->key == key) {
            return schema->versions.contains(version) ? schema : nullptr;
        }
    }
    return nullptr;
}

void expect_the_header_again(const protocol::DecodedHeader& header) {
    protocol::Writer out;
    protocol::encode_request_header(out, header);
    const base::Bytes bytes = out.take();
    protocol::Reader in(bytes);
    auto twin = protocol::decode_request_header(in);
    TL_CHECK(twin && in.at_end() && twin->api_key == header.api_key && twin->api_version == header.api_version);
    TL_CHECK(twin->correlation_id == header.correlation_id && twin->client_id == header.client_id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    protocol::Reader in(base::ByteView(data, size));
    auto header = protocol::decode_request_header(in);
    if (!header) {
        return 0;
    }
    expect_the_header_again(*header);
    protocol::Reader response(in.rest());
    (void)protocol::decode_response_header(response, static_cast<protocol::ApiKey>(header->api_key), header->api_version);
    if (const auto* schema = request_of(header->api_key, header->api_version)) {
        fuzz::decode_and_check(*schema, header->api_version, in.rest());
    }
    return 0;
}
