#include "cli/command_tree.h"

#include <fmt/format.h>

namespace tideline::cli {
namespace {

constexpr std::size_t kHelpWidth = 100;
constexpr std::size_t kWidestLeftColumn = 34;

std::string left_column(const OptionNode& option) {
    std::string text;
    for (const std::string& name : option.names) {
        text += text.empty() ? "" : ", ";
        text += name;
    }
    if (!option.value.empty()) {
        text += " " + option.value;
    }
    return text;
}

std::string right_column(const OptionNode& option) {
    std::string text = option.description;
    std::vector<std::string> facts;
    if (option.repeatable) {
        facts.emplace_back("may be given more than once");
    }
    if (!option.default_value.empty()) {
        facts.push_back("default: " + option.default_value);
    }
    if (!option.environment.empty()) {
        facts.push_back("environment: " + option.environment);
    }
    if (!facts.empty()) {
        text += fmt::format(" ({})", fmt::join(facts, "; "));
    }
    return text;
}

// Appends `text` broken at blanks so that no line passes kHelpWidth; later lines start at `indent`.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent, std::size_t column) {
    while (!text.empty()) {
        std::size_t end = std::min(text.find(' '), text.size());
        if (column > indent && column + 1 + end > kHelpWidth) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            out += ' ';
            ++column;
        }
        out += text.substr(0, end);
        column += end;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    out += '\n';
}

struct Row {
    std::string left;
    std::string right;
};

void append_rows(std::string& out, std::string_view title, const std::vector<Row>& rows) {
    if (rows.empty()) {
        return;
    }
    std::size_t width = 0;
    for (const Row& row : rows) {
        width = std::max(width, std::min(row.left.size(), kWidestLeftColumn));
    }
    out += fmt::format("\n{}:\n", title);
    const std::size_t indent = width + 4;
    for (const Row& row : rows) {
        out += "  " + row.left;
        if (row.left.size() > width) {
            out += "\n" + std::string(indent, ' ');
        } else {
            out.append(indent - 2 - row.left.size(), ' ');
        }
        append_wrapped(out, row.right, indent, indent);
    }
}

std::string usage_line(const CommandNode& command) {
    std::string text = command.path;
    if (!command.commands.empty()) {
        return text + " COMMAND …";
    }
    for (const OptionNode& positional : command.positionals) {
        std::string word = positional.names.front() + (positional.repeatable ? "…" : "");
        text += positional.required ? " " + word : " [" + word + "]";
    }
    return text + " [options]";
}

std::vector<Row> option_rows(const std::vector<OptionNode>& options) {
    std::vector<Row> rows;
    for (const OptionNode& option : options) {
        rows.push_back({left_column(option), right_column(option)});
    }
    return rows;
}

void append_markdown(std::string& out, const CommandNode& command) {
    if (command.commands.empty()) {
        out += fmt::format("\n## {}\n\n```\n{}```\n", command.path, render_help(command));
    }
    for (const CommandNode& child : command.commands) {
        append_markdown(out, child);
    }
}

}  // namespace

std::string_view CommandNode::name() const {
    return std::string_view(path).substr(path.rfind(' ') + 1);
}

std::vector<std::string> choices_of(const OptionNode& option) {
    std::vector<std::string> choices;
    std::string_view rest = option.value;
    if (rest.find('|') == rest.npos) {
        return choices;
    }
    while (!rest.empty()) {
        std::size_t end = std::min(rest.find('|'), rest.size());
        choices.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return choices;
}

std::string render_help(const CommandNode& command) {
    std::string out;
    append_wrapped(out, command.description, 0, 0);
    out += fmt::format("\nUsage: {}\n", usage_line(command));
    append_rows(out, "Arguments", [&] {
        std::vector<Row> rows;
        for (const OptionNode& positional : command.positionals) {
            rows.push_back({positional.names.front(), positional.description});
        }
        return rows;
    }());
    append_rows(out, "Commands", [&] {
        std::vector<Row> rows;
        for (const CommandNode& child : command.commands) {
            rows.push_back({std::string(child.name()), child.description});
        }
        return rows;
    }());
    append_rows(out, "Options", option_rows(command.options));
    if (!command.details.empty()) {
        out += "\n" + command.details;
    }
    return out;
}

std::string render_markdown(const CommandNode& root) {
    std::string out = "# The `tideline` command\n\n" + root.description +
                      ". This page is what `--help` prints, command by command; a unit test keeps it so.\n\n```\n" +
                      render_help(root) + "```\n";
    append_markdown(out, root);
    return out;
}

}  // namespace tideline::cli
