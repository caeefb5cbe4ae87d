#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tideline::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

template <class Options>
Options parsed(std::vector<std::string> arguments) {
    auto command = parse_command_line(std::move(arguments));
    EXPECT_TRUE(command) << command.error().text;
    return command ? std::get<Options>(*command) : Options();
}

std::string refused(std::vector<std::string> arguments) {
    auto command = parse_command_line(std::move(arguments));
    EXPECT_FALSE(command);
    EXPECT_EQ(command.error().exit, ExitCode::usage);
    return command.error().text;
}

// The words of a shell line: quotes are honoured, a redirection or pipe ends it.
std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> words;
    std::string word;
    char quote = 0;
    bool inside = false;
    for (char c : line) {
        if (quote != 0) {
            if (c == quote) {
                quote = 0;
            } else {
                word += c;
            }
        } else if (c == '\'' || c == '"') {
            quote = c;
            inside = true;
        } else if (c == ' ' || c == '>' || c == '|' || c == ')') {
            if (inside) {
                words.push_back(std::exchange(word, ""));
            }
            inside = false;
            if (c != ' ') {
                break;
            }
        } else {
            word += c;
            inside = true;
        }
    }
    if (inside) {
        words.push_back(word);
    }
    return words;
}

std::vector<std::string> examples_of(const CommandNode& command) {
    std::vector<std::string> examples;
    std::istringstream lines(command.details);
    for (std::string line; std::getline(lines, line);) {
        for (std::string before : {"  tideline ", "| tideline ", "<(tideline "}) {
            if (std::size_t at = line.find(before); at != line.npos) {
                examples.push_back(line.substr(at + before.size()));
                break;
            }
        }
    }
    return examples;
}

void for_each_command(const CommandNode& node, const std::function<void(const CommandNode&)>& visit) {
    visit(node);
    for (const CommandNode& child : node.commands) {
        for_each_command(child, visit);
    }
}

TEST(CommandLine, EveryCommandHasAnExampleAndEveryExampleParses) {
    for_each_command(command_tree(), [](const CommandNode& command) {
        std::vector<std::string> examples = examples_of(command);
        EXPECT_FALSE(examples.empty()) << command.path;
        for (const std::string& example : examples) {
            auto result = parse_command_line(words_of(example));
            EXPECT_TRUE(result) << example << "\n" << result.error().text;
        }
    });
}

TEST(CommandLine, EveryCommandNamesItsExitCodes) {
    for_each_command(command_tree(), [](const CommandNode& command) {
        if (command.commands.empty() && command.path != "tideline completion") {
            EXPECT_THAT(command.details, HasSubstr("Exit codes:")) << command.path;
        }
    });
}

TEST(CommandLine, HelpOfEveryCommandIsWhatTheTreeSays) {
    for_each_command(command_tree(), [](const CommandNode& command) {
        std::vector<std::string> words = words_of(command.path + " --help");
        words.erase(words.begin());
        auto result = parse_command_line(words);
        ASSERT_FALSE(result) << command.path;
        EXPECT_EQ(result.error().exit, ExitCode::ok);
        EXPECT_EQ(result.error().text, render_help(command));
    });
}

