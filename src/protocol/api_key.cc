#include "protocol/api_key.h"

#include <algorithm>

#include "protocol/api_schema.h"

namespace tideline::protocol {

std::string_view name_of(ApiKey key) {
    switch (key) {
#define TL_NAME(enumerator, name, number) \
    case ApiKey::enumerator:              \
        return #name;
        TL_API_KEYS(TL_NAME)
#undef TL_NAME
    }
    // Tideline's own, which are not in Kafka's list.
    const auto apis = all_apis();
    auto own = std::ranges::find(apis, key, &ApiSchema::key);
    return own == apis.end() ? "unknown" : own->name;
}

}  // namespace tideline::protocol
