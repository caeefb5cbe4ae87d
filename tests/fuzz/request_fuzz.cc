// A request as it stands in a frame: its header names API and version, every one that has a schema.
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    protocol::Reader in(base::ByteView(data, size));
    auto header = protocol::decode_request_header(in);
    if (!header) {
        return 0;
    }
    if (const auto* schema = request_of(header->api_key, header->api_version)) {
        fuzz::decode_and_check(*schema, header->api_version, in.rest());
    }
    return 0;
}
