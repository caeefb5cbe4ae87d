// protocol/api_schema.h: which versions the schema files describe, by API key.
//
// What the broker advertises is its own table (server/); this one says what can be decoded.
#pragma once

#include <span>

#include "protocol/message.h"

namespace tideline::protocol {

struct ApiSchema {
    ApiKey key;
    std::string_view name;
    std::int16_t min_version;
    std::int16_t max_version;
    std::int16_t first_flexible;
};

// Every API that has a schema file, in the order of the keys.
std::span<const ApiSchema> all_apis();
// nullptr for a key without one.
const ApiSchema* find_api(std::int16_t key);

}  // namespace tideline::protocol
