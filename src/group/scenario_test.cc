// Every file of scenarios/ against its transcript.
#include "group/scenario_testing.h"

namespace tideline::group::testing {

namespace {

class Scenarios : public ::testing::TestWithParam<std::string> {};

TEST_P(Scenarios, GoAsTheirTranscriptSays) {
    coordinator::testing::expect_transcript(TL_GROUP_SCENARIOS_DIR, GetParam(), [](const std::string& text) { return Scenario().play(text); });
}

INSTANTIATE_TEST_SUITE_P(Group, Scenarios, ::testing::ValuesIn(coordinator::testing::scenario_names(TL_GROUP_SCENARIOS_DIR)),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace tideline::group::testing
