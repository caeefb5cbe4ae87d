#include "protocol/api_key.h"

namespace tideline::protocol {

std::string_view name_of(ApiKey key) {
    switch (key) {
#define TL_NAME(enumerator, name, number) \
    case ApiKey::enumerator:              \
        return #name;
        TL_API_KEYS(TL_NAME)
#undef TL_NAME
    }
    return "unknown";
}

}  // namespace tideline::protocol
