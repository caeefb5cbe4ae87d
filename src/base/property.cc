#include "base/property.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace tideline::base {

namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n\f";
    std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
    text = trim(text);
    if (text.starts_with('+')) {
        text.remove_prefix(1);
    }
    T value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::optional<std::string> out_of_range(const PropertyRow& row, double value) {
    if (value < row.min) {
        return fmt::format("value must be at least {}", row.min);
    }
    if (value > row.max) {
        return fmt::format("value must be at most {}", row.max);
    }
    return std::nullopt;
}

template <class T>
std::optional<std::string> why_not_number(const PropertyRow& row, std::string_view value, std::string_view kind) {
    auto number = parse_number<T>(value);
    if (!number) {
        return fmt::format("not a number of type {}", kind);
    }
    return out_of_range(row, static_cast<double>(*number));
}

std::optional<std::string> why_not_choice(const PropertyRow& row, std::string_view value) {
    if (row.choices.empty() || std::ranges::find(row.choices, value) != row.choices.end()) {
        return std::nullopt;
    }
    return fmt::format("must be one of: {}", fmt::join(row.choices, ", "));
}

}  // namespace

std::optional<std::string> why_illegal(const PropertyRow& row, std::string_view value) {
    std::string_view trimmed = trim(value);
    switch (row.type) {
        case PropertyType::boolean: {
            std::string lower(trimmed);
            std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
            return lower == "true" || lower == "false" ? std::nullopt
                                                       : std::optional<std::string>("must be true or false");
        }
        case PropertyType::int16:
            return why_not_number<std::int16_t>(row, trimmed, "short");
        case PropertyType::int32:
            return why_not_number<std::int32_t>(row, trimmed, "int");
        case PropertyType::int64:
            return why_not_number<std::int64_t>(row, trimmed, "long");
        case PropertyType::float64:
            return why_not_number<double>(row, trimmed, "double");
        case PropertyType::list:
            for (const std::string& item : parse_list(trimmed)) {
                if (auto why = why_not_choice(row, item)) {
                    return why;
                }
            }
            return std::nullopt;
        case PropertyType::string:
        case PropertyType::klass:
        case PropertyType::password:
            return why_not_choice(row, trimmed);
    }
    return std::nullopt;
}

std::int64_t parse_int(std::string_view value) { return parse_number<std::int64_t>(value).value_or(0); }
double parse_float(std::string_view value) { return parse_number<double>(value).value_or(0); }

bool parse_bool(std::string_view value) {
    value = trim(value);
    return value.size() == 4 && (value[0] == 't' || value[0] == 'T');
}

std::vector<std::string> parse_list(std::string_view value) {
    std::vector<std::string> items;
    while (!value.empty()) {
        std::size_t comma = value.find(',');
        std::string_view item = trim(value.substr(0, comma));
        if (!item.empty()) {
            items.emplace_back(item);
        }
        value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
    }
    return items;
}

namespace {

// Takes the next logical line: comments and blank lines skipped, continuations joined. False at the end.
bool next_logical_line(std::string_view& text, int& line, std::string& out, int& started_at) {
    out.clear();
    bool continued = false;
    while (!text.empty() || continued) {
        std::size_t end = text.find('\n');
        std::string_view raw = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        ++line;
        if (raw.ends_with('\r')) {
            raw.remove_suffix(1);
        }
        raw.remove_prefix(std::min(raw.find_first_not_of(" \t\f"), raw.size()));
        if (!continued) {
            if (raw.empty() || raw[0] == '#' || raw[0] == '!') {
                continue;
            }
            started_at = line;
        }
        std::size_t last_not_slash = raw.find_last_not_of('\\');
        std::size_t slashes = raw.size() - (last_not_slash == std::string_view::npos ? 0 : last_not_slash + 1);
        continued = slashes % 2 == 1 && !text.empty();
        out += slashes % 2 == 1 ? raw.substr(0, raw.size() - 1) : raw;
        if (!continued) {
            return true;
        }
    }
    return false;
}

// Undoes escapes from `at` until an unescaped separator (for keys) or the end.
std::string unescape(std::string_view line, std::size_t& at, bool is_key) {
    std::string out;
    for (; at < line.size(); ++at) {
        char c = line[at];
        if (is_key && (c == '=' || c == ':' || c == ' ' || c == '\t')) {
            break;
        }
        if (c != '\\' || at + 1 == line.size()) {
            out += c;
            continue;
        }
        char escaped = line[++at];
        out += escaped == 't' ? '\t' : escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped;
    }
    return out;
}

}  // namespace

std::vector<PropertyLine> parse_properties(std::string_view text) {
    std::vector<PropertyLine> lines;
    std::string logical;
    int line = 0;
    int started_at = 0;
    while (next_logical_line(text, line, logical, started_at)) {
        std::size_t at = 0;
        std::string key = unescape(logical, at, true);
        while (at < logical.size() && (logical[at] == ' ' || logical[at] == '\t')) {
            ++at;
        }
        if (at < logical.size() && (logical[at] == '=' || logical[at] == ':')) {
            ++at;
        }
        while (at < logical.size() && (logical[at] == ' ' || logical[at] == '\t')) {
            ++at;
        }
        std::string value = unescape(logical, at, false);
        lines.push_back({std::move(key), std::string(trim(value)), started_at});
    }
    return lines;
}

}  // namespace tideline::base
