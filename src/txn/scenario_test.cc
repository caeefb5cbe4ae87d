// Every file of scenarios/ against its transcript.
#include "txn/scenario_testing.h"

namespace tideline::txn::testing {

namespace {

class Scenarios : public ::testing::TestWithParam<std::string> {};

TEST_P(Scenarios, GoAsTheirTranscriptSays) {
    coordinator::testing::expect_transcript(TL_TXN_SCENARIOS_DIR, GetParam(), [](const std::string& text) { return Scenario().play(text); });
}

INSTANTIATE_TEST_SUITE_P(Transactions, Scenarios, ::testing::ValuesIn(coordinator::testing::scenario_names(TL_TXN_SCENARIOS_DIR)),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace tideline::txn::testing
