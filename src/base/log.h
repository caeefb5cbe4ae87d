// base/log.h: log lines as an event and its facts.
//
//   TL_LOG_INFO("segment_rolled", {"partition", name}, {"base_offset", base});
// Text:  2026-01-31 10:20:30.123 INFO  segment_rolled partition=orders-3 base_offset=42
// JSON:  {"ts":"2026-01-31T10:20:30.123Z","level":"info","event":"segment_rolled","partition":"orders-3","base_offset":42}
// Info marks a change of state; error means that a person must act. Values are escaped: they may come from clients.
// Thread:  any. One write(2) to stderr a line.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

namespace tideline::base {

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };

struct LogFact {
    std::string_view key;
    std::string text;
    bool is_number = false;  // or a truth value: JSON shows it without quotes

    LogFact(std::string_view k, std::string_view value) : key(k), text(value) {}
    LogFact(std::string_view k, const char* value) : key(k), text(value) {}
    LogFact(std::string_view k, const std::string& value) : key(k), text(value) {}
    LogFact(std::string_view k, bool value) : key(k), text(value ? "true" : "false"), is_number(true) {}
    template <class T>
        requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
    LogFact(std::string_view k, T value) : key(k), text(std::to_string(value)), is_number(true) {}
};

void set_log_format(LogFormat format);
void set_log_level(LogLevel lowest);
// Lines go to `sink` instead of stderr (tests; the simulator). An empty function restores stderr.
void set_log_sink(std::function<void(LogLevel, std::string_view line)> sink);
// Wall-clock milliseconds for the time stamp; the process entry hands in the real clock, base never asks the system.
void set_log_clock(std::function<std::int64_t()> wall_ms);

void log_line(LogLevel level, std::string_view event, std::initializer_list<LogFact> facts);

}  // namespace tideline::base

#define TL_LOG_AT(level, event, ...) ::tideline::base::log_line(level, event, {__VA_ARGS__})
#define TL_LOG_DEBUG(event, ...) TL_LOG_AT(::tideline::base::LogLevel::debug, event, __VA_ARGS__)
#define TL_LOG_INFO(event, ...) TL_LOG_AT(::tideline::base::LogLevel::info, event, __VA_ARGS__)
#define TL_LOG_WARN(event, ...) TL_LOG_AT(::tideline::base::LogLevel::warn, event, __VA_ARGS__)
#define TL_LOG_ERROR(event, ...) TL_LOG_AT(::tideline::base::LogLevel::error, event, __VA_ARGS__)
