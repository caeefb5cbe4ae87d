#include "base/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <mutex>

namespace tideline::base {

namespace {

struct Settings {
    std::atomic<LogFormat> format = LogFormat::text;
    std::atomic<LogLevel> lowest = LogLevel::info;
    std::mutex mutex;  // guards the two functions and keeps lines whole
    std::function<void(LogLevel, std::string_view)> sink;
    std::function<std::int64_t()> wall_ms;
};

Settings& settings() {
    static Settings instance;
    return instance;
}

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};
constexpr std::string_view kPadded[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};

void append_escaped(std::string& out, std::string_view text) {
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\u{:04x}", byte);
        } else {
            out += c;
        }
    }
}

bool needs_quotes(std::string_view text) {
    return text.empty() || text.find_first_of(" \t\r\n\"=\\") != std::string_view::npos ||
           text.find_first_of(std::string_view("\0\x1b\x7f", 3)) != std::string_view::npos;
}

std::string text_line(LogLevel level, std::string_view event, std::initializer_list<LogFact> facts, std::int64_t ms) {
    auto when = fmt::gmtime(static_cast<std::time_t>(ms / 1000));
    std::string line = fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03} {} {}", when, ms % 1000,
                                   kPadded[static_cast<int>(level)], event);
    for (const LogFact& fact : facts) {
        line += fmt::format(" {}=", fact.key);
        bool quoted = needs_quotes(fact.text);
        line += quoted ? "\"" : "";
        append_escaped(line, fact.text);
        line += quoted ? "\"" : "";
    }
    return line += '\n';
}

std::string json_line(LogLevel level, std::string_view event, std::initializer_list<LogFact> facts, std::int64_t ms) {
    auto when = fmt::gmtime(static_cast<std::time_t>(ms / 1000));
    std::string line = fmt::format(R"({{"ts":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z","level":"{}","event":"{}")", when,
                                   ms % 1000, kNames[static_cast<int>(level)], event);
    for (const LogFact& fact : facts) {
        line += fmt::format(",\"{}\":", fact.key);
        line += fact.is_number ? "" : "\"";
        append_escaped(line, fact.text);
        line += fact.is_number ? "" : "\"";
    }
    return line += "}\n";
}

}  // namespace

void set_log_format(LogFormat format) { settings().format = format; }
void set_log_level(LogLevel lowest) { settings().lowest = lowest; }

void set_log_sink(std::function<void(LogLevel, std::string_view)> sink) {
    std::lock_guard lock(settings().mutex);
    settings().sink = std::move(sink);
}

void set_log_clock(std::function<std::int64_t()> wall_ms) {
    std::lock_guard lock(settings().mutex);
    settings().wall_ms = std::move(wall_ms);
}

void log_line(LogLevel level, std::string_view event, std::initializer_list<LogFact> facts) {
    Settings& now = settings();
    if (level < now.lowest) {
        return;
    }
    std::lock_guard lock(now.mutex);
    std::int64_t ms = now.wall_ms ? now.wall_ms() : 0;
    std::string line = now.format == LogFormat::json ? json_line(level, event, facts, ms)
                                                     : text_line(level, event, facts, ms);
    if (now.sink) {
        now.sink(level, line);
    } else {
        std::fwrite(line.data(), 1, line.size(), stderr);
    }
}

}  // namespace tideline::base
