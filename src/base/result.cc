#include "base/result.h"

#include <fmt/format.h>

#include <cstring>

namespace tideline::base {

std::string to_string(const Error& error) {
    if (error.note.empty()) {
        return std::string(name_of(error.code));
    }
    if (error.detail == 0) {
        return fmt::format("{}: {}", name_of(error.code), error.note);
    }
    // These two carry an errno.
    bool is_errno = error.code == ErrorCode::kafka_storage_error || error.code == ErrorCode::network_exception;
    constexpr std::int64_t kErrnoMax = 133;
    if (is_errno && error.detail > 0 && error.detail <= kErrnoMax) {
        return fmt::format("{}: {}: {}", name_of(error.code), error.note, std::strerror(static_cast<int>(error.detail)));
    }
    return fmt::format("{}: {} ({})", name_of(error.code), error.note, error.detail);
}

}  // namespace tideline::base
