// Everything that has a schema: responses, headers, records of logs. The input says kind, key and version, one byte and twice two.
#include "any_message.h"
#include "input.h"

using namespace tideline;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto kind = static_cast<protocol::MessageKind>(input.byte());
    const auto key = static_cast<std::int16_t>(input.number(2));
    const auto version = static_cast<std::int16_t>(input.number(2));
    const base::ByteView bytes = input.rest();
    // Headers and data share the key -1: all of them get the bytes.
    for (const protocol::MessageSchema* schema : protocol::all_messages()) {
        if (schema->kind == kind && schema->key == key && schema->versions.contains(version)) {
            fuzz::decode_and_check(*schema, version, bytes);
        }
    }
    return 0;
}
