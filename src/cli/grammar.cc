#include "cli/grammar.h"

#include "cli/help_text.h"
#include "cli/version.h"

namespace tideline::cli {
namespace {

// A check for an option that is a number of seconds.
std::string why_no_seconds(const std::string& text) {
    double seconds = 0;
    return CLI::detail::lexical_cast(text, seconds) && seconds > 0 && seconds < 1e6
               ? std::string()
               : fmt::format("'{}' is not a number of seconds above 0", text);
}

}  // namespace

CLI::Option* add_word_choice(CLI::App& app, const std::string& name, std::string& target,
                             std::vector<const char*> words, const std::string& description) {
    std::vector<Choice<std::string>> choices;
    for (const char* word : words) {
        choices.push_back({word, word});
    }
    return add_choice(app, name, target, std::move(choices), description)->default_str(target);
}

CLI::Option* add_key_values(CLI::App& app, const std::string& name, std::vector<KeyValue>& target,
                            const std::string& description) {
    auto set = [&target, name](const std::vector<std::string>& words) {
        for (const std::string& word : words) {
            std::size_t equals = word.find('=');
            if (equals == 0 || equals == word.npos) {
                throw CLI::ValidationError(name, fmt::format("'{}' is not of the form KEY=VALUE", word));
            }
            target.emplace_back(word.substr(0, equals), word.substr(equals + 1));
        }
    };
    return app.add_option_function<std::vector<std::string>>(name, set, description)
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
}

CLI::Option* at_least(CLI::Option* option, std::int64_t lowest) {
    auto check = [lowest](const std::string& text) {
        std::int64_t number = 0;
        bool good = CLI::detail::lexical_cast(text, number) && number >= lowest;
        return good ? std::string() : fmt::format("'{}' is not a whole number from {} on", text, lowest);
    };
    return option->check(check)->type_name("N");
}

Grammar::Grammar() : app_("Tideline, an event-streaming platform that speaks Kafka", "tideline") {
    app_.footer(std::string(help::kRoot));
    app_.require_subcommand(1);
    app_.set_version_flag("--version", version_text(), "Show the version and exit");
}

CLI::App& Grammar::add_group(CLI::App& parent, const std::string& name, const std::string& description, std::string_view details) {
    CLI::App* group = parent.add_subcommand(name, description)->footer(std::string(details));
    group->require_subcommand(1);
    return *group;
}

std::string Grammar::with_client_exit_codes(std::string_view details) {
    return std::string(details) + std::string(help::kClientExitCodes);
}

void add_output(CLI::App& command, OutputOptions& output) {
    add_choice<bool>(command, "-o,--output", output.json, {{"text", false}, {"json", true}},
                     "How to print what is printed")
        ->default_str("text");
}

void add_client(CLI::App& command, OutputOptions& output, ClientOptions& client) {
    add_output(command, output);
    command.add_option("--bootstrap", client.bootstrap, "The brokers to ask first, separated by commas")
        ->type_name("HOST:PORT")
        ->envname("TIDELINE_BOOTSTRAP")
        ->default_str(kDefaultBootstrap);
    command.add_option("--timeout", client.timeout_seconds, "How long to wait for an answer of a broker")
        ->type_name("SECONDS")
        ->check(why_no_seconds)
        ->each([&client](const std::string&) { client.timeout_given = true; })
        ->default_str("10");
    add_key_values(command, "-X,--property", client.properties,
                   "A property of librdkafka, e.g. security.protocol=SSL");
    command.add_flag("-v,--verbose", client.verbose, "Show what librdkafka logs");
}

void add_watch(CLI::App& command, std::optional<double>& seconds) {
    command.add_option("--watch", seconds, "Show it again every so many seconds, until Ctrl-C")
        ->type_name("SECONDS")
        ->check(why_no_seconds);
}

}  // namespace tideline::cli
