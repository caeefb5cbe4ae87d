// cluster/broker_config.h: the broker's configuration: Kafka's properties, `server.properties`, `--set`.
//
// Every property a user of Kafka 4.2 may set is a row of broker_properties(), with what Tideline does about it. A
// BrokerConfig is read-only and complete: what was not set answers with its default.
// Errors: an unknown, ill-formed or contradictory property, or one that Tideline cannot honour, is a ConfigProblem
//         that names where it stood.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/property.h"

namespace tideline::cluster {

enum class Serving : std::uint8_t {
    served,    // does what Kafka's documentation says
    accepted,  // taken and shown, without effect here: the reason says why that is harmless
    refused    // any value but the default stops the start: honouring it silently would break a promise
};

struct BrokerProperty {
    base::PropertyRow row;
    Serving serving = Serving::served;
    std::string_view reason = {};  // for accepted and refused
};

// In the order of their names.
std::span<const BrokerProperty> broker_properties();
const BrokerProperty* find_broker_property(std::string_view name);

struct ListenerAddress {
    std::string name;      // as in listener.security.protocol.map, upper case
    std::string protocol;  // PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL
    std::string host;      // empty: every interface
    std::uint16_t port = 0;

    friend bool operator==(const ListenerAddress&, const ListenerAddress&) = default;
};

struct ConfigProblem {
    std::string where;  // "server.properties:12", "--set num.partitions", or empty when no single place is to blame
    std::string message;
};
std::string to_string(const ConfigProblem& problem);

struct ConfigInput {
    std::string file_name;  // for messages
    std::string file_text;  // properties syntax; may be empty
    std::vector<std::pair<std::string, std::string>> overrides;  // --set key=value, later ones win over earlier ones
    // --listen HOST:PORT: instead of the file's broker listeners and of what it advertises for them.
    std::optional<std::string> listen = std::nullopt;
};

class BrokerConfig {
public:
    static std::expected<BrokerConfig, ConfigProblem> parse(const ConfigInput& input);
    // All defaults; for tests.
    static BrokerConfig defaults();

    // The value in effect; the name must be a row with a value of that type (checked).
    std::int64_t integer(std::string_view name) const;
    double real(std::string_view name) const;
    bool boolean(std::string_view name) const;
    std::string text(std::string_view name) const;  // "" for null
    std::vector<std::string> list(std::string_view name) const;

    // As it was written, or nullopt when it was not set.
    std::optional<std::string_view> set_value(std::string_view name) const;
    // As it was written or its default; nullopt for null.
    std::optional<std::string_view> value(std::string_view name) const;
    const std::map<std::string, std::string, std::less<>>& set_values() const { return values_; }

    // This configuration with others' values on top (KIP-226: cluster-wide defaults, then this broker's own). Values that are
    // no property, not legal, or of one that cannot change while the broker runs, are passed over.
    BrokerConfig overlaid_with(const std::map<std::string, std::string, std::less<>>& values) const;

    std::int32_t node_id() const;
    std::vector<std::string> log_dirs() const;
    std::string metadata_log_dir() const;  // the first of log_dirs() unless set
    // Where clients connect.
    std::vector<ListenerAddress> listeners() const;
    // Where a controller would be reached: at least one, and none of them is opened by a quorum of one. The voter's
    // address in the metadata log, so that Apache Kafka finds it there.
    std::vector<ListenerAddress> controller_listeners() const;
    // What clients are told, one for each of listeners() and in their order: what advertised.listeners says of it, else the
    // listener itself; `host_name` for a host that says "every interface".
    std::vector<ListenerAddress> advertised_listeners(std::string_view host_name) const;
    std::string inter_broker_listener() const;

    // A topic property's value for topics that do not set it: its broker synonyms, in Kafka's precedence
    // (log.retention.ms over .minutes over .hours). nullopt for null.
    std::optional<std::string> topic_default(std::string_view topic_property) const;

private:
    std::map<std::string, std::string, std::less<>> values_;  // what was set
};

// Reads "NAME://host:port"; the name in upper case, the protocol left empty. nullopt when it is not one.
std::optional<ListenerAddress> parse_listener(std::string_view text);

}  // namespace tideline::cluster
