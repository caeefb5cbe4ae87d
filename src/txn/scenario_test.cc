// Every file of scenarios/ against its transcript. TL_UPDATE_SCENARIOS=1 writes them anew: read the difference.
#include <dirent.h>

#include <cstdlib>
#include <fstream>

#include "txn/scenario_testing.h"

namespace tideline::txn::testing {

namespace {

std::vector<std::string> scenario_files() {
    std::vector<std::string> files;
    auto* directory = opendir(TL_TXN_SCENARIOS_DIR);
    while (auto* entry = readdir(directory)) {
        std::string name = entry->d_name;
        if (name.ends_with(".txt")) {
            files.push_back(name.substr(0, name.size() - 4));
        }
    }
    closedir(directory);
    std::ranges::sort(files);
    return files;
}

class Scenarios : public ::testing::TestWithParam<std::string> {};

TEST_P(Scenarios, GoAsTheirTranscriptSays) {
    auto path = std::string(TL_TXN_SCENARIOS_DIR) + "/" + GetParam() + ".txt";
    std::ifstream in(path);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    ASSERT_FALSE(text.empty());
    auto played = Scenario().play(text);
    if (std::getenv("TL_UPDATE_SCENARIOS") != nullptr) {
        std::ofstream(path) << played;
    } else {
        EXPECT_EQ(played, text);
    }
}

INSTANTIATE_TEST_SUITE_P(Transactions, Scenarios, ::testing::ValuesIn(scenario_files()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace tideline::txn::testing
