#include "cli/group/resemblance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace tideline::cli {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

TEST(Resemblance, IsATypoAVersionOrAnotherSpelling) {
    EXPECT_TRUE(resembles("billing", "biling"));
    EXPECT_TRUE(resembles("billing", "billing-v2"));
    EXPECT_TRUE(resembles("billing.eu", "Billing_EU"));
    EXPECT_FALSE(resembles("billing", "shipping"));
    EXPECT_FALSE(resembles("app", "api"));
    EXPECT_FALSE(resembles("bill", "billing"));
}

// Ids as people make them: few words, versions, typos, other spellings.
class Ids {
public:
    explicit Ids(unsigned seed) : random_(seed) {}

    std::vector<std::string> some(std::size_t count) {
        std::vector<std::string> ids;
        while (ids.size() < count) {
            ids.push_back(ids.empty() || below(3) == 0 ? fresh() : changed(ids[below(ids.size())]));
        }
        return ids;
    }

private:
    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }
    template <std::size_t n>
    const char* one_of(const char* const (&texts)[n]) {
        return texts[below(n)];
    }

    std::string fresh() {
        std::string id;
        for (std::size_t words = 1 + below(4); words > 0; --words) {
            id += one_of({"app", "billing", "orders", "a", "eu", "ship", "7", "the-whole-warehouse", ""});
            id += one_of({"-", ".", "_", "", "--"});
        }
        return id;
    }
    std::string changed(std::string id) {
        for (std::size_t times = 1 + below(3); times > 0; --times) {
            const std::size_t at = below(id.size() + 1);
            switch (below(5)) {
                case 0: id.insert(at, one_of({"b", "L", "1", "-", "."})); break;
                case 1: id.erase(at, 1); break;
                case 2: id += one_of({"-v2", ".old", "_1", "x"}); break;
                case 3: id.resize(at); break;
                default: std::ranges::for_each(id, [&](char& c) { c = below(8) == 0 ? *one_of({"a", "O", "-", "2"}) : c; });
            }
        }
        return id;
    }

    std::mt19937 random_;
};

std::vector<std::string> compared_with_each(std::string_view id, std::vector<std::string> ids) {
    std::ranges::sort(ids);
    ids.erase(std::ranges::unique(ids).begin(), ids.end());
    std::erase_if(ids, [&](const std::string& other) { return other == id || !resembles(id, other); });
    return ids;
}

TEST(LookAlikes, AreThoseThatResembleTheIdWhateverTheIdsAre) {
    std::size_t found = 0;
    for (unsigned seed = 0; seed < 20; ++seed) {
        SCOPED_TRACE(seed);
        Ids ids(seed);
        const std::vector<std::string> listed = ids.some(80);
        const LookAlikes look_alikes(listed);
        for (const auto& asked : {listed, ids.some(40)}) {
            for (const std::string& id : asked) {
                auto all = look_alikes.of(id, kAll);
                found += all.size();
                auto sorted = all;
                std::ranges::sort(sorted);
                ASSERT_EQ(sorted, compared_with_each(id, listed)) << "of '" << id << "'";
                auto few = look_alikes.of(id, 2);
                all.resize(std::min<std::size_t>(all.size(), 2));
                ASSERT_EQ(few, all) << "of '" << id << "'";
            }
        }
    }
    EXPECT_GT(found, 1'000u) << "the ids have too little in common";
}

TEST(LookAlikes, OfNothingAreNone) {
    EXPECT_TRUE(LookAlikes({}).of("billing", kAll).empty());
    EXPECT_TRUE(LookAlikes({"billing"}).of("billing", kAll).empty());
    EXPECT_TRUE(LookAlikes({"billing"}).of("", kAll).empty());
}

}  // namespace
}  // namespace tideline::cli
