// base/property.h: configuration as tables: Kafka's name, type, default, legal range, one sentence.
//
// Each room keeps the rows it uses; server/ puts them together. A PropertyTable validates a value given by an
// operator or an admin request; PropertyValues holds what was set and answers with the default for the rest.
// Errors: a bad value is invalid_config with a sentence for people; unknown names are the caller's to judge.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tideline::base {

// The numbers are DescribeConfigs' ConfigType (KIP-569).
enum class PropertyType : std::int8_t { boolean = 1, string = 2, int32 = 3, int16 = 4, int64 = 5, float64 = 6, list = 7, klass = 8, password = 9 };

// read_only: needs a restart. per_broker and cluster_wide: may change at run time (KIP-226).
enum class PropertyUpdate : std::uint8_t { read_only, per_broker, cluster_wide };

struct PropertyRow {
    std::string_view name;
    PropertyType type;
    std::optional<std::string_view> default_value;  // nullopt: null, there is none
    std::string_view description;
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
    std::span<const std::string_view> choices = {};  // legal words of a string or of a list's items; empty: any
    PropertyUpdate update = PropertyUpdate::read_only;
    std::string_view broker_synonym = {};  // for a topic property: the broker property that is its default
};

// The reason why `value` is not legal for `row`, or nullopt.
std::optional<std::string> why_illegal(const PropertyRow& row, std::string_view value);

// Parsers for values already checked by why_illegal().
std::int64_t parse_int(std::string_view value);
double parse_float(std::string_view value);
bool parse_bool(std::string_view value);
std::vector<std::string> parse_list(std::string_view value);  // split at commas, trimmed, empties dropped

// One `key=value` of a file and where it stood.
struct PropertyLine {
    std::string key;
    std::string value;
    int line = 0;
};

// Java properties syntax: '=', ':' or blank separate, '#' and '!' comment, '\' continues a line and escapes.
// Never fails: every text is a legal properties file.
std::vector<PropertyLine> parse_properties(std::string_view text);

}  // namespace tideline::base
