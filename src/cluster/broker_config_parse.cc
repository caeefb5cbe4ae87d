// BrokerConfig::parse(): each property by itself, then what they say together.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cluster/broker_config.h"

namespace tideline::cluster {

namespace {

using Problem = std::optional<ConfigProblem>;
using Places = std::map<std::string, std::string, std::less<>>;  // property → where it was set

// Properties of plug-ins that Kafka hands on unread; what would load the plug-in is judged by its own row.
bool is_handed_on(std::string_view name) {
    return name.starts_with("rlmm.config.") || name.starts_with("rsm.config.") || name.starts_with("metrics.jmx.") ||
           name.starts_with("config.providers.");
}

std::string why_unknown(std::string_view name) {
    if (name.starts_with("zookeeper.") || name == "inter.broker.protocol.version" || name == "log.message.format.version") {
        return fmt::format("property '{}' went away with Kafka 4; remove it", name);
    }
    if (name.starts_with("listener.name.")) {
        return fmt::format("property '{}': settings for a single listener are not served yet", name);
    }
    return fmt::format("unknown property '{}'", name);
}

bool is_default(const base::PropertyRow& row, std::string_view value) {
    return row.type == base::PropertyType::boolean ? base::parse_bool(value) == base::parse_bool(row.default_value.value_or("false"))
                                                   : value == row.default_value.value_or("");
}

Problem judge(const std::string& name, const std::string& value, const std::string& where) {
    const BrokerProperty* property = find_broker_property(name);
    if (property == nullptr) {
        return ConfigProblem{where, why_unknown(name)};
    }
    if (auto why = base::why_illegal(property->row, value)) {
        bool secret = property->row.type == base::PropertyType::password;
        return ConfigProblem{where, fmt::format("property '{}': {} (found '{}')", name, *why, secret ? "[hidden]" : value)};
    }
    if (property->serving == Serving::refused && !is_default(property->row, value)) {
        return ConfigProblem{where, fmt::format("property '{}' cannot be honoured: {}", name, property->reason)};
    }
    return std::nullopt;
}

bool same_name(std::string_view upper_name, std::string_view name) {
    auto other = parse_listener(fmt::format("{}://:0", name));
    return other && other->name == upper_name;
}

// What the properties say together; each judge sees only values that are legal by themselves.
class Judge {
public:
    Judge(const BrokerConfig& config, const Places& places) : config_(config), places_(places) {}

    Problem all() const {
        using Step = Problem (Judge::*)() const;
        for (Step step : {&Judge::node, &Judge::quorum, &Judge::listener_syntax, &Judge::protocols, &Judge::controller_listeners,
                          &Judge::broker_listeners, &Judge::advertised, &Judge::inter_broker, &Judge::directories, &Judge::times,
                          &Judge::sizes, &Judge::group_times, &Judge::group_words}) {
            if (auto problem = (this->*step)()) {
                return problem;
            }
        }
        return std::nullopt;
    }

private:
    Problem problem(std::string_view property, std::string message) const {
        auto at = places_.find(property);
        return ConfigProblem{at == places_.end() ? std::string() : at->second, fmt::format("property '{}': {}", property, message)};
    }

    Problem node() const {
        auto roles = config_.list("process.roles");
        std::ranges::sort(roles);
        if (roles != std::vector<std::string>{"broker", "controller"}) {
            return problem("process.roles", "Tideline is broker and controller in one process; set broker,controller");
        }
        if (auto old_id = config_.integer("broker.id"); config_.set_value("node.id") && old_id >= 0 && old_id != config_.integer("node.id")) {
            return problem("broker.id", "must be the same as node.id");
        }
        return std::nullopt;
    }

    Problem quorum() const {
        auto voters = config_.list("controller.quorum.voters");
        if (voters.size() > 1 || config_.list("controller.quorum.bootstrap.servers").size() > 1) {
            return problem(voters.size() > 1 ? "controller.quorum.voters" : "controller.quorum.bootstrap.servers",
                           "a quorum of several controllers is not served yet");
        }
        if (!voters.empty() && voters.front().substr(0, voters.front().find('@')) != std::to_string(config_.node_id())) {
            return problem("controller.quorum.voters", fmt::format("must name this node as {}@host:port", config_.node_id()));
        }
        return std::nullopt;
    }

    Problem listener_syntax() const {
        for (std::string_view property : {"listeners", "advertised.listeners"}) {
            std::set<std::string> names;
            std::set<std::pair<std::string, std::uint16_t>> addresses;
            for (const std::string& text : config_.list(property)) {
                auto listener = parse_listener(text);
                if (!listener) {
                    return problem(property, fmt::format("'{}' is not of the form NAME://host:port", text));
                }
                if (!names.insert(listener->name).second) {
                    return problem(property, fmt::format("listener {} is there twice", listener->name));
                }
                if (property == "listeners" && listener->port != 0 && !addresses.insert({listener->host, listener->port}).second) {
                    return problem(property, fmt::format("port {} is there twice", listener->port));
                }
            }
        }
        if (config_.list("listeners").empty()) {
            return problem("listeners", "there must be at least one");
        }
        return std::nullopt;
    }

