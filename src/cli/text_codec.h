// cli/text_codec.h: small conversions between bytes and text that options and output need.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/failure.h"

namespace tideline::cli {

// Replaces \n \t \r \0 \\ and \xHH; any other escape is refused.
Outcome<std::string> unescape(std::string_view text);

// Well-formed UTF-8 as RFC 3629 has it: no overlong forms, no surrogates.
bool is_utf8(std::string_view bytes);

// RFC 4648 with padding.
std::string to_base64(std::string_view bytes);

}  // namespace tideline::cli
