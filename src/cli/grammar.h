// cli/grammar.h: what the definitions of commands are written with: command_line.cc and command_line_*.cc.
//
// Only these include CLI11, which takes seconds to compile.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/options.h"

namespace tideline::cli {

template <class T>
struct Choice {
    const char* word;
    T value;
};

// An option whose value is one of `choices`; its type name "a|b" is what help and completion show.
template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& target, std::vector<Choice<T>> choices,
                        const std::string& description) {
    std::vector<std::string> words;
    for (const auto& choice : choices) {
        words.emplace_back(choice.word);
    }
    std::string joined = fmt::format("{}", fmt::join(words, "|"));
    auto set = [&target, choices = std::move(choices), joined, name](const std::string& word) {
        for (const auto& choice : choices) {
            if (word == choice.word) {
                target = choice.value;
                return;
            }
        }
        throw CLI::ValidationError(name, fmt::format("'{}' is not one of {}", word, joined));
    };
    return app.add_option_function<std::string>(name, set, description)->type_name(joined);
}

CLI::Option* add_word_choice(CLI::App& app, const std::string& name, std::string& target, std::vector<const char*> words,
                             const std::string& description);

// A repeatable KEY=VALUE option.
CLI::Option* add_key_values(CLI::App& app, const std::string& name, std::vector<KeyValue>& target, const std::string& description);

template <class T>
CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<T>& target, const std::string& value,
                      const std::string& description) {
    return app.add_option(name, target, description)->type_name(value)->allow_extra_args(false);
}

// Refuses numbers below `lowest`.
CLI::Option* at_least(CLI::Option* option, std::int64_t lowest);

// Binds every command to the options it fills, and remembers what was asked for.
class Grammar {
public:
    Grammar();

    CLI::App& app() { return app_; }
    // Needs a parse that reached a command.
    Command take_chosen() { return std::move(*chosen_); }

    // Options for a command; they live as long as the grammar.
    template <class Options>
    Options& make() {
        auto options = std::make_shared<Options>();
        options_.push_back(options);
        return *options;
    }

    // A word that only leads to commands.
    CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& description, std::string_view details);

    template <class Options>
    CLI::App& add_command(CLI::App& parent, const std::string& name, Options& options, const std::string& description,
                          std::string details) {
        CLI::App* command = parent.add_subcommand(name, description)->footer(std::move(details));
        command->callback([this, &options] { chosen_ = options; });
        return *command;
    }

    // One that talks to brokers; add_client() belongs to it.
    template <class Options>
    CLI::App& add_client_command(CLI::App& parent, const std::string& name, Options& options, const std::string& description,
                                 std::string_view details) {
        return add_command(parent, name, options, description, with_client_exit_codes(details));
    }

private:
    static std::string with_client_exit_codes(std::string_view details);

    CLI::App app_;
    std::optional<Command> chosen_;
    std::vector<std::shared_ptr<void>> options_;  // of all commands, each of another type
};

void add_output(CLI::App& command, OutputOptions& output);
// Last, so that in --help a command's own options come first.
void add_client(CLI::App& command, OutputOptions& output, ClientOptions& client);
void add_watch(CLI::App& command, std::optional<double>& seconds);

// The commands of one group each.
void add_group_commands(Grammar& grammar);
void add_txn_commands(Grammar& grammar);

}  // namespace tideline::cli
