#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/command_line.h"

namespace tideline::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

// A folder with the script, a stand-in for `tideline topic list` and a file to complete.
class Completion : public ::testing::Test {
protected:
    Completion() {
        std::string name = (std::filesystem::temp_directory_path() / "tideline-completion-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        std::ofstream(folder_ / "bash") << bash_completion(command_tree());
        std::ofstream(folder_ / "zsh") << zsh_completion(command_tree());
        std::ofstream(folder_ / "Packages") << "";
        std::ofstream(folder_ / "tideline") << "#!/bin/sh\necho \"$@\" > " << (folder_ / "asked").string()
                                            << "\nprintf 'orders\\npayments\\n'\n";
        std::filesystem::permissions(folder_ / "tideline", std::filesystem::perms::owner_all);
    }
    ~Completion() override { std::filesystem::remove_all(folder_); }

    std::vector<std::string> lines_of(const std::string& command) {
        std::vector<std::string> lines;
        std::FILE* pipe = ::popen(command.c_str(), "r");
        std::string text;
        for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
            if (c == '\n') {
                lines.push_back(std::exchange(text, ""));
            } else {
                text += static_cast<char>(c);
            }
        }
        EXPECT_EQ(::pclose(pipe), 0) << command;
        return lines;
    }

    // What bash offers when Tab is pressed at the end of `line`.
    std::vector<std::string> offered(const std::string& line) {
        std::string script = "cd " + folder_.string() + "; source ./bash; COMP_LINE='" + line +
                             "'; COMP_POINT=${#COMP_LINE}; _tideline ./tideline; "
                             "if [ ${#COMPREPLY[@]} -gt 0 ]; then printf '%s\\n' \"${COMPREPLY[@]}\"; fi";
        return lines_of("bash -c " + quoted(script));
    }

    static std::string quoted(const std::string& text) {
        std::string out = "'";
        for (char c : text) {
            out += c == '\'' ? std::string("'\\''") : std::string(1, c);
        }
        return out + "'";
    }

    std::filesystem::path folder_;
};

TEST_F(Completion, OffersCommandsAndSubcommands) {
    EXPECT_THAT(offered("tideline "), UnorderedElementsAre("serve", "topic", "produce", "consume", "cluster", "group", "txn", "log", "completion"));
    EXPECT_THAT(offered("tideline to"), ElementsAre("topic"));
    EXPECT_THAT(offered("tideline topic "), UnorderedElementsAre("create", "list", "describe", "alter", "delete"));
}

TEST_F(Completion, OffersTheOptionsOfTheCommandAtHand) {
    EXPECT_THAT(offered("tideline topic create x --part"), ElementsAre("--partitions"));
    EXPECT_THAT(offered("tideline produce orders --"), IsSupersetOf({"--split-on", "--key-regex", "--bootstrap", "--help"}));
    EXPECT_THAT(offered("tideline produce orders --"), Not(Contains("--partitions")));
}

TEST_F(Completion, OffersChoicesOfAnOption) {
    EXPECT_THAT(offered("tideline produce orders --compression "), ElementsAre("none", "gzip", "snappy", "lz4", "zstd"));
    EXPECT_THAT(offered("tideline topic list -o j"), ElementsAre("json"));
    EXPECT_THAT(offered("tideline completion "), ElementsAre("bash", "zsh"));
}

TEST_F(Completion, OffersTopicsOfTheBrokerThatTheLineNames) {
    EXPECT_THAT(offered("tideline consume "), ElementsAre("orders", "payments"));
    EXPECT_THAT(offered("tideline topic describe --bootstrap h:1 pay"), ElementsAre("payments"));
    std::ifstream asked(folder_ / "asked");
    std::string line;
    std::getline(asked, line);
    EXPECT_EQ(line, "topic list --names --timeout 1 --bootstrap h:1");
}

TEST_F(Completion, OffersFilesWhereFilesAreWanted) {
    EXPECT_THAT(offered("tideline produce orders Pack"), ElementsAre("Packages"));
    EXPECT_THAT(offered("tideline log dump Pack"), ElementsAre("Packages"));
    EXPECT_THAT(offered("tideline serve --config Pack"), ElementsAre("Packages"));
}

TEST_F(Completion, AnOptionsValueIsNotTakenForAnArgument) {
    EXPECT_THAT(offered("tideline produce --header a=b "), ElementsAre("orders", "payments"));
}

TEST_F(Completion, OffersNothingWhereNothingIsKnown) {
    EXPECT_THAT(offered("tideline topic create --partitions "), IsEmpty());
    EXPECT_THAT(offered("tideline topic create "), IsEmpty());
}

TEST_F(Completion, TheZshScriptOffersTheSame) {
    ASSERT_EQ(std::system("command -v zsh > /dev/null"), 0) << "zsh is not installed; scripts/test installs what tests need";
    auto zsh_offered = [&](const std::string& words, int current) {
        // The functions of zsh's own that the script ends in, replaced by ones that print.
        std::string script = "cd " + folder_.string() +
                             "; compdef() { }; compadd() { shift; print -l -- \"$@\" }; _files() { print FILES \"$@\" }; "
                             "source ./zsh; words=(" + words + "); CURRENT=" + std::to_string(current) + "; _tideline";
        return lines_of("zsh -f -c " + quoted(script));
    };
    EXPECT_THAT(zsh_offered("tideline topic ''", 3), UnorderedElementsAre("create", "list", "describe", "alter", "delete"));
    EXPECT_THAT(zsh_offered("./tideline consume ''", 3), ElementsAre("orders", "payments"));
    EXPECT_THAT(zsh_offered("tideline produce orders --compression ''", 5), Contains("zstd"));
    EXPECT_THAT(zsh_offered("tideline produce orders --h", 4), Contains("--header"));
    EXPECT_THAT(zsh_offered("tideline log dump ''", 4), ElementsAre("FILES"));
}

}  // namespace
}  // namespace tideline::cli
