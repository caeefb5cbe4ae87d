#include "cluster/broker_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/check.h"
#include "cluster/broker_property_row.h"
#include "log/log_config.h"

namespace tideline::cluster {

namespace {

std::vector<BrokerProperty> collect_properties() {
    std::vector<BrokerProperty> all;
    for (std::span<const Row> rows : {server_properties(), log_properties(), coordinator_properties(), security_properties()}) {
        all.insert(all.end(), rows.begin(), rows.end());
    }
    std::ranges::sort(all, {}, [](const BrokerProperty& property) { return property.row.name; });
    return all;
}

std::string upper(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return out;
}

const base::PropertyRow& row_of(std::string_view name) {
    const BrokerProperty* property = find_broker_property(name);
    TL_CHECK(property != nullptr);
    return property->row;
}

std::vector<ListenerAddress> parse_listeners(const std::vector<std::string>& texts, const BrokerConfig& config) {
    std::map<std::string, std::string> protocols;
    for (const std::string& pair : base::parse_list(config.text("listener.security.protocol.map"))) {
        std::size_t colon = pair.find(':');
        protocols[upper(pair.substr(0, colon))] = upper(pair.substr(std::min(pair.size(), colon + 1)));
    }
    std::vector<ListenerAddress> listeners;
    for (const std::string& text : texts) {
        auto listener = parse_listener(text);
        TL_CHECK(listener);  // judged in parse()
        auto at = protocols.find(listener->name);
        listener->protocol = at == protocols.end() ? "PLAINTEXT" : at->second;
        listeners.push_back(std::move(*listener));
    }
    return listeners;
}

bool is_controller_listener(const BrokerConfig& config, std::string_view name) {
    return std::ranges::any_of(config.list("controller.listener.names"), [&](const std::string& each) { return upper(each) == name; });
}

std::int64_t milliseconds(std::int64_t count, std::int64_t unit_ms) { return count < 0 ? -1 : count * unit_ms; }

}  // namespace

std::span<const BrokerProperty> broker_properties() {
    static const std::vector<BrokerProperty> kAll = collect_properties();
    return kAll;
}

const BrokerProperty* find_broker_property(std::string_view name) {
    auto all = broker_properties();
    auto at = std::ranges::lower_bound(all, name, {}, [](const BrokerProperty& property) { return property.row.name; });
    return at == all.end() || at->row.name != name ? nullptr : &*at;
}

std::string to_string(const ConfigProblem& problem) {
    return problem.where.empty() ? problem.message : fmt::format("{}: {}", problem.where, problem.message);
}

std::optional<ListenerAddress> parse_listener(std::string_view text) {
    std::size_t scheme = text.find("://");
    std::size_t colon = text.rfind(':');
    if (scheme == 0 || scheme == std::string_view::npos || colon < scheme + 3) {
        return std::nullopt;
    }
    ListenerAddress listener;
    listener.name = upper(text.substr(0, scheme));
    bool legal = std::ranges::all_of(listener.name, [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.'; });
    std::string_view host = text.substr(scheme + 3, colon - scheme - 3);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return std::nullopt;
    }
    listener.host = host;
    std::string_view port = text.substr(colon + 1);
    auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), listener.port);
    if (!legal || port.empty() || error != std::errc() || end != port.data() + port.size()) {
        return std::nullopt;
    }
    return listener;
}

BrokerConfig BrokerConfig::defaults() {
    auto config = parse({});
    TL_CHECK(config);
    return std::move(*config);
}

std::optional<std::string_view> BrokerConfig::set_value(std::string_view name) const {
    auto at = values_.find(name);
    return at == values_.end() ? std::nullopt : std::optional<std::string_view>(at->second);
}

std::optional<std::string_view> BrokerConfig::value(std::string_view name) const {
    auto set = set_value(name);
    return set ? set : row_of(name).default_value;
}

std::int64_t BrokerConfig::integer(std::string_view name) const {
    auto found = value(name);
    TL_CHECK(found);  // a row without a default is asked for with value()
    return base::parse_int(*found);
}

double BrokerConfig::real(std::string_view name) const {
    auto found = value(name);
    TL_CHECK(found);
    return base::parse_float(*found);
}

bool BrokerConfig::boolean(std::string_view name) const {
    auto found = value(name);
    TL_CHECK(found);
    return base::parse_bool(*found);
}

std::string BrokerConfig::text(std::string_view name) const { return std::string(value(name).value_or("")); }

std::vector<std::string> BrokerConfig::list(std::string_view name) const { return base::parse_list(value(name).value_or("")); }

