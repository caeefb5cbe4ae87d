// cli/command_tree.h: the commands as data, from which --help, docs/cli.md and shell completion are written.
//
// command_line.cc derives it from the same definitions that parse the arguments, so that none of the three can lie.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tideline::cli {

struct OptionNode {
    std::vector<std::string> names;  // "-o", "--output"; for a positional its one name, "TOPIC"
    std::string value;  // what follows: "N", "FILE", "text|json" (a choice); empty for a flag
    std::string description;
    std::string default_value;
    std::string environment;  // the variable that is its default
    bool required = false;
    bool repeatable = false;
};

struct CommandNode {
    std::string path;  // "tideline topic create"
    std::string description;
    std::string details;  // paragraphs below the options: notes, examples, exit codes
    std::vector<OptionNode> positionals;
    std::vector<OptionNode> options;
    std::vector<CommandNode> commands;

    std::string_view name() const;  // the last word of path
};

// The words between the bars of a choice such as "text|json"; empty when `value` is none.
std::vector<std::string> choices_of(const OptionNode& option);

// What --help prints: usage, description, arguments, options, commands, details.
std::string render_help(const CommandNode& command);

// docs/cli.md: the help of every command below `root`, in order.
std::string render_markdown(const CommandNode& root);

}  // namespace tideline::cli
