// coordinator/scenario_file_testing.h: files of commands in which each is followed by what it brought, in lines that begin with '|'.
#pragma once

#include <dirent.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace tideline::coordinator::testing {

// A line "name plain… key=value…".
struct Command {
    std::string name;
    std::vector<std::string> plain;
    std::map<std::string, std::string> options;

    static Command parse(const std::string& line) {
        Command command;
        std::istringstream in(line);
        in >> command.name;
        for (std::string word; in >> word;) {
            auto equals = word.find('=');
            if (equals == std::string::npos) {
                command.plain.push_back(word);
            } else {
                command.options[word.substr(0, equals)] = word.substr(equals + 1);
            }
        }
        return command;
    }
};

// The whole file again, with what `run(command)` says of each command; '#' begins a comment.
template <class Run>
std::string play_commands(const std::string& text, Run run) {
    std::istringstream in(text);
    std::ostringstream out;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("|")) {
            continue;
        }
        out << line << "\n";
        if (!line.empty() && !line.starts_with("#")) {
            out << run(Command::parse(line));
        }
    }
    return out.str();
}

inline std::vector<std::string> scenario_names(const std::string& folder) {
    std::vector<std::string> names;
    auto* directory = opendir(folder.c_str());
    while (auto* entry = readdir(directory)) {
        std::string name = entry->d_name;
        if (name.ends_with(".txt")) {
            names.push_back(name.substr(0, name.size() - 4));
        }
    }
    closedir(directory);
    std::ranges::sort(names);
    return names;
}

// Plays one file against its transcript. TL_UPDATE_SCENARIOS=1 writes it anew: read the difference.
template <class Play>
void expect_transcript(const std::string& folder, const std::string& name, Play play) {
    auto path = folder + "/" + name + ".txt";
    std::ifstream in(path);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    ASSERT_FALSE(text.empty());
    std::string played = play(text);
    if (std::getenv("TL_UPDATE_SCENARIOS") != nullptr) {
        std::ofstream(path) << played;
    } else {
        EXPECT_EQ(played, text);
    }
}

}  // namespace tideline::coordinator::testing
