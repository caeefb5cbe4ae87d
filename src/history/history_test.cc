// Hand-written histories, and simulated ones: a broker that is right, and one that lies once.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "history/check.h"
#include "history/load.h"
#include "history/simulated_clients.h"

namespace tideline::history {
namespace {

std::vector<std::string> verdicts(const Findings& findings) {
    std::vector<std::string> names;
    for (std::size_t n = 0; n < kVerdicts; ++n) {
        if (findings.count(static_cast<Verdict>(n)) > 0) {
            names.emplace_back(name_of(static_cast<Verdict>(n)));
        }
    }
    return names;
}

Findings checked(std::istream& in) {
    History history;
    Loader loader(history);
    const auto loaded = loader.load(in, "test");
    EXPECT_TRUE(loaded) << loader.where() << ": " << loaded.error().note;
    return check(history);
}

Findings checked(const std::string& lines) {
    std::istringstream in(lines);
    return checked(in);
}

std::vector<std::filesystem::path> histories() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(TL_HISTORIES_DIR)) {
        files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

// VERDICT.WHAT.hit.jsonl or VERDICT.WHAT.miss.jsonl
class HandWritten : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(HandWritten, HasTheVerdictOfItsNameAndNoOther) {
    const std::string file = GetParam().filename().string();
    std::ifstream in(GetParam());
    const Findings findings = checked(in);
    if (file.ends_with(".hit.jsonl")) {
        EXPECT_THAT(verdicts(findings), testing::ElementsAre(file.substr(0, file.find('.')))) << findings.text();
    } else {
        EXPECT_TRUE(file.ends_with(".miss.jsonl"));
        EXPECT_TRUE(findings.empty()) << findings.text();
    }
}

std::string test_name(const testing::TestParamInfo<std::filesystem::path>& info) {
    std::string name = info.param.stem().string();
    std::ranges::replace_if(name, [](char c) { return c == '-' || c == '.'; }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Histories, HandWritten, testing::ValuesIn(histories()), test_name);

TEST(HandWrittenHistories, HaveAHitAndANearMissForEveryVerdict) {
    std::set<std::string> found;
    for (const auto& path : histories()) {
        const std::string file = path.filename().string();
        found.insert(file.substr(0, file.find('.')) + (file.ends_with(".hit.jsonl") ? " hit" : " miss"));
    }
    for (std::size_t n = 0; n < kVerdicts; ++n) {
        for (const std::string_view kind : {"hit", "miss"}) {
            EXPECT_TRUE(found.contains(fmt::format("{} {}", name_of(static_cast<Verdict>(n)), kind)))
                << name_of(static_cast<Verdict>(n)) << " " << kind;
        }
    }
}

struct Simulated {
    bool is_damaged;
    Findings findings;
};

Simulated simulated(std::uint64_t seed, Damage damage) {
    History history;
    Loader loader(history);
    const SimulatedRun run{.seed = seed, .operations = 2000, .damage = damage};
    const bool is_damaged = record_simulated(run, [&](std::string_view line) {
        std::string bytes(line);
        const auto loaded = loader.load_line(bytes);
        ASSERT_TRUE(loaded) << line << ": " << loaded.error().note;
    });
    return {is_damaged, check(history)};
}

TEST(SimulatedHistories, ProveNothingAgainstABrokerThatIsRight) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        const auto [is_damaged, findings] = simulated(seed, Damage::none);
        ASSERT_TRUE(findings.empty()) << "seed " << seed << "\n" << findings.text();
    }
}

// Any of these is the damage, told from one side or the other.
std::vector<std::string> told_by(Damage damage) {
    static const std::map<Damage, std::vector<std::string>> told{
        {Damage::loses_acknowledged, {"lost-write"}},
        {Damage::stores_twice, {"duplicate"}},
        {Damage::stores_in_other_order, {"duplicate", "reordered"}},
        {Damage::stores_what_nobody_sent, {"ghost"}},
        {Damage::shows_another_value, {"inconsistent-offsets", "duplicate", "ghost"}},
        {Damage::shows_aborted, {"aborted-read", "torn-transaction"}},  // the latter if its commit was asked for
        {Damage::shows_open, {"aborted-read", "precommitted-read"}},
        {Damage::leaves_out_of_a_poll, {"poll-skip"}},
        {Damage::goes_back_in_a_poll, {"nonmonotonic-poll"}},
        {Damage::damages_a_record, {"corrupt"}},
        {Damage::tears_a_transaction, {"torn-transaction", "offset-outputs-split"}},
        {Damage::forgets_an_offset, {"offset-regression", "double-processing", "offset-outputs-split"}},
        {Damage::commits_an_aborted_offset, {"aborted-read", "offset-outputs-split", "precommitted-read"}},
        {Damage::lowers_a_watermark, {"watermark-regression"}},
        {Damage::lets_a_transaction_hang, {"hanging-transaction"}},
        {Damage::acknowledges_a_zombie, {"zombie-ack"}},
        {Damage::cuts_the_end, {"unseen"}},
    };
    return told.at(damage);
}

TEST(SimulatedHistories, ProveEachDamageThatIsDone) {
    constexpr std::uint64_t kSeeds = 40;
    for (int n = 1; n < kDamages; ++n) {
        std::uint64_t damaged = 0;
        for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
            const auto [is_damaged, findings] = simulated(seed, static_cast<Damage>(n));
            damaged += is_damaged;
            const auto found = verdicts(findings);
            const auto told = told_by(static_cast<Damage>(n));
            const bool is_told = std::ranges::any_of(told, [&](const auto& name) { return std::ranges::count(found, name) > 0; });
            ASSERT_EQ(is_told, is_damaged) << "damage " << n << ", seed " << seed << "\n" << findings.text();
        }
        EXPECT_GE(damaged, 3u) << "damage " << n;
    }
}

