#include "base/result.h"

#include <fmt/format.h>

namespace tideline::base {

std::string to_string(const Error& error) {
    if (error.note.empty()) {
        return std::string(name_of(error.code));
    }
    if (error.detail == 0) {
        return fmt::format("{}: {}", name_of(error.code), error.note);
    }
    return fmt::format("{}: {} ({})", name_of(error.code), error.note, error.detail);
}

}  // namespace tideline::base