BrokerConfig BrokerConfig::overlaid_with(const std::map<std::string, std::string, std::less<>>& values) const {
    BrokerConfig copy = *this;
    for (const auto& [name, value] : values) {
        const BrokerProperty* property = find_broker_property(name);
        // A broker's own (listeners, say) take a restart here, though Apache Kafka may have stored some; nobody has judged them.
        if (property != nullptr && property->row.update == base::PropertyUpdate::cluster_wide && !base::why_illegal(property->row, value)) {
            copy.values_[name] = value;
        }
    }
    return copy;
}

std::int32_t BrokerConfig::node_id() const {
    bool by_old_name = !set_value("node.id") && integer("broker.id") >= 0;
    return static_cast<std::int32_t>(integer(by_old_name ? "broker.id" : "node.id"));
}

std::vector<std::string> BrokerConfig::log_dirs() const {
    auto dirs = list("log.dirs");
    return dirs.empty() ? list("log.dir") : dirs;
}

std::string BrokerConfig::metadata_log_dir() const {
    auto set = value("metadata.log.dir");
    return set ? std::string(*set) : log_dirs().front();
}

std::vector<ListenerAddress> BrokerConfig::listeners() const {
    auto all = parse_listeners(list("listeners"), *this);
    std::erase_if(all, [&](const ListenerAddress& each) { return is_controller_listener(*this, each.name); });
    return all;
}

std::vector<ListenerAddress> BrokerConfig::controller_listeners() const {
    std::vector<ListenerAddress> found;
    // What is advertised goes before what is listened on: it is how others would reach it.
    for (std::string_view property : {"advertised.listeners", "listeners"}) {
        for (ListenerAddress& each : parse_listeners(list(property), *this)) {
            if (is_controller_listener(*this, each.name) && std::ranges::find(found, each.name, &ListenerAddress::name) == found.end()) {
                each.host = each.host.empty() || each.host == "0.0.0.0" || each.host == "::" ? "localhost" : each.host;
                found.push_back(std::move(each));
            }
        }
    }
    if (found.empty()) {
        found.push_back({upper(list("controller.listener.names").front()), "PLAINTEXT", "localhost", 9093});
    }
    return found;
}

std::vector<ListenerAddress> BrokerConfig::advertised_listeners(std::string_view host_name) const {
    auto advertised = parse_listeners(list("advertised.listeners"), *this);
    auto all = listeners();
    for (ListenerAddress& each : all) {
        if (auto at = std::ranges::find(advertised, each.name, &ListenerAddress::name); at != advertised.end()) {
            each = *at;
        }
        if (each.host.empty() || each.host == "0.0.0.0" || each.host == "::") {
            each.host = host_name;
        }
    }
    return all;
}

std::string BrokerConfig::inter_broker_listener() const {
    if (auto name = value("inter.broker.listener.name")) {
        return upper(*name);
    }
    auto all = listeners();
    auto at = std::ranges::find(all, text("security.inter.broker.protocol"), &ListenerAddress::name);
    return at == all.end() ? all.front().name : at->name;
}

std::optional<std::string> BrokerConfig::topic_default(std::string_view topic_property) const {
    auto number = [](std::int64_t value) { return std::optional(std::to_string(value)); };
    if (topic_property == "retention.ms" && !value("log.retention.ms")) {
        bool by_minutes = value("log.retention.minutes").has_value();
        return number(by_minutes ? milliseconds(integer("log.retention.minutes"), 60'000)
                                 : milliseconds(integer("log.retention.hours"), 3'600'000));
    }
    if (topic_property == "segment.ms" && !value("log.roll.ms")) {
        return number(milliseconds(integer("log.roll.hours"), 3'600'000));
    }
    if (topic_property == "segment.jitter.ms" && !value("log.roll.jitter.ms")) {
        return number(milliseconds(integer("log.roll.jitter.hours"), 3'600'000));
    }
    if (topic_property == "flush.ms" && !value("log.flush.interval.ms")) {
        return number(integer("log.flush.scheduler.interval.ms"));
    }
    const base::PropertyRow* row = log::find_topic_property(topic_property);
    if (row == nullptr || find_broker_property(row->broker_synonym) == nullptr) {
        return row == nullptr || !row->default_value ? std::nullopt : std::optional(std::string(*row->default_value));
    }
    auto found = value(row->broker_synonym);
    return found ? std::optional(std::string(*found)) : std::nullopt;
}

}  // namespace tideline::cluster