TEST(Loading, ALineCutByTheDeathOfItsProcessIsPassedOver) {
    EXPECT_TRUE(checked("{\"event\":\"send\",\"id\":1,\"partition\":\"p\",\"value\":\"a\"}\n{\"event\":\"se").empty());
}

TEST(Loading, ALineThatIsNotOfTheFormatIsNamed) {
    for (const std::string_view bad : {"{", "[]", "{}", "{\"event\":\"nothing\"}", "{\"event\":\"sent\",\"id\":7}",
                                       "{\"event\":\"poll\",\"partition\":\"p\"}", "{\"event\":\"ended\"}",
                                       "{\"event\":\"up\"}", "{\"event\":\"process\",\"name\":\"a\"} x",
                                       "{\"event\":\"process\",\"at\":1.5}", "{\"event\":\"process\",\"name\":\"\\q\"}"}) {
        History history;
        Loader loader(history);
        std::istringstream in(fmt::format("# a remark\n\n{}\n", bad));
        EXPECT_FALSE(loader.load(in, "file")) << bad;
        EXPECT_EQ(loader.where(), "file:3");
    }
}

TEST(Loading, AValueIsSentOnce) {
    History history;
    Loader loader(history);
    const std::string line = "{\"event\":\"send\",\"id\":1,\"partition\":\"p\",\"value\":\"a\"}\n";
    std::istringstream in(line + line);
    EXPECT_FALSE(loader.load(in, "file"));
}

TEST(Loading, EscapesAreUndone) {
    const Findings findings =
        checked("{\"event\":\"send\",\"id\":1,\"partition\":\"p\",\"value\":\"\\u00e4\\n\\\"\", \"more\":{\"a\":[1,null,{}]}}\n"
                "{\"event\":\"sent\",\"id\":1,\"outcome\":\"ok\",\"offset\":0}\n"
                "{\"event\":\"poll\",\"partition\":\"p\",\"position\":0,\"next\":1,\"records\":[[0,\"\xc3\xa4\\n\\\"\"]]}\n");
    EXPECT_TRUE(findings.empty()) << findings.text();
}

}  // namespace
}  // namespace tideline::history
