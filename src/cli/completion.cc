#include "cli/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_line.h"
#include "cli/commands.h"

namespace tideline::cli {
namespace {

// What may stand for `option`'s value, in the words of the shell functions below.
std::string expectation(const OptionNode& option) {
    if (auto choices = choices_of(option); !choices.empty()) {
        return fmt::format("words {}", fmt::join(choices, " "));
    }
    if (option.value == "FILE") {
        return "files";
    }
    if (option.value == "DIR") {
        return "directories";
    }
    if (option.value == "GROUP") {
        return "groups";
    }
    return option.value == "TOPIC" ? "topics" : "nothing";
}

void append_value_arms(std::string& out, const CommandNode& command) {
    for (const OptionNode& option : command.options) {
        if (option.value.empty()) {
            continue;
        }
        std::vector<std::string> patterns;
        for (const std::string& name : option.names) {
            patterns.push_back(fmt::format("\"{} {}\"", command.path, name));
        }
        out += fmt::format("        {}) expect='{}' ;;\n", fmt::join(patterns, "|"), expectation(option));
    }
    for (const CommandNode& child : command.commands) {
        append_value_arms(out, child);
    }
}

void append_paths(std::vector<std::string>& paths, const CommandNode& command) {
    for (const CommandNode& child : command.commands) {
        paths.push_back(fmt::format("\"{}\"", child.path));
        append_paths(paths, child);
    }
}

void append_command_arms(std::string& out, const CommandNode& command) {
    std::vector<std::string> options;
    for (const OptionNode& option : command.options) {
        options.insert(options.end(), option.names.begin(), option.names.end());
    }
    std::vector<std::string> commands;
    for (const CommandNode& child : command.commands) {
        commands.emplace_back(child.name());
    }
    out += fmt::format("        \"{}\") options='{}'", command.path, fmt::join(options, " "));
    if (!commands.empty()) {
        out += fmt::format(" expect='words {}'", fmt::join(commands, " "));
    }
    out += " ;;\n";
    for (const CommandNode& child : command.commands) {
        append_command_arms(out, child);
    }
}

void append_positional_arms(std::string& out, const CommandNode& command) {
    for (std::size_t i = 0; i < command.positionals.size(); ++i) {
        const OptionNode& positional = command.positionals[i];
        std::string which = positional.repeatable ? "*" : std::to_string(i);
        out += fmt::format("        \"{} \"{}) expect='{}' ;;\n", command.path, which, expectation(positional));
    }
    for (const CommandNode& child : command.commands) {
        append_positional_arms(out, child);
    }
}

// Shell functions that bash and zsh read alike: no arrays, no reliance on word splitting.
std::string common_functions(const CommandNode& root) {
    std::string value_arms;
    append_value_arms(value_arms, root);
    std::vector<std::string> paths;
    append_paths(paths, root);
    std::string command_arms;
    append_command_arms(command_arms, root);
    std::string positional_arms;
    append_positional_arms(positional_arms, root);
    return fmt::format(R"(# What may follow option $2 of command $1, in $expect; fails when it takes no value.
_tideline_value() {{
    case "$1 $2" in
{0}        *) return 1 ;;
    esac
}}

# From the words before the cursor, without the program's: $options, and in $expect what else may come.
_tideline_plan() {{
    local word previous= at=tideline count=0
    options= expect=
    for word in "$@"; do
        if [ -n "$previous" ] && _tideline_value "$at" "$previous"; then
            previous= expect=
            continue
        fi
        previous=
        case "$at $word" in
        {1}) at="$at $word" ;;
        *) case "$word" in -?*) previous=$word ;; *) count=$((count + 1)) ;; esac ;;
        esac
    done
    if [ -n "$previous" ] && _tideline_value "$at" "$previous"; then
        return
    fi
    expect=
    case "$at" in
{2}    esac
    case "$at $count" in
{3}    esac
}}
)",
                       value_arms, fmt::join(paths, "|"), command_arms, positional_arms);
}

}  // namespace

std::string bash_completion(const CommandNode& root) {
    return "# bash completion for tideline; load it with: source <(tideline completion bash)\n\n" +
           common_functions(root) + R"sh(
_tideline() {
    local line=${COMP_LINE:0:COMP_POINT} words options expect current bootstrap=()
    # Bash's own words are cut at ':' and '=', which addresses and settings contain.
    read -ra words <<< "$line"
    if [[ $line == *' ' ]]; then
        words+=("")
    fi
    current=${words[-1]}
    _tideline_plan "${words[@]:1:${#words[@]}-2}"
    COMPREPLY=()
    if [[ $current == -* && $expect != nothing ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$current"))
        return
    fi
    case "$expect" in
        words\ *) COMPREPLY=($(compgen -W "${expect#words }" -- "$current")) ;;
        files) compopt -o filenames 2> /dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
        directories) compopt -o filenames 2> /dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
        topics | groups)
            if [[ $line =~ --bootstrap[=\ ]+([^ ]+) ]]; then
                bootstrap=(--bootstrap "${BASH_REMATCH[1]}")
            fi
            COMPREPLY=($(compgen -W "$("$1" "${expect%s}" list --names --timeout 1 "${bootstrap[@]}" 2> /dev/null)" -- "$current"))
            ;;
        nothing) ;;
        *) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    esac
}
complete -F _tideline tideline
)sh";
}

std::string zsh_completion(const CommandNode& root) {
    return "#compdef tideline\n# zsh completion for tideline: a file _tideline in a folder of $fpath, or source it.\n\n" +
           common_functions(root) + R"sh(
_tideline() {
    local options expect current=${words[CURRENT]}
    local -a bootstrap
    _tideline_plan "${(@)words[2,CURRENT-1]}"
    if [[ $current == -* && $expect != nothing ]]; then
        compadd -- ${=options}
        return
    fi
    case "$expect" in
        words\ *) compadd -- ${=expect#words } ;;
        files) _files ;;
        directories) _files -/ ;;
        topics | groups)
            if [[ "${words[*]}" =~ '--bootstrap[= ]+([^ ]+)' ]]; then
                bootstrap=(--bootstrap "${match[1]}")
            fi
            compadd -- ${(f)"$(${words[1]} ${expect%s} list --names --timeout 1 "${bootstrap[@]}" 2> /dev/null)"}
            ;;
        nothing) ;;
        *) compadd -- ${=options} ;;
    esac
}

# Autoloaded, the file is the function's first call; sourced, it only registers.
if [ "${funcstack[1]}" = "_tideline" ]; then
    _tideline "$@"
else
    compdef _tideline tideline
fi
)sh";
}

Outcome<ExitCode> run(const CompletionOptions& options, Console& console) {
    CommandNode root = command_tree();
    console.print(options.shell == "bash" ? bash_completion(root) : zsh_completion(root));
    return ExitCode::ok;
}

}  // namespace tideline::cli
