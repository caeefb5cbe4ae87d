#include "cli/command_line.h"

#include <numeric>

// The only file that includes CLI11: it takes seconds to compile.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/help_text.h"
#include "cli/version.h"

namespace tideline::cli {
namespace {

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

CLI::Option* add_word_choice(CLI::App& app, const std::string& name, std::string& target,
                             std::vector<const char*> words, const std::string& description) {
    std::vector<Choice<std::string>> choices;
    for (const char* word : words) {
        choices.push_back({word, word});
    }
    return add_choice(app, name, target, std::move(choices), description)->default_str(target);
}

// A repeatable KEY=VALUE option.
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

template <class T>
CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<T>& target, const std::string& value,
                      const std::string& description) {
    return app.add_option(name, target, description)->type_name(value)->allow_extra_args(false);
}

// Refuses numbers below `lowest`.
CLI::Option* at_least(CLI::Option* option, std::int64_t lowest) {
    auto check = [lowest](const std::string& text) {
        std::int64_t number = 0;
        bool good = CLI::detail::lexical_cast(text, number) && number >= lowest;
        return good ? std::string() : fmt::format("'{}' is not a whole number from {} on", text, lowest);
    };
    return option->check(check)->type_name("N");
}

// Binds every command to the options it fills; `chosen` is what was asked for.
class Grammar {
public:
    Grammar() : app_("Tideline, an event-streaming platform that speaks Kafka", "tideline") {
        app_.footer(std::string(help::kRoot));
        app_.require_subcommand(1);
        app_.set_version_flag("--version", version_text(), "Show the version and exit");
        add_serve();
        add_topic_commands();
        add_produce();
        add_consume();
        CLI::App* cluster = add_group(app_, "cluster", "Look at the cluster", help::kCluster);
        add_cluster_info(*cluster);
        add_group_commands();
        add_txn_commands();
        CLI::App* log = add_group(app_, "log", "Look at files of a data directory", help::kLog);
        add_log_dump(*log);
        add_completion();
    }

    CLI::App& app() { return app_; }
    Command take_chosen() { return std::move(*chosen_); }

private:
    CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& description,
                        std::string_view details) {
        CLI::App* group = parent.add_subcommand(name, description)->footer(std::string(details));
        group->require_subcommand(1);
        return group;
    }

    template <class Options>
    CLI::App& add_command(CLI::App& parent, const std::string& name, Options& options, const std::string& description,
                          std::string details) {
        CLI::App* command = parent.add_subcommand(name, description)->footer(std::move(details));
        command->callback([this, &options] { chosen_ = options; });
        return *command;
    }

    template <class Options>
    CLI::App& add_client_command(CLI::App& parent, const std::string& name, Options& options,
                                 const std::string& description, std::string_view details) {
        return add_command(parent, name, options, description,
                           std::string(details) + std::string(help::kClientExitCodes));
    }

    void add_output(CLI::App& command, OutputOptions& output) {
        add_choice<bool>(command, "-o,--output", output.json, {{"text", false}, {"json", true}},
                         "How to print what is printed")
            ->default_str("text");
    }

    // Last, so that in --help a command's own options come first.
    void add_client(CLI::App& command, OutputOptions& output, ClientOptions& client) {
        add_output(command, output);
        command.add_option("--bootstrap", client.bootstrap, "The brokers to ask first, separated by commas")
            ->type_name("HOST:PORT")
            ->envname("TIDELINE_BOOTSTRAP")
            ->default_str(kDefaultBootstrap);
        auto positive = [](const std::string& text) {
            double seconds = 0;
            return CLI::detail::lexical_cast(text, seconds) && seconds > 0 && seconds < 1e6
                       ? std::string()
                       : fmt::format("'{}' is not a number of seconds above 0", text);
        };
        command.add_option("--timeout", client.timeout_seconds, "How long to wait for an answer of a broker")
            ->type_name("SECONDS")
            ->check(positive)
            ->each([&client](const std::string&) { client.timeout_given = true; })
            ->default_str("10");
        add_key_values(command, "-X,--property", client.properties,
                       "A property of librdkafka, e.g. security.protocol=SSL");
        command.add_flag("-v,--verbose", client.verbose, "Show what librdkafka logs");
    }

