// cli/version.h: who we are.
#pragma once

#include <string>

namespace tideline::cli {

std::string version_number();  // "0.1.0"
// "tideline 0.1.0 (librdkafka 2.0.2)"
std::string version_text();

}  // namespace tideline::cli
