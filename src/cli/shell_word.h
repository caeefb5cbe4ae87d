// cli/shell_word.h: commands for people to copy into their shell.
#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"

namespace tideline::cli {

// The text as one word of a POSIX shell: in quotes where it needs them.
std::string shell_word(std::string_view text);

// " --bootstrap HOST:PORT", or nothing where that is the default: what a command needs to reach the same brokers.
std::string bootstrap_option(const ClientOptions& options);

}  // namespace tideline::cli
