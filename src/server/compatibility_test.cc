// docs/compatibility.md says what the tables say. Its generated parts stand between
//   <!-- generated: NAME -->  and  <!-- end of generated: NAME -->
// and are written anew by  TL_UPDATE_DOCS=1 tl_server_test --gtest_filter='CompatibilityPage.*'
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "cluster/broker_config.h"
#include "log/log_config.h"
#include "protocol/api_key.h"
#include "server/api_table.h"

namespace tideline::server {
namespace {

using cluster::BrokerProperty;
using cluster::Serving;

constexpr const char* kPage = TL_SOURCE_DIR "/docs/compatibility.md";

struct KnownApi {
    std::string_view name;
    std::int16_t key;
};
constexpr std::array kKnownApis{
#define TL_ROW(enumerator, name, key) KnownApi{#name, key},
    TL_API_KEYS(TL_ROW)
#undef TL_ROW
};
// Their versions went away with ZooKeeper; nobody serves them.
constexpr bool is_extinct(std::int16_t key) { return key >= 4 && key <= 7; }

std::string api_part() {
    std::string out = "| key | API | versions | advertised from |\n|--:|---|---|--:|\n";
    std::map<std::int16_t, const ApiRow*> rows;
    for (const ApiRow& row : served_apis()) {
        rows[static_cast<std::int16_t>(row.key)] = &row;
    }
    for (const auto& [key, row] : rows) {
        out += fmt::format("| {} | {} | {}–{} | {} |\n", key, row->name, row->min_version, row->max_version, row->advertised_min_version);
    }
    std::vector<std::string> missing;
    for (const KnownApi& api : kKnownApis) {
        if (!rows.contains(api.key) && !is_extinct(api.key)) {
            missing.push_back(fmt::format("{} ({})", api.name, api.key));
        }
    }
    return out + fmt::format("\nNot served, and not advertised: {}.\n", fmt::join(missing, ", "));
}

std::string_view name_of(base::PropertyType type) {
    switch (type) {
        case base::PropertyType::boolean: return "boolean";
        case base::PropertyType::string: return "string";
        case base::PropertyType::int32: return "int";
        case base::PropertyType::int16: return "short";
        case base::PropertyType::int64: return "long";
        case base::PropertyType::float64: return "double";
        case base::PropertyType::list: return "list";
        case base::PropertyType::klass: return "class";
        case base::PropertyType::password: return "password";
    }
    return "";
}

// The config APIs take a change of these, but the broker reads them once, at its start.
constexpr std::string_view kReadAtStart[] = {"producer.id.expiration.ms"};

std::string_view when_changed(const base::PropertyRow& row) {
    if (row.update == base::PropertyUpdate::read_only) {
        return "restart";
    }
    bool is_late = row.update == base::PropertyUpdate::per_broker || std::ranges::find(kReadAtStart, row.name) != std::end(kReadAtStart);
    return is_late ? "restart; in Kafka at run time" : "at run time";
}

std::string cell(std::optional<std::string_view> value) {
    if (!value) {
        return "";
    }
    return value->empty() ? "`\"\"`" : fmt::format("`{}`", *value);
}

std::string served_broker_part() {
    std::string out = "| property | type | default | change | |\n|---|---|---|---|---|\n";
    for (const BrokerProperty& each : cluster::broker_properties()) {
        if (each.serving == Serving::served) {
            out += fmt::format("| `{}` | {} | {} | {} | {} |\n", each.row.name, name_of(each.row.type), cell(each.row.default_value),
                               when_changed(each.row), each.row.description);
        }
    }
    return out;
}

// One line a reason, in the order of the reasons' first properties.
std::string part_by_reason(Serving serving) {
    std::vector<std::pair<std::string_view, std::vector<std::string>>> reasons;
    for (const BrokerProperty& each : cluster::broker_properties()) {
        if (each.serving != serving) {
            continue;
        }
        auto at = std::ranges::find(reasons, each.reason, [](const auto& reason) { return reason.first; });
        if (at == reasons.end()) {
            at = reasons.insert(reasons.end(), {each.reason, {}});
        }
        at->second.push_back(fmt::format("`{}`", each.row.name));
    }
    std::string out;
    for (const auto& [reason, names] : reasons) {
        out += fmt::format("- {}: {}\n", reason, fmt::join(names, ", "));
    }
    return out;
}

struct TopicServing {
    Serving serving = Serving::served;
    std::string_view reason;
};

// A topic property is served as its broker property is; some have none.
TopicServing serving_of(const base::PropertyRow& row) {
    if (row.name.ends_with(".throttled.replicas")) {
        return {Serving::accepted, "one node has no other replicas"};
    }
    if (row.name == "cleanup.policy") {
        return {Serving::served, "but `compact` keeps every record for now"};
    }
    if (row.name == "remote.storage.enable") {
        return {Serving::refused, "tiered storage is not served yet; true is INVALID_CONFIG"};
    }
    if (row.name.starts_with("remote.")) {
        return {Serving::accepted, "tiered storage is not served yet"};
    }
    const BrokerProperty* synonym = cluster::find_broker_property(row.broker_synonym);
    return synonym == nullptr ? TopicServing{} : TopicServing{synonym->serving, synonym->reason};
}

std::string words_of(const TopicServing& how) {
    switch (how.serving) {
        case Serving::served: return how.reason.empty() ? "served" : fmt::format("served, {}", how.reason);
        case Serving::accepted: return fmt::format("accepted: {}", how.reason);
        case Serving::refused: return fmt::format("refused: {}", how.reason);
    }
    return "";
}

std::string topic_part() {
    std::string out = "| property | type | default | broker property | | |\n|---|---|---|---|---|---|\n";
    for (const base::PropertyRow& row : log::topic_properties()) {
        std::string synonym = row.broker_synonym.empty() ? "" : fmt::format("`{}`", row.broker_synonym);
        out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", row.name, name_of(row.type), cell(row.default_value), synonym,
                           words_of(serving_of(row)), row.description);
    }
    return out;
}

std::string read_page() {
    std::ifstream file(kPage, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// Compares the part called `name` with `expected`, or puts it in its place.
void check_part(const std::string& name, const std::string& expected) {
    std::string page = read_page();
    std::string begin = fmt::format("<!-- generated: {} -->\n", name);
    std::string end = fmt::format("<!-- end of generated: {} -->", name);
    std::size_t from = page.find(begin);
    std::size_t to = page.find(end);
    ASSERT_TRUE(from != page.npos && to != page.npos) << "docs/compatibility.md has no part " << name;
    from += begin.size();
    if (std::getenv("TL_UPDATE_DOCS") != nullptr) {
        page.replace(from, to - from, expected);
        std::ofstream(kPage, std::ios::binary) << page;
        return;
    }
    EXPECT_EQ(page.substr(from, to - from), expected)
        << "write it anew: TL_UPDATE_DOCS=1 build/release/src/server/tl_server_test --gtest_filter='CompatibilityPage.*'";
}

TEST(CompatibilityPage, NamesEveryApiAndItsVersions) { check_part("apis", api_part()); }
TEST(CompatibilityPage, NamesEveryServedBrokerProperty) { check_part("broker properties, served", served_broker_part()); }
TEST(CompatibilityPage, SaysWhyPropertiesAreRefused) { check_part("broker properties, refused", part_by_reason(Serving::refused)); }
TEST(CompatibilityPage, SaysWhyPropertiesHaveNoEffect) { check_part("broker properties, accepted", part_by_reason(Serving::accepted)); }
TEST(CompatibilityPage, NamesEveryTopicProperty) { check_part("topic properties", topic_part()); }

TEST(CompatibilityPage, EveryPropertyWithoutEffectHasAReason) {
    for (const BrokerProperty& each : cluster::broker_properties()) {
        EXPECT_EQ(each.serving == Serving::served, each.reason.empty()) << each.row.name;
    }
}

}  // namespace
}  // namespace tideline::server