    void add_serve() {
        ServeOptions& o = serve_;
        CLI::App& command = add_command(app_, "serve", o, "Run a broker", std::string(help::kServe));
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

    void add_topic_commands() {
        CLI::App& topic = *add_group(app_, "topic", "Create, look at, change and delete topics", help::kTopic);
        add_topic_create(topic);
        add_topic_list(topic);
        add_topic_describe(topic);
        add_topic_alter(topic);
        add_topic_delete(topic);
    }

    void add_topic_create(CLI::App& topic) {
        TopicCreateOptions& o = topic_create_;
        CLI::App& command = add_client_command(topic, "create", o, "Create a topic", help::kTopicCreate);
        command.add_option("NAME", o.topic, "The new topic")->required();
        at_least(command.add_option("--partitions", o.partitions, "How many; without it the broker's num.partitions"), 1);
        at_least(command.add_option("--replication-factor", o.replication_factor,
                                    "Copies of each partition; without it the broker's default"),
                 1);
        add_key_values(command, "--config", o.configs, "A property of the topic");
        command.add_flag("--if-not-exists", o.if_not_exists, "Be content when the topic is there already");
        add_client(command, o.output, o.client);
    }

    void add_topic_list(CLI::App& topic) {
        TopicListOptions& o = topic_list_;
        CLI::App& command = add_client_command(topic, "list", o, "List the topics", help::kTopicList);
        command.add_flag("--internal", o.internal, "Show topics whose name begins with __, too");
        command.add_flag("--names", o.names, "Print names only, one a line");
        add_client(command, o.output, o.client);
    }

    void add_topic_describe(CLI::App& topic) {
        TopicDescribeOptions& o = topic_describe_;
        CLI::App& command = add_client_command(topic, "describe", o, "Show partitions, offsets and configuration",
                                               help::kTopicDescribe);
        command.add_option("TOPIC", o.topics, "The topics")->type_name("TOPIC")->required();
        add_client(command, o.output, o.client);
    }

    void add_topic_alter(CLI::App& topic) {
        TopicAlterOptions& o = topic_alter_;
        CLI::App& command =
            add_client_command(topic, "alter", o, "Add partitions, change configuration", help::kTopicAlter);
        command.add_option("TOPIC", o.topic, "The topic")->type_name("TOPIC")->required();
        at_least(command.add_option("--partitions", o.partitions, "How many there shall be"), 1);
        add_key_values(command, "--config", o.configs, "A property to set");
        add_list(command, "--delete-config", o.deleted_configs, "KEY", "A property to give back to the broker's default");
        add_client(command, o.output, o.client);
    }

    void add_topic_delete(CLI::App& topic) {
        TopicDeleteOptions& o = topic_delete_;
        CLI::App& command = add_client_command(topic, "delete", o, "Delete topics and their records", help::kTopicDelete);
        command.add_option("TOPIC", o.topics, "The topics")->type_name("TOPIC")->required();
        command.add_flag("-y,--yes", o.yes, "Do not ask");
        command.add_flag("--if-exists", o.if_exists, "Be content when a topic is not there");
        add_client(command, o.output, o.client);
    }

    void add_produce() {
        ProduceOptions& o = produce_;
        CLI::App& command = add_client_command(app_, "produce", o, "Send records, read from files or standard input",
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

    void add_produce_transactions(CLI::App& command, ProduceOptions& o) {
        CLI::Option* id = command.add_option("--transactional-id", o.transactional_id,
                                             "Send in transactions under this id: all records in one, unless told otherwise")
                              ->type_name("ID");
        at_least(command.add_option("--transaction-records", o.transaction_records, "Commit after so many records, and begin anew"), 1)
            ->needs(id);
        command.add_flag("--abort", o.abort, "Abort each transaction instead of committing it")->needs(id);
    }

    void add_consume() {
        ConsumeOptions& o = consume_;
        CLI::App& command = add_client_command(app_, "consume", o, "Read records", help::kConsume);
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

    void add_cluster_info(CLI::App& cluster) {
        ClusterInfoOptions& o = cluster_info_;
        CLI::App& command =
            add_client_command(cluster, "info", o, "Show the cluster's id, controller and brokers", help::kClusterInfo);
        add_client(command, o.output, o.client);
    }

    void add_group_commands() {
        CLI::App& group = *add_group(app_, "group", "Look at consumer groups and move them", help::kGroup);
        add_group_views(group);
        add_group_doctor(group);
        add_group_deletes(group);
        add_group_reset(group);
    }

    void add_watch(CLI::App& command, std::optional<double>& seconds) {
        auto positive = [](const std::string& text) {
            double number = 0;
            return CLI::detail::lexical_cast(text, number) && number > 0 && number < 1e6
                       ? std::string()
                       : fmt::format("'{}' is not a number of seconds above 0", text);
        };
        command.add_option("--watch", seconds, "Show it again every so many seconds, until Ctrl-C")
            ->type_name("SECONDS")
            ->check(positive);
    }

    void add_group_views(CLI::App& group) {
        CLI::App& list =
            add_client_command(group, "list", group_list_, "List the groups", help::kGroupList);
        list.add_flag("--names", group_list_.names, "Print names only, one a line");
        add_client(list, group_list_.output, group_list_.client);

        GroupDescribeOptions& d = group_describe_;
        CLI::App& describe = add_client_command(group, "describe", d, "Show state, members, offsets and lag",
                                                help::kGroupDescribe);
        describe.add_option("GROUP", d.group, "The group")->type_name("GROUP")->required();
        add_watch(describe, d.watch_seconds);
        add_client(describe, d.output, d.client);

        GroupMembersOptions& m = group_members_;
        CLI::App& members = add_client_command(group, "members", m, "Show who reads what", help::kGroupMembers);
        members.add_option("GROUP", m.group, "The group")->type_name("GROUP")->required();
        add_client(members, m.output, m.client);

        GroupLagOptions& l = group_lag_;
        CLI::App& lag = add_client_command(group, "lag", l, "Show how far behind groups are", help::kGroupLag);
        lag.add_option("GROUP", l.groups, "The groups; without it all")->type_name("GROUP");
        add_watch(lag, l.watch_seconds);
        add_client(lag, l.output, l.client);
    }

    void add_group_doctor(CLI::App& group) {
        GroupDoctorOptions& o = group_doctor_;
        CLI::App& command =
            add_client_command(group, "doctor", o, "Say what is wrong with groups, and what to do", help::kGroupDoctor);
        command.add_option("GROUP", o.groups, "The groups; without it all")->type_name("GROUP");
        command
            .add_option("--patience", o.patience, "How long reads may be ahead of commits before that is a finding")
            ->type_name("DURATION")
            ->capture_default_str();
        add_client(command, o.output, o.client);
    }

    void add_group_deletes(CLI::App& group) {
        GroupDeleteOptions& d = group_delete_;
        CLI::App& all = add_client_command(group, "delete", d, "Delete groups and their offsets", help::kGroupDelete);
        all.add_option("GROUP", d.groups, "The groups")->type_name("GROUP")->required();
        all.add_flag("-y,--yes", d.yes, "Do not ask");
        add_client(all, d.output, d.client);

        GroupDeleteOffsetsOptions& o = group_delete_offsets_;
        CLI::App& some = add_client_command(group, "delete-offsets", o, "Delete what a group committed for topics",
                                            help::kGroupDeleteOffsets);
        some.add_option("GROUP", o.group, "The group")->type_name("GROUP")->required();
        add_list(some, "--topic", o.topics, "TOPIC", "A topic, or TOPIC:0,2 for some of its partitions")->required();
        some.add_flag("-y,--yes", o.yes, "Do not ask");
        add_client(some, o.output, o.client);
    }

    void add_group_reset(CLI::App& group) {
        GroupResetOptions& o = group_reset_;
        CLI::App& command =
            add_client_command(group, "reset", o, "Move a group to other offsets", help::kGroupReset);
        command.add_option("GROUP", o.group, "The group")->type_name("GROUP")->required();
        add_list(command, "--topic", o.topics, "TOPIC",
                 "A topic, or TOPIC:0,2 for some of its partitions; without it all that the group has committed");
        command.add_flag("--to-earliest", o.to_earliest, "To the first record there is");
        command.add_flag("--to-latest", o.to_latest, "To the end");
        command.add_flag("--to-current", o.to_current, "To where it is (for --to-group)");
        at_least(command.add_option("--to-offset", o.to_offset, "To this offset"), 0);
        command.add_option("--shift-by", o.shift_by, "So many records on, or back (write --shift-by=-20)")
            ->type_name("N");
        command.add_option("--to-datetime", o.to_datetime, "To the first record at or after a time, ISO 8601")
            ->type_name("TIME");
        command.add_option("--by-duration", o.by_duration, "The same, counted back from now")->type_name("DURATION");
        command.add_option("--from-file", o.from_file, "To the offsets in a file")->type_name("FILE");
        command.add_option("--to-group", o.to_group, "Set the offsets in this group instead")->type_name("GROUP");
        command.add_flag("--execute", o.execute, "Do it");
        command
            .add_option("--save", o.save,
                        "Where to keep the offsets that are replaced; without it a file here, named after group and time")
            ->type_name("FILE");
        add_client(command, o.output, o.client);
    }

    void add_txn_commands() {
        CLI::App& txn = *add_group(app_, "txn", "See what transactions hold back, and end what hangs", help::kTxn);
        add_txn_list(txn);
        add_txn_describe(txn);
        add_txn_hanging(txn);
        add_txn_abort(txn);
    }

    void add_txn_list(CLI::App& txn) {
        TxnListOptions& o = txn_list_;
        CLI::App& command = add_client_command(txn, "list", o, "List open transactions", help::kTxnList);
        command.add_flag("--all", o.all, "Show idle transactional ids, too");
        command.add_option("--longer-than", o.longer_than, "Only what has been open for longer")->type_name("DURATION");
        command.add_option("--pattern", o.pattern, "Only transactional ids that match this as a whole (RE2 syntax)")->type_name("REGEX");
        add_watch(command, o.watch_seconds);
        add_client(command, o.output, o.client);
    }

    void add_txn_describe(CLI::App& txn) {
        TxnDescribeOptions& o = txn_describe_;
        CLI::App& command =
            add_client_command(txn, "describe", o, "Say what holds partitions back, who waits, and when it ends", help::kTxnDescribe);
        CLI::Option* topics =
            command.add_option("TOPIC", o.topics, "A topic, or TOPIC:0,2 for some of its partitions; without it all that is held back")
                ->type_name("TOPIC");
        command.add_option("--transactional-id", o.transactional_id, "The transaction of this id instead")->type_name("ID")->excludes(topics);
        add_watch(command, o.watch_seconds);
        add_client(command, o.output, o.client);
    }

    void add_txn_hanging(CLI::App& txn) {
        TxnHangingOptions& o = txn_hanging_;
        CLI::App& command = add_client_command(txn, "hanging", o, "Find transactions that nobody will end", help::kTxnHanging);
        command.add_option("TOPIC", o.topics, "A topic, or TOPIC:0,2 for some of its partitions; without it all")->type_name("TOPIC");
        add_watch(command, o.watch_seconds);
        add_client(command, o.output, o.client);
    }

    void add_txn_abort(CLI::App& txn) {
        TxnAbortOptions& o = txn_abort_;
        CLI::App& command = add_client_command(txn, "abort", o, "Abort a transaction", help::kTxnAbort);
        command.add_option("PARTITION", o.partition, "What it holds back, as TOPIC:PARTITION")->type_name("TOPIC:PARTITION");
        command.add_option("--transactional-id", o.transactional_id, "The transaction of this id instead")->type_name("ID");
        at_least(command.add_option("--producer-id", o.producer_id,
                                    "The transaction of this producer; without it the one that holds the partition back"),
                 0);
        command.add_flag("--execute", o.execute, "Do it");
        command.add_flag("--force", o.force, "Even if its producer seems to be alive");
        add_client(command, o.output, o.client);
    }

    void add_log_dump(CLI::App& log) {
        LogDumpOptions& o = log_dump_;
        CLI::App& command = add_command(log, "dump", o, "Decode segments, indexes, snapshots and checkpoints",
                                        std::string(help::kLogDump));
        command.add_option("FILE", o.files, "The files")->type_name("FILE")->required();
        add_word_choice(command, "--kind", o.kind,
                        {"auto", "log", "index", "timeindex", "txnindex", "producer-state", "snapshot",
                         "offset-checkpoint", "leader-epoch", "partition", "meta", "quorum-state"},
                        "What the files are");
        command.add_flag("--records", o.records, "Print the records inside batches");
        add_output(command, o.output);
    }

    void add_completion() {
        CompletionOptions& o = completion_;
        CLI::App& command = add_command(app_, "completion", o, "Print the completion script of a shell",
                                        std::string(help::kCompletion));
        add_word_choice(command, "SHELL", o.shell, {"bash", "zsh"}, "Which shell")->required();
    }

    CLI::App app_;
    std::optional<Command> chosen_;
    ServeOptions serve_;
    TopicCreateOptions topic_create_;
    TopicListOptions topic_list_;
    TopicDescribeOptions topic_describe_;
    TopicAlterOptions topic_alter_;
    TopicDeleteOptions topic_delete_;
    ProduceOptions produce_;
    ConsumeOptions consume_;
    ClusterInfoOptions cluster_info_;
    GroupListOptions group_list_;
    GroupDescribeOptions group_describe_;
    GroupMembersOptions group_members_;
    GroupLagOptions group_lag_;
    GroupDoctorOptions group_doctor_;
    GroupDeleteOptions group_delete_;
    GroupDeleteOffsetsOptions group_delete_offsets_;
    GroupResetOptions group_reset_;
    TxnListOptions txn_list_;
    TxnDescribeOptions txn_describe_;
    TxnHangingOptions txn_hanging_;
    TxnAbortOptions txn_abort_;
    LogDumpOptions log_dump_;
    CompletionOptions completion_;
};

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

// How many letters must change, come or go to make `a` of `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
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
    return describe(grammar.app(), "");
}

}  // namespace tideline::cli
