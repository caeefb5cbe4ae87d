// tl_check_history: reads recorded histories and says what they prove against the broker.
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "history/check.h"
#include "history/load.h"
#include "history/simulated_clients.h"

namespace tideline::history {
namespace {

constexpr std::string_view kUsage =
    "tl_check_history FILE…                          checks one history, of which each process recorded a file\n"
    "tl_check_history --simulate OPERATIONS [SEED]   prints the history of a simulated broker that is right\n";

constexpr int kExitFound = 1;
constexpr int kExitUnreadable = 2;

int simulate(const std::vector<std::string_view>& words) {
    SimulatedRun run;
    const std::pair<std::size_t, std::uint64_t*> numbers[] = {{1, &run.operations}, {2, &run.seed}};
    for (const auto& [index, number] : numbers) {
        if (index >= words.size()) {
            continue;
        }
        const std::string_view word = words[index];
        if (std::from_chars(word.data(), word.data() + word.size(), *number).ptr != word.data() + word.size()) {
            std::cerr << kUsage;
            return kExitUnreadable;
        }
    }
    std::ios::sync_with_stdio(false);
    record_simulated(run, [](std::string_view line) { std::cout << line << '\n'; });
    return 0;
}

int check_files(const std::vector<std::string_view>& files) {
    History history;
    Loader loader(history);
    for (const std::string_view file : files) {
        const std::filesystem::path path(file);
        std::ifstream in(path);
        if (!in) {
            std::cerr << fmt::format("{}: cannot be read\n", file);
            return kExitUnreadable;
        }
        if (const auto loaded = loader.load(in, path.stem().string()); !loaded) {
            std::cerr << fmt::format("{}: {}\n", loader.where(), loaded.error().note);
            return kExitUnreadable;
        }
    }
    const Findings findings = check(history);
    std::cout << fmt::format("{} operations, {} partitions, {} records, {} transactions\n", history.operations,
                             history.partitions.size(), history.sends.size(), history.transactions.size());
    std::cout << (findings.empty() ? "nothing found\n" : findings.text());
    return findings.empty() ? 0 : kExitFound;
}

int run(const std::vector<std::string_view>& words) {
    if (words.empty() || words[0] == "--help") {
        std::cerr << kUsage;
        return kExitUnreadable;
    }
    return words[0] == "--simulate" ? simulate(words) : check_files(words);
}

}  // namespace
}  // namespace tideline::history

int main(int count, char** words) { return tideline::history::run({words + 1, words + count}); }
