// cli/completion.h: completion scripts for bash and zsh, written from the command tree.
#pragma once

#include <string>

#include "cli/command_tree.h"

namespace tideline::cli {

// Completes commands, options, choices, files, and topics by asking `tideline topic list --names`.
std::string bash_completion(const CommandNode& root);
std::string zsh_completion(const CommandNode& root);

}  // namespace tideline::cli
