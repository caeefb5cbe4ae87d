// cli/json.h: what -o json prints. Keys keep the order they were added in.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "cli/console.h"

namespace tideline::cli {

using Json = nlohmann::ordered_json;

// One line; bytes that are not UTF-8 become U+FFFD rather than an exception.
inline std::string to_line(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Indented on a terminal, for eyes; one line elsewhere, for `jq` and for line-oriented tools.
inline void print_json(Console& console, const Json& value) {
    console.print(console.out_is_terminal() ? value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                                            : to_line(value));
}

}  // namespace tideline::cli