    Problem protocols() const {
        std::set<std::string> mapped;
        for (const std::string& pair : config_.list("listener.security.protocol.map")) {
            auto as_listener = parse_listener(pair.substr(0, pair.find(':')) + "://:0");
            std::string_view protocol = std::string_view(pair).substr(std::min(pair.size(), pair.find(':') + 1));
            static constexpr std::string_view kKnown[] = {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"};
            if (pair.find(':') == std::string::npos || !as_listener || std::ranges::find(kKnown, protocol) == std::end(kKnown)) {
                return problem("listener.security.protocol.map", fmt::format("'{}' is not of the form NAME:PROTOCOL", pair));
            }
            mapped.insert(as_listener->name);
        }
        for (const std::string& text : config_.list("listeners")) {
            auto listener = parse_listener(text);
            bool implied = !config_.set_value("listener.security.protocol.map") && is_controller(listener->name);
            if (!mapped.contains(listener->name) && !implied) {
                return problem("listeners", fmt::format("no security protocol is given for listener {}; name it in "
                                                        "listener.security.protocol.map", listener->name));
            }
        }
        return std::nullopt;
    }

    Problem broker_listeners() const {
        auto listeners = config_.listeners();
        if (listeners.empty()) {
            return problem("listeners", "there must be one that is not a controller's");
        }
        auto all = config_.controller_listeners();
        all.insert(all.end(), listeners.begin(), listeners.end());
        for (const ListenerAddress& listener : all) {
            if (listener.protocol != "PLAINTEXT") {
                return problem("listeners", fmt::format("listener {} wants {}, which is not served yet; only PLAINTEXT is", listener.name,
                                                        listener.protocol));
            }
        }
        return std::nullopt;
    }

    Problem controller_listeners() const {
        if (config_.list("controller.listener.names").empty()) {
            return problem("controller.listener.names", "there must be at least one");
        }
        if (!config_.set_value("controller.listener.names")) {
            return std::nullopt;
        }
        for (const std::string& name : config_.list("controller.listener.names")) {
            auto listeners = config_.list("listeners");
            if (std::ranges::none_of(listeners, [&](const std::string& text) { return same_name(parse_listener(text)->name, name); })) {
                return problem("controller.listener.names", fmt::format("{} is not among listeners", name));
            }
        }
        return std::nullopt;
    }

    Problem advertised() const {
        auto listeners = config_.list("listeners");
        bool any_broker = config_.list("advertised.listeners").empty();
        for (const std::string& text : config_.list("advertised.listeners")) {
            auto address = parse_listener(text);
            if (std::ranges::none_of(listeners, [&](const std::string& other) { return parse_listener(other)->name == address->name; })) {
                return problem("advertised.listeners", fmt::format("{} is not among listeners", address->name));
            }
            if (address->host == "0.0.0.0") {
                return problem("advertised.listeners", "clients cannot connect to 0.0.0.0; name an address that they can reach");
            }
            any_broker = any_broker || !is_controller(address->name);
        }
        return any_broker ? std::nullopt : problem("advertised.listeners", "there must be one that is not a controller's");
    }

    Problem inter_broker() const {
        if (!config_.value("inter.broker.listener.name")) {
            return std::nullopt;
        }
        if (config_.set_value("security.inter.broker.protocol")) {
            return problem("security.inter.broker.protocol", "set either this or inter.broker.listener.name");
        }
        // Other brokers learn only of advertised listeners.
        auto texts = config_.list(config_.list("advertised.listeners").empty() ? "listeners" : "advertised.listeners");
        std::string name = config_.inter_broker_listener();
        if (is_controller(name) || std::ranges::none_of(texts, [&](const std::string& text) { return parse_listener(text)->name == name; })) {
            return problem("inter.broker.listener.name", "is not among the listeners that the broker advertises");
        }
        return std::nullopt;
    }

    Problem directories() const {
        auto dirs = config_.log_dirs();
        if (dirs.empty()) {
            return problem("log.dirs", "there must be at least one directory");
        }
        std::set<std::string> seen;
        for (const std::string& dir : dirs) {
            if (!seen.insert(dir).second) {
                return problem("log.dirs", fmt::format("{} is there twice", dir));
            }
        }
        return std::nullopt;
    }

    Problem times() const {
        auto retention = base::parse_int(config_.topic_default("retention.ms").value_or("-1"));
        if (retention == 0 || retention < -1) {
            return problem("log.retention.ms", "must be -1 (keep all) or at least 1");
        }
        if (auto roll = config_.value("log.roll.ms"); roll && base::parse_int(*roll) < 1) {
            return problem("log.roll.ms", "must be at least 1");
        }
        if (auto jitter = config_.value("log.roll.jitter.ms"); jitter && base::parse_int(*jitter) < 0) {
            return problem("log.roll.jitter.ms", "must be at least 0");
        }
        return std::nullopt;
    }

    Problem sizes() const {
        auto request_max = config_.integer("socket.request.max.bytes");
        if (config_.integer("tideline.request.memory.bytes") < request_max) {
            return problem("tideline.request.memory.bytes", "must hold one request of socket.request.max.bytes");
        }
        if (auto queued = config_.integer("queued.max.request.bytes"); queued > 0 && queued < request_max) {
            return problem("queued.max.request.bytes", "must be at least socket.request.max.bytes");
        }
        if (config_.integer("compression.gzip.level") == 0) {
            return problem("compression.gzip.level", "must be -1 or 1 to 9");
        }
        return std::nullopt;
    }

    Problem group_times() const {
        for (std::string_view kind : {"consumer", "share", "streams"}) {
            for (std::string_view what : {"heartbeat.interval.ms", "session.timeout.ms"}) {
                std::string own = fmt::format("group.{}.{}", kind, what);
                std::string least = fmt::format("group.{}.min.{}", kind, what);
                std::string most = fmt::format("group.{}.max.{}", kind, what);
                if (config_.integer(most) < config_.integer(least)) {
                    return problem(most, fmt::format("must be at least {}", least));
                }
                if (config_.integer(own) < config_.integer(least) || config_.integer(own) > config_.integer(most)) {
                    return problem(own, fmt::format("must lie between {} and {}", least, most));
                }
            }
            std::string heartbeat = fmt::format("group.{}.heartbeat.interval.ms", kind);
            std::string session = fmt::format("group.{}.session.timeout.ms", kind);
            if (config_.integer(heartbeat) >= config_.integer(session)) {
                return problem(heartbeat, fmt::format("must be less than {}", session));
            }
        }
        if (config_.integer("group.streams.num.standby.replicas") > config_.integer("group.streams.max.standby.replicas")) {
            return problem("group.streams.num.standby.replicas", "must be at most group.streams.max.standby.replicas");
        }
        return std::nullopt;
    }

    Problem group_words() const {
        std::set<std::string> assignors;
        if (config_.list("group.consumer.assignors").empty()) {
            return problem("group.consumer.assignors", "must be at least one");
        }
        for (const std::string& name : config_.list("group.consumer.assignors")) {
            if (name != "uniform" && name != "range") {
                return problem("group.consumer.assignors", fmt::format("'{}' is not uniform or range; other assignors are classes of the JVM", name));
            }
            if (!assignors.insert(name).second) {
                return problem("group.consumer.assignors", fmt::format("{} is there twice", name));
            }
        }
        if (config_.list("group.share.assignors").size() != 1) {
            return problem("group.share.assignors", "must be exactly one");
        }
        std::string policy = config_.text("group.consumer.migration.policy");
        std::ranges::transform(policy, policy.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        static constexpr std::string_view kPolicies[] = {"bidirectional", "disabled", "downgrade", "upgrade"};
        if (std::ranges::find(kPolicies, policy) == std::end(kPolicies)) {
            return problem("group.consumer.migration.policy", "must be bidirectional, disabled, downgrade or upgrade");
        }
        return std::nullopt;
    }

    bool is_controller(std::string_view upper_name) const {
        return std::ranges::any_of(config_.list("controller.listener.names"),
                                   [&](const std::string& name) { return same_name(upper_name, name); });
    }

    const BrokerConfig& config_;
    const Places& places_;
};

// --listen: the file's controller listeners stay, its broker listeners give way.
std::string listeners_with(const BrokerConfig& config, const std::string& listen) {
    std::string value = fmt::format("PLAINTEXT://{}", listen);
    auto controllers = config.list("controller.listener.names");
    for (const std::string& text : config.list("listeners")) {
        auto listener = parse_listener(text);
        if (listener && std::ranges::any_of(controllers, [&](const std::string& name) { return same_name(listener->name, name); })) {
            value += "," + text;
        }
    }
    return value;
}

}  // namespace

std::expected<BrokerConfig, ConfigProblem> BrokerConfig::parse(const ConfigInput& input) {
    BrokerConfig config;
    Places places;
    auto take = [&](const std::string& name, const std::string& value, const std::string& where) -> Problem {
        if (is_handed_on(name)) {
            return std::nullopt;
        }
        if (auto problem = judge(name, value, where)) {
            return problem;
        }
        config.values_[name] = value;
        places[name] = where;
        return std::nullopt;
    };
    for (const base::PropertyLine& line : base::parse_properties(input.file_text)) {
        if (auto problem = take(line.key, line.value, fmt::format("{}:{}", input.file_name, line.line))) {
            return std::unexpected(*problem);
        }
    }
    if (input.listen) {
        // What the file advertises, and its name for the brokers' own listener, would speak of listeners that are gone.
        config.values_["listeners"] = listeners_with(config, *input.listen);
        places["listeners"] = fmt::format("--listen {}", *input.listen);
        config.values_.erase("inter.broker.listener.name");
        config.values_.erase("advertised.listeners");
    }
    for (const auto& [name, value] : input.overrides) {
        if (auto problem = take(name, value, fmt::format("--set {}", name))) {
            return std::unexpected(*problem);
        }
    }
    if (auto problem = Judge(config, places).all()) {
        return std::unexpected(*problem);
    }
    return config;
}

}  // namespace tideline::cluster