// Regenerate with: TL_UPDATE_DOCS=1 build/release/src/cli/tl_cli_test --gtest_filter=CommandLine.*
TEST(CommandLine, TheDocumentationIsTheHelp) {
    const std::string path = std::string(TL_SOURCE_DIR) + "/docs/cli.md";
    const std::string wanted = render_markdown(command_tree());
    if (std::getenv("TL_UPDATE_DOCS") != nullptr) {
        std::ofstream(path) << wanted;
    }
    std::ifstream file(path);
    std::string written((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_EQ(written, wanted);
}

TEST(CommandLine, BootstrapComesFromTheOptionElseTheEnvironmentElseTheDefault) {
    ::unsetenv("TIDELINE_BOOTSTRAP");
    EXPECT_EQ(parsed<TopicListOptions>({"topic", "list"}).client.bootstrap, "127.0.0.1:9092");
    ::setenv("TIDELINE_BOOTSTRAP", "env:1", 1);
    EXPECT_EQ(parsed<TopicListOptions>({"topic", "list"}).client.bootstrap, "env:1");
    EXPECT_EQ(parsed<TopicListOptions>({"topic", "list", "--bootstrap", "option:2"}).client.bootstrap, "option:2");
    ::unsetenv("TIDELINE_BOOTSTRAP");
}

TEST(CommandLine, ARepeatableOptionTakesOneValueEachTime) {
    auto options = parsed<TopicCreateOptions>({"topic", "create", "--config", "a=1", "--config", "b=x=y", "orders"});
    EXPECT_EQ(options.topic, "orders");
    EXPECT_THAT(options.configs, ElementsAre(Pair("a", "1"), Pair("b", "x=y")));
}

TEST(CommandLine, AKeyValueWithoutAKeyOrEqualsSignIsRefused) {
    EXPECT_THAT(refused({"topic", "create", "t", "--config", "retention"}), HasSubstr("KEY=VALUE"));
    EXPECT_THAT(refused({"topic", "create", "t", "--config", "=1"}), HasSubstr("KEY=VALUE"));
}

TEST(CommandLine, FilesOfProduceMayBeArgumentsAndOptions) {
    auto options = parsed<ProduceOptions>({"produce", "t", "a", "--file", "b", "--file", "c"});
    EXPECT_THAT(options.files, ElementsAre("a", "b", "c"));
}

TEST(CommandLine, IdempotenceIsUndecidedUnlessAskedFor) {
    EXPECT_EQ(parsed<ProduceOptions>({"produce", "t"}).idempotent, std::nullopt);
    EXPECT_EQ(parsed<ProduceOptions>({"produce", "t", "--idempotent"}).idempotent, true);
    EXPECT_EQ(parsed<ProduceOptions>({"produce", "t", "--no-idempotent"}).idempotent, false);
    EXPECT_THAT(refused({"produce", "t", "--idempotent", "--acks", "1"}), HasSubstr("--acks all"));
}

TEST(CommandLine, TransactionsNeedAnIdAndAnIdempotentProducer) {
    auto options = parsed<ProduceOptions>({"produce", "t", "--transactional-id", "x", "--transaction-records", "10", "--abort"});
    EXPECT_EQ(options.transactional_id, "x");
    EXPECT_EQ(options.transaction_records, 10);
    EXPECT_TRUE(options.abort);
    EXPECT_THAT(refused({"produce", "t", "--transaction-records", "10"}), HasSubstr("--transactional-id"));
    EXPECT_THAT(refused({"produce", "t", "--abort"}), HasSubstr("--transactional-id"));
    EXPECT_THAT(refused({"produce", "t", "--transactional-id", ""}), HasSubstr("is empty"));
    EXPECT_THAT(refused({"produce", "t", "--transactional-id", "x", "--acks", "1"}), HasSubstr("--acks all"));
    EXPECT_THAT(refused({"produce", "t", "--transactional-id", "x", "--no-idempotent"}), HasSubstr("idempotent"));
    EXPECT_THAT(refused({"produce", "t", "--transactional-id", "x", "--transaction-records", "0"}), HasSubstr("from 1 on"));
}

TEST(CommandLine, AChoiceOutsideTheListIsRefusedAndTheListIsNamed) {
    EXPECT_THAT(refused({"produce", "t", "--compression", "rar"}), HasSubstr("none|gzip|snappy|lz4|zstd"));
    EXPECT_THAT(refused({"topic", "list", "-o", "xml"}), HasSubstr("text|json"));
}

TEST(CommandLine, CountsBelowTheirLowestAreRefused) {
    EXPECT_THAT(refused({"topic", "create", "t", "--partitions", "0"}), HasSubstr("from 1 on"));
    EXPECT_THAT(refused({"consume", "t", "--partition", "-1"}), HasSubstr("from 0 on"));
    EXPECT_THAT(refused({"topic", "create", "t", "--partitions", "3x"}), HasSubstr("from 1 on"));
}

TEST(CommandLine, ANegativePositionIsAValueNotAnOption) {
    EXPECT_EQ(parsed<ConsumeOptions>({"consume", "t", "--from=-20"}).from, "-20");
    EXPECT_EQ(parsed<ConsumeOptions>({"consume", "t", "--from", "-20"}).from, "-20");
}

TEST(CommandLine, OptionsThatExcludeEachOtherAreRefusedTogether) {
    EXPECT_THAT(refused({"consume", "t", "--follow", "--until", "end"}), HasSubstr("excludes"));
    EXPECT_THAT(refused({"produce", "t", "--key-regex", "x", "--key-separator", ":"}), HasSubstr("excludes"));
    EXPECT_THAT(refused({"consume", "t", "--group", "g", "--show-aborted"}), HasSubstr("excludes"));
}

TEST(CommandLine, AMistakeNamesTheCommandItWasMadeIn) {
    EXPECT_THAT(refused({"topic", "create", "t", "--foo"}), HasSubstr("See tideline topic create --help"));
}

TEST(CommandLine, AnUnknownCommandGetsASuggestion) {
    EXPECT_THAT(refused({"tpoic"}), HasSubstr("did you mean 'topic'?"));
    EXPECT_THAT(refused({"topic", "crate", "x"}), HasSubstr("did you mean 'create'?"));
}

TEST(CommandLine, AGroupWithoutACommandShowsItsHelpAsAMistake) {
    EXPECT_THAT(refused({}), HasSubstr("Commands:"));
    EXPECT_THAT(refused({"topic"}), HasSubstr("describe"));
}

TEST(CommandLine, ServeNeedsADirectoryOrAConfiguration) {
    EXPECT_THAT(refused({"serve"}), HasSubstr("--data-dir"));
    auto options = parsed<ServeOptions>({"serve", "--config", "f", "--set", "a=1", "--set", "b=2", "--log-format", "json",
                                         "--log-level", "warn"});
    EXPECT_EQ(options.config, "f");
    EXPECT_THAT(options.sets, ElementsAre(Pair("a", "1"), Pair("b", "2")));
    EXPECT_EQ(options.log_format, base::LogFormat::json);
    EXPECT_EQ(options.log_level, base::LogLevel::warn);
}

TEST(CommandLine, AlterWithoutAChangeIsRefused) {
    EXPECT_THAT(refused({"topic", "alter", "t"}), HasSubstr("--delete-config"));
}

TEST(CommandLine, VersionNamesUsAndTheClientLibrary) {
    auto end = parse_command_line({"--version"});
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().exit, ExitCode::ok);
    EXPECT_THAT(end.error().text, ::testing::MatchesRegex("tideline [0-9.]+ \\(librdkafka [0-9.]+\\)\n"));
}

}  // namespace
}  // namespace tideline::cli
