#include "base/error_code.h"

namespace tideline {

std::string_view name_of(ErrorCode code) {
    switch (code) {
#define TL_NAME(enumerator, name, number, retriable) \
    case ErrorCode::enumerator:                      \
        return #name;
        TL_ERROR_CODES(TL_NAME)
#undef TL_NAME
    }
    return "UNKNOWN_SERVER_ERROR";
}

bool is_retriable(ErrorCode code) {
    switch (code) {
#define TL_RETRIABLE(enumerator, name, number, retriable) \
    case ErrorCode::enumerator:                           \
        return retriable;
        TL_ERROR_CODES(TL_RETRIABLE)
#undef TL_RETRIABLE
    }
    return false;
}

}  // namespace tideline
