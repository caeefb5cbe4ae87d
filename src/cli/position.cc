#include "cli/position.h"

#include <charconv>

#include <fmt/format.h>

namespace tideline::cli {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    bool good = !text.empty() && error == std::errc() && end == text.data() + text.size();
    return good ? std::optional(value) : std::nullopt;
}

std::optional<Position> parse_time(std::string_view text, std::int64_t now_ms, const UtcOffset& utc_offset) {
    std::optional<std::int64_t> ms;
    if (text.starts_with('@')) {
        ms = whole_number(text.substr(1));
        ms = ms && *ms >= 0 ? ms : std::nullopt;
    } else if (text.ends_with(" ago")) {
        auto back = parse_duration_ms(text.substr(0, text.size() - 4));
        ms = back ? std::optional(std::max<std::int64_t>(now_ms - *back, 0)) : std::nullopt;
    } else {
        ms = parse_iso8601(text, utc_offset);
    }
    return ms ? std::optional(Position{Position::Kind::time, *ms}) : std::nullopt;
}

std::int64_t offset_of(const PartitionBounds& bounds, const Position& position, std::int64_t at_time) {
    switch (position.kind) {
        case Position::Kind::beginning: return bounds.earliest;
        case Position::Kind::end: return bounds.latest;
        case Position::Kind::offset: return position.value;
        case Position::Kind::before_end: return std::max(bounds.earliest, bounds.latest - position.value);
        case Position::Kind::time: return at_time < 0 ? bounds.latest : at_time;
    }
    return bounds.earliest;
}

}  // namespace

Outcome<Position> parse_position(std::string_view text, std::int64_t now_ms, const UtcOffset& utc_offset) {
    if (text == "beginning" || text == "earliest") {
        return Position{Position::Kind::beginning};
    }
    if (text == "end" || text == "latest") {
        return Position{Position::Kind::end};
    }
    if (auto number = whole_number(text)) {
        return *number < 0 ? Position{Position::Kind::before_end, -*number} : Position{Position::Kind::offset, *number};
    }
    if (auto time = parse_time(text, now_ms, utc_offset)) {
        return *time;
    }
    return usage_failure(fmt::format("'{}' is not a position", text),
                         "Positions: beginning, end, an offset, -N, @MILLISECONDS, 2026-01-31T10:20:30Z, '10m ago'");
}

ReadRange resolve(const PartitionBounds& bounds, const Position& from, const std::optional<Position>& until, bool follow,
                  std::vector<std::string>& warnings) {
    ReadRange range{bounds.partition, offset_of(bounds, from, bounds.from_time), std::nullopt};
    if (range.start < bounds.earliest) {
        warnings.push_back(fmt::format("partition {} begins at offset {}: records before it are gone", bounds.partition,
                                       bounds.earliest));
        range.start = bounds.earliest;
    }
    if (range.start > bounds.latest) {
        warnings.push_back(fmt::format("partition {} ends at offset {}: nothing is read from {} on", bounds.partition,
                                       bounds.latest, range.start));
        range.start = bounds.latest;
    }
    if (until) {
        // Past the end there is nothing yet, and waiting for it is what --follow is for.
        range.stop = std::min(offset_of(bounds, *until, bounds.until_time), bounds.latest);
    } else if (!follow) {
        range.stop = bounds.latest;
    }
    return range;
}

}  // namespace tideline::cli
