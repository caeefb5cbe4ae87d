#include "cli/group/reset_plan.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "base/result.h"

namespace tideline::cli {
namespace {

// "30m" as everywhere in this command line, "PT30M" as Kafka's tools want it.
std::optional<std::int64_t> duration_ms(std::string_view text) {
    if (!text.starts_with('P')) {
        return parse_duration_ms(text);
    }
    std::string plain;
    for (char c : text.substr(1)) {
        if (c != 'T') {
            plain += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        }
    }
    return parse_duration_ms(plain);
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (;;) {
        std::size_t end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == text.npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
    auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && rest == text.data() + text.size();
}

// Beyond what a number can say, the farthest it can.
std::int64_t shifted(std::int64_t offset, std::int64_t by) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(offset, by, &sum)) {
        return by < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
    }
    return sum;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '"')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '"' || text.back() == '\r')) {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace

Outcome<ResetTarget> reset_target(const GroupResetOptions& options, std::int64_t now_ms, const UtcOffset& utc_offset) {
    using Kind = ResetTarget::Kind;
    std::vector<ResetTarget> named;
    auto add = [&](bool wanted, Kind kind, std::int64_t value) {
        if (wanted) {
            named.push_back({kind, value});
        }
    };
    add(options.to_earliest, Kind::earliest, 0);
    add(options.to_latest, Kind::latest, 0);
    add(options.to_current, Kind::current, 0);
    add(options.to_offset.has_value(), Kind::offset, options.to_offset.value_or(0));
    add(options.shift_by.has_value(), Kind::shift, options.shift_by.value_or(0));
    add(options.from_file.has_value(), Kind::file, 0);
    if (options.to_datetime) {
        auto instant = parse_iso8601(*options.to_datetime, utc_offset);
        if (!instant) {
            return usage_failure(fmt::format("'{}' is no point in time", *options.to_datetime),
                                 "Write 2026-01-31T10:20:30Z; without a zone it is local time");
        }
        add(true, Kind::time, *instant);
    }
    if (options.by_duration) {
        auto duration = duration_ms(*options.by_duration);
        if (!duration) {
            return usage_failure(fmt::format("'{}' is no duration", *options.by_duration), "Write 90s, 1h30m or PT30M");
        }
        add(true, Kind::time, now_ms - *duration);
    }
    if (named.size() != 1) {
        return usage_failure("say once where the group shall go",
                             "--to-earliest, --to-latest, --to-current, --to-offset, --shift-by, --to-datetime, "
                             "--by-duration or --from-file");
    }
    return named.front();
}

// Where the group reads today: what is gone before it is not read again.
std::int64_t ResetStep::from() const {
    return std::clamp(now.committed.value_or(now.latest), now.earliest, now.latest);
}

std::int64_t ResetStep::again() const {
    return target ? std::max<std::int64_t>(from() - *target, 0) : 0;
}

std::int64_t ResetStep::skipped() const {
    return target ? std::max<std::int64_t>(*target - from(), 0) : 0;
}

std::optional<std::int64_t> ResetStep::bytes_of(std::int64_t records) const {
    const std::int64_t all = now.latest - now.earliest;
    if (records == 0 || all <= 0) {
        return 0;
    }
    if (!size_bytes) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(static_cast<double>(*size_bytes) * static_cast<double>(records) / static_cast<double>(all));
}

ResetSum sum_of(const std::vector<ResetStep>& steps) {
    ResetSum sum;
    auto add = [](std::optional<std::int64_t>& to, std::optional<std::int64_t> what) {
        to = to && what ? std::optional(*to + *what) : std::nullopt;
    };
    for (const ResetStep& step : steps) {
        sum.again += step.again();
        sum.skipped += step.skipped();
        sum.lost += step.now.lost();
        add(sum.again_bytes, step.bytes_of(step.again()));
        add(sum.skipped_bytes, step.bytes_of(step.skipped()));
        if (step.first_ms) {
            sum.first_ms = std::min(*step.first_ms, sum.first_ms.value_or(*step.first_ms));
        }
        if (step.last_ms) {
            sum.last_ms = std::max(*step.last_ms, sum.last_ms.value_or(*step.last_ms));
        }
    }
    return sum;
}

std::int64_t ResetStep::first() const {
    return std::min(from(), target.value_or(from()));
}

std::int64_t ResetStep::last() const {
    return std::max(from(), target.value_or(from()));
}

Outcome<std::optional<std::int64_t>> target_offset(const PartitionView& now, const ResetTarget& target,
                                                   std::int64_t asked) {
    using Kind = ResetTarget::Kind;
    auto within = [&](std::int64_t offset) { return std::optional(std::clamp(offset, now.earliest, now.latest)); };
    if (!now.committed && (target.kind == Kind::current || target.kind == Kind::shift)) {
        return usage_failure(
            fmt::format("nothing is committed for {}-{}: there is nothing to count from", now.at.topic, now.at.partition),
            "Choose the partitions with --topic TOPIC:PARTITION,…, or say where to go with another option");
    }
    switch (target.kind) {
        case Kind::earliest: return now.earliest;
        case Kind::latest: return now.latest;
        case Kind::current: return within(*now.committed);
        case Kind::offset: return within(target.value);
        case Kind::shift: return within(shifted(*now.committed, target.value));
        case Kind::time: return asked < 0 ? now.latest : within(asked);
        case Kind::file: break;
    }
    return asked < 0 ? std::nullopt : within(asked);
}

Outcome<GroupOffsets> parse_offsets_file(std::string_view text, std::string_view file) {
    GroupOffsets offsets;
    int line_number = 0;
    for (std::string_view line : split(text, '\n')) {
        ++line_number;
        if (trimmed(line).empty()) {
            continue;
        }
        std::vector<std::string_view> parts = split(line, ',');
        if (parts.size() == 4) {
            parts.erase(parts.begin());  // the group
        }
        TopicPartition at;
        std::int64_t offset = 0;
        if (parts.size() != 3 || trimmed(parts[0]).empty() || !read_number(trimmed(parts[1]), at.partition) ||
            !read_number(trimmed(parts[2]), offset) || at.partition < 0 || offset < -1) {
            return usage_failure(fmt::format("{}:{}: not of the form topic,partition,offset", file, line_number));
        }
        at.topic = trimmed(parts[0]);
        offsets[at] = offset;
    }
    return offsets;
}

std::string offsets_file(const std::vector<ResetStep>& steps, const GroupOffsets& committed) {
    std::string text;
    for (const ResetStep& step : steps) {
        auto found = committed.find(step.now.at);
        text += fmt::format("{},{},{}\n", step.now.at.topic, step.now.at.partition,
                            found == committed.end() ? -1 : found->second);
    }
    return text;
}

std::string default_offsets_file(std::string_view group, std::int64_t now_ms) {
    std::string name;
    for (char c : group) {
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        name += plain ? c : '_';
    }
    std::string stamp;
    for (char c : format_iso8601(now_ms)) {
        if (c != '-' && c != ':' && c != '.') {
            stamp += c;
        }
    }
    return fmt::format("{}.{}.offsets.csv", name, stamp);
}

}  // namespace tideline::cli
