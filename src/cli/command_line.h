// cli/command_line.h: from arguments to a Command, or to the text that --help, --version or a mistake calls for.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "cli/command_tree.h"
#include "cli/failure.h"
#include "cli/options.h"

namespace tideline::cli {

// The process ends here without running a command. Text of a mistake belongs on stderr, all other on stdout.
struct ParseEnd {
    ExitCode exit = ExitCode::ok;
    std::string text;
};

// `arguments` without the program's name. Reads the environment variables that --help names.
std::expected<Command, ParseEnd> parse_command_line(std::vector<std::string> arguments);

// The whole tree, from the definitions that parse.
CommandNode command_tree();

}  // namespace tideline::cli
