#include "cli/command_line.h"

#include "cli/edit_distance.h"
#include "cli/grammar.h"
#include "cli/help_text.h"
#include "cli/version.h"

namespace tideline::cli {
namespace {

void add_serve(Grammar& grammar) {
    auto& o = grammar.make<ServeOptions>();
    CLI::App& command = grammar.add_command(grammar.app(), "serve", o, "Run a broker", std::string(help::kServe));
    command.add_option("--data-dir", o.data_dir, "Where the broker keeps its data")->type_name("DIR");
    command
        .add_option("--listen", o.listen,
                    "The address to listen on; without it the configuration's listeners, or 127.0.0.1:9092")
        ->type_name("HOST:PORT");
    command.add_option("--config", o.config, "Properties in the form of Kafka's server.properties")
        ->type_name("FILE");
    add_key_values(command, "--set", o.sets, "One property; it wins over the file");
    using base::LogFormat;
    using base::LogLevel;
    add_choice<LogFormat>(command, "--log-format", o.log_format,
                          {{"text", LogFormat::text}, {"json", LogFormat::json}}, "The form of log lines on stderr")
        ->default_str("text");
    add_choice<LogLevel>(command, "--log-level", o.log_level,
                         {{"debug", LogLevel::debug},
                          {"info", LogLevel::info},
                          {"warn", LogLevel::warn},
                          {"error", LogLevel::error}},
                         "The lowest level that is logged")
        ->default_str("info");
}

void add_topic_create(Grammar& grammar, CLI::App& topic) {
    auto& o = grammar.make<TopicCreateOptions>();
    CLI::App& command = grammar.add_client_command(topic, "create", o, "Create a topic", help::kTopicCreate);
    command.add_option("NAME", o.topic, "The new topic")->required();
    at_least(command.add_option("--partitions", o.partitions, "How many; without it the broker's num.partitions"), 1);
    at_least(command.add_option("--replication-factor", o.replication_factor,
                                "Copies of each partition; without it the broker's default"),
             1);
    add_key_values(command, "--config", o.configs, "A property of the topic");
    command.add_flag("--if-not-exists", o.if_not_exists, "Be content when the topic is there already");
    add_client(command, o.output, o.client);
}

void add_topic_list(Grammar& grammar, CLI::App& topic) {
    auto& o = grammar.make<TopicListOptions>();
    CLI::App& command = grammar.add_client_command(topic, "list", o, "List the topics", help::kTopicList);
    command.add_flag("--internal", o.internal, "Show topics whose name begins with __, too");
    command.add_flag("--names", o.names, "Print names only, one a line");
    add_client(command, o.output, o.client);
}

void add_topic_describe(Grammar& grammar, CLI::App& topic) {
    auto& o = grammar.make<TopicDescribeOptions>();
    CLI::App& command = grammar.add_client_command(topic, "describe", o, "Show partitions, offsets and configuration",
                                                   help::kTopicDescribe);
    command.add_option("TOPIC", o.topics, "The topics")->type_name("TOPIC")->required();
    add_client(command, o.output, o.client);
}

void add_topic_alter(Grammar& grammar, CLI::App& topic) {
    auto& o = grammar.make<TopicAlterOptions>();
    CLI::App& command =
        grammar.add_client_command(topic, "alter", o, "Add partitions, change configuration", help::kTopicAlter);
    command.add_option("TOPIC", o.topic, "The topic")->type_name("TOPIC")->required();
    at_least(command.add_option("--partitions", o.partitions, "How many there shall be"), 1);
    add_key_values(command, "--config", o.configs, "A property to set");
    add_list(command, "--delete-config", o.deleted_configs, "KEY", "A property to give back to the broker's default");
    add_client(command, o.output, o.client);
}

void add_topic_delete(Grammar& grammar, CLI::App& topic) {
    auto& o = grammar.make<TopicDeleteOptions>();
    CLI::App& command = grammar.add_client_command(topic, "delete", o, "Delete topics and their records", help::kTopicDelete);
    command.add_option("TOPIC", o.topics, "The topics")->type_name("TOPIC")->required();
    command.add_flag("-y,--yes", o.yes, "Do not ask");
    command.add_flag("--if-exists", o.if_exists, "Be content when a topic is not there");
    add_client(command, o.output, o.client);
}

void add_topic_commands(Grammar& grammar) {
    CLI::App& topic = grammar.add_group(grammar.app(), "topic", "Create, look at, change and delete topics", help::kTopic);
    add_topic_create(grammar, topic);
    add_topic_list(grammar, topic);
    add_topic_describe(grammar, topic);
    add_topic_alter(grammar, topic);
    add_topic_delete(grammar, topic);
}

void add_produce_transactions(CLI::App& command, ProduceOptions& o) {
    CLI::Option* id = command.add_option("--transactional-id", o.transactional_id,
                                         "Send in transactions under this id: all records in one, unless told otherwise")
                          ->type_name("ID");
    at_least(command.add_option("--transaction-records", o.transaction_records, "Commit after so many records, and begin anew"), 1)
        ->needs(id);
    command.add_flag("--abort", o.abort, "Abort each transaction instead of committing it")->needs(id);
}

void add_produce(Grammar& grammar) {
    auto& o = grammar.make<ProduceOptions>();
    CLI::App& command = grammar.add_client_command(grammar.app(), "produce", o, "Send records, read from files or standard input",
                                                   help::kProduce);
    command.add_option("TOPIC", o.topic, "The topic to send to")->type_name("TOPIC")->required();
    command.add_option("FILE", o.files, "What to read; - is standard input")->type_name("FILE");
    auto append = [&o](const std::vector<std::string>& files) {
        o.files.insert(o.files.end(), files.begin(), files.end());
    };
    command.add_option_function<std::vector<std::string>>("--file", append, "The same as an option")
        ->type_name("FILE")
        ->allow_extra_args(false);
    add_choice<SplitOn>(
        command, "--split-on", o.split_on,
        {{"line", SplitOn::line}, {"blank-line", SplitOn::blank_line}, {"file", SplitOn::file}},
        "Where a record ends")
        ->default_str("line");
    command.add_option("--separator", o.separator, "The text between records, instead of --split-on")
        ->type_name("TEXT");
    CLI::Option* key_separator =
        command.add_option("--key-separator", o.key_separator, "The text between key and value")->type_name("TEXT");
    command.add_option("--key-regex", o.key_regex, "Finds the key in the value")
        ->type_name("REGEX")
        ->excludes(key_separator);
    command.add_flag("--key-optional", o.key_optional, "Send records that have no key without one");
    add_key_values(command, "--header", o.headers, "A header for every record");
    command.add_option("--null-marker", o.null_marker, "A key or value that is this text is sent as null")
        ->type_name("TEXT");
    add_word_choice(command, "--compression", o.compression, {"none", "gzip", "snappy", "lz4", "zstd"},
                    "How to compress batches");
    at_least(command.add_option("--partition", o.partition, "Send everything to this partition"), 0);
    add_word_choice(command, "--acks", o.acks, {"all", "1", "0"}, "Who must have a record before it counts");
    // Not bound to the variable itself: CLI11 takes an optional<bool> for a count and sets it to 0.
    command.add_flag_function(
        "--idempotent,!--no-idempotent", [&o](std::int64_t count) { o.idempotent = count > 0; },
        "Retries never duplicate or reorder (default: on with --acks all)");
    command.add_flag("--auto-create", o.auto_create, "Let the broker create a missing topic, if it is set up to");
    add_produce_transactions(command, o);
    add_client(command, o.output, o.client);
}

void add_consume(Grammar& grammar) {
    auto& o = grammar.make<ConsumeOptions>();
    CLI::App& command = grammar.add_client_command(grammar.app(), "consume", o, "Read records", help::kConsume);
    command.add_option("TOPIC", o.topic, "The topic to read")->type_name("TOPIC")->required();
    CLI::Option* partitions =
        at_least(add_list(command, "-p,--partition", o.partitions, "N", "A partition to read; without it all"), 0);
    command.add_option("--from", o.from, "Where to start")->type_name("POSITION")->default_str(o.from);
    CLI::Option* until = command.add_option("--until", o.until, "Where to stop; without it the end as of now")
                             ->type_name("POSITION");
    at_least(command.add_option("-n,--count", o.count, "Stop after so many records"), 0);
    command.add_flag("-f,--follow", o.follow, "Wait for more records at the end")->excludes(until);
    command.add_option("--format", o.format, "What to print for a record")->type_name("FORMAT")->default_str("%s\\n");
    command.add_option("--null-marker", o.null_marker, "What --format prints for a null key or value")
        ->type_name("TEXT");
    add_word_choice(command, "--isolation", o.isolation, {"read_uncommitted", "read_committed"},
                    "Whether to see records of open and aborted transactions");
    CLI::Option* show_aborted = command.add_flag(
        "--show-aborted", o.show_aborted, "Leave nothing out, and mark each record committed, aborted or open");
    command.add_option("-g,--group", o.group, "Read as a member of this consumer group, and commit what was printed")
        ->type_name("GROUP")
        ->excludes(show_aborted)
        ->excludes(partitions)
        ->excludes(until);
    add_client(command, o.output, o.client);
}

void add_cluster_info(Grammar& grammar, CLI::App& cluster) {
    auto& o = grammar.make<ClusterInfoOptions>();
    CLI::App& command =
        grammar.add_client_command(cluster, "info", o, "Show the cluster's id, controller and brokers", help::kClusterInfo);
    add_client(command, o.output, o.client);
}

void add_log_dump(Grammar& grammar, CLI::App& log) {
    auto& o = grammar.make<LogDumpOptions>();
    CLI::App& command = grammar.add_command(log, "dump", o, "Decode segments, indexes, snapshots and checkpoints",
                                            std::string(help::kLogDump));
    command.add_option("FILE", o.files, "The files")->type_name("FILE")->required();
    add_word_choice(command, "--kind", o.kind,
                    {"auto", "log", "index", "timeindex", "txnindex", "producer-state", "snapshot",
                     "offset-checkpoint", "leader-epoch", "partition", "meta", "quorum-state"},
                    "What the files are");
    command.add_flag("--records", o.records, "Print the records inside batches");
    add_output(command, o.output);
}

void add_completion(Grammar& grammar) {
    auto& o = grammar.make<CompletionOptions>();
    CLI::App& command = grammar.add_command(grammar.app(), "completion", o, "Print the completion script of a shell",
                                            std::string(help::kCompletion));
    add_word_choice(command, "SHELL", o.shell, {"bash", "zsh"}, "Which shell")->required();
}

void add_all(Grammar& grammar) {
    add_serve(grammar);
    add_topic_commands(grammar);
    add_produce(grammar);
    add_consume(grammar);
    add_cluster_info(grammar, grammar.add_group(grammar.app(), "cluster", "Look at the cluster", help::kCluster));
    add_group_commands(grammar);
    add_txn_commands(grammar);
    add_log_dump(grammar, grammar.add_group(grammar.app(), "log", "Look at files of a data directory", help::kLog));
    add_completion(grammar);
}

OptionNode describe(const CLI::Option& option) {
    OptionNode node;
    if (option.get_positional()) {
        node.names.push_back(option.get_name(true));
    } else {
        for (const std::string& name : option.get_snames()) {
            node.names.push_back("-" + name);
        }
        for (const std::string& name : option.get_lnames()) {
            node.names.push_back("--" + name);
        }
    }
    node.value = option.get_items_expected_max() == 0 ? "" : option.get_type_name();
    node.description = option.get_description();
    node.default_value = option.get_default_str();
    node.environment = option.get_envname();
    node.required = option.get_required();
    node.repeatable = option.get_items_expected_max() > 1;
    return node;
}

CommandNode describe(CLI::App& app, const std::string& parent_path) {
    CommandNode node;
    node.path = parent_path.empty() ? app.get_name() : parent_path + " " + app.get_name();
    node.description = app.get_description();
    node.details = app.get_footer();
    for (const CLI::Option* option : app.get_options()) {
        (option->get_positional() ? node.positionals : node.options).push_back(describe(*option));
    }
    // CLI11 puts -h, the option of least interest, first.
    std::ranges::rotate(node.options, node.options.begin() + 1);
    for (CLI::App* child : app.get_subcommands([](CLI::App*) { return true; })) {
        node.commands.push_back(describe(*child, node.path));
    }
    return node;
}

// The command that the words before the mistake or --help had reached.
CommandNode reached(CLI::App& app) {
    CLI::App* at = &app;
    std::string parent;
    while (!at->get_subcommands().empty()) {
        parent += (parent.empty() ? "" : " ") + at->get_name();
        at = at->get_subcommands().front();
    }
    return describe(*at, parent);
}

std::string unknown_command(const CommandNode& group, std::string_view word) {
    std::string text = fmt::format("'{}' is not a command", word);
    for (const CommandNode& command : group.commands) {
        if (edit_distance(word, command.name()) <= 2) {
            return text + fmt::format("; did you mean '{}'?", command.name());
        }
    }
    return text;
}

ParseEnd mistake(const CommandNode& at, std::string_view what) {
    return {ExitCode::usage, fmt::format("{}: {}\n  See {} --help\n", at.path, what, at.path)};
}

}  // namespace

std::expected<Command, ParseEnd> parse_command_line(std::vector<std::string> arguments) {
    Grammar grammar;
    add_all(grammar);
    CLI::App& app = grammar.app();
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them last first
        Command command = grammar.take_chosen();
        if (auto wrong = contradiction(command)) {
            return std::unexpected(mistake(reached(app), *wrong));
        }
        return command;
    } catch (const CLI::CallForHelp&) {
        return std::unexpected(ParseEnd{ExitCode::ok, render_help(reached(app))});
    } catch (const CLI::CallForVersion&) {
        return std::unexpected(ParseEnd{ExitCode::ok, version_text() + "\n"});
    } catch (const CLI::ParseError& error) {
        CommandNode at = reached(app);
        if (!at.commands.empty()) {
            // Path words are arguments, so what follows them is the word that is no command.
            auto depth = static_cast<std::size_t>(std::ranges::count(at.path, ' '));
            return std::unexpected(arguments.size() > depth
                                       ? mistake(at, unknown_command(at, arguments[depth]))
                                       : ParseEnd{ExitCode::usage, render_help(at)});
        }
        return std::unexpected(mistake(at, error.what()));
    }
}

CommandNode command_tree() {
    Grammar grammar;
    add_all(grammar);
    return describe(grammar.app(), "");
}

}  // namespace tideline::cli
