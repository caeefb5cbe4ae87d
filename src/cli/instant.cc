#include "cli/instant.h"

#include <charconv>
#include <chrono>

#include <fmt/format.h>

namespace tideline::cli {
namespace {

// Takes pieces off the front of a text; remembers when something did not fit.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool good() const { return good_; }
    bool at_end() const { return rest_.empty(); }
    bool take(char wanted) {
        bool there = rest_.starts_with(wanted);
        rest_.remove_prefix(there ? 1 : 0);
        return there;
    }
    void expect(char wanted) { good_ = take(wanted) && good_; }
    // Exactly `digits` digits.
    int number(std::size_t digits) {
        int value = 0;
        if (rest_.size() < digits) {
            good_ = false;
            return 0;
        }
        auto [end, error] = std::from_chars(rest_.data(), rest_.data() + digits, value);
        good_ = good_ && error == std::errc() && end == rest_.data() + digits && rest_.front() != '-';
        rest_.remove_prefix(digits);
        return value;
    }
    // The digits after a decimal point, as milliseconds.
    int milliseconds() {
        int value = 0;
        int digits = 0;
        for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1), ++digits) {
            value = digits < 3 ? value * 10 + (rest_.front() - '0') : value;
        }
        good_ = good_ && digits > 0;
        for (; digits < 3; ++digits) {
            value *= 10;
        }
        return value;
    }

private:
    std::string_view rest_;
    bool good_ = true;
};

std::optional<std::int64_t> days_since_1970(int year, int month, int day) {
    std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) {
        return std::nullopt;
    }
    return std::chrono::sys_days(date).time_since_epoch().count();
}

// "Z", "+01:00", "+0100", "+01" or nothing.
std::int64_t scan_zone(Scanner& scanner, std::int64_t local_seconds, const UtcOffset& utc_offset) {
    if (scanner.take('Z')) {
        return 0;
    }
    bool ahead = scanner.take('+');
    if (!ahead && !scanner.take('-')) {
        return utc_offset(local_seconds);
    }
    std::int64_t seconds = scanner.number(2) * 3600;
    if (!scanner.at_end()) {
        scanner.take(':');
        seconds += scanner.number(2) * 60;
    }
    return ahead ? seconds : -seconds;
}

}  // namespace

std::optional<std::int64_t> parse_iso8601(std::string_view text, const UtcOffset& utc_offset) {
    Scanner scanner(text);
    int year = scanner.number(4);
    scanner.expect('-');
    int month = scanner.number(2);
    scanner.expect('-');
    int day = scanner.number(2);
    int hour = 0;
    int minute = 0;
    int second = 0;
    int ms = 0;
    if (scanner.take('T') || scanner.take(' ')) {
        hour = scanner.number(2);
        scanner.expect(':');
        minute = scanner.number(2);
        if (scanner.take(':')) {
            second = scanner.number(2);
            ms = scanner.take('.') ? scanner.milliseconds() : 0;
        }
    }
    auto days = scanner.good() ? days_since_1970(year, month, day) : std::nullopt;
    if (!days || hour > 23 || minute > 59 || second > 60) {
        return std::nullopt;
    }
    std::int64_t local = *days * 86400 + hour * 3600 + minute * 60 + second;
    std::int64_t offset = scan_zone(scanner, local, utc_offset);
    if (!scanner.good() || !scanner.at_end()) {
        return std::nullopt;
    }
    return (local - offset) * 1000 + ms;
}

std::optional<std::int64_t> parse_duration_ms(std::string_view text) {
    struct Unit {
        std::string_view name;
        std::int64_t ms;
    };
    constexpr std::array kUnits{Unit{"ms", 1},          Unit{"s", 1000},        Unit{"m", 60'000},
                                Unit{"h", 3'600'000},   Unit{"d", 86'400'000},  Unit{"w", 604'800'000}};
    std::int64_t total = 0;
    if (text.empty()) {
        return std::nullopt;
    }
    while (!text.empty()) {
        std::int64_t amount = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
        // A billion weeks still fits the total.
        if (error != std::errc() || amount < 0 || amount > 1'000'000'000) {
            return std::nullopt;
        }
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        std::string_view name = text.substr(0, std::min(text.find_first_of("0123456789"), text.size()));
        auto unit = std::ranges::find(kUnits, name, &Unit::name);
        if (unit == kUnits.end() || total > std::int64_t{1} << 60) {
            return std::nullopt;
        }
        total += amount * unit->ms;
        text.remove_prefix(name.size());
    }
    return total;
}

std::string format_iso8601(std::int64_t ms) {
    using namespace std::chrono;
    sys_time<milliseconds> time{milliseconds(ms)};
    auto day = floor<days>(time);
    year_month_day date(day);
    hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace tideline::cli
