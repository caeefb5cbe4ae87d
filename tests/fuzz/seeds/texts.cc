#include <fmt/format.h>

#include "cli/command_line.h"
#include "cluster/broker_config.h"
#include "log/log_config.h"
#include "seeds/seeds.h"

namespace tideline::fuzz {
namespace {

void add_configurations(const Seeds& seeds) {
    seeds.add("config", "kraft", {1, 0}, std::string_view(
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@localhost:9093\n"
        "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\nadvertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n"
        "controller.listener.names=CONTROLLER\ninter.broker.listener.name=PLAINTEXT\n"
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\nlog.dirs=/a,/b\n"));
    // Every property with its default, and topics' in the same way.
    for (const cluster::BrokerProperty& property : cluster::broker_properties()) {
        const std::string line = fmt::format("{}={}\n", property.row.name, property.row.default_value.value_or("1"));
        seeds.add("config", fmt::format("broker-{}", property.row.name), {1, 0}, line);
    }
    std::string all;
    for (const base::PropertyRow& row : log::topic_properties()) {
        all += fmt::format("{}={}\n", row.name, row.default_value.value_or("1"));
    }
    seeds.add("config", "topic", {0}, all);
    seeds.add("config", "properties-syntax", {1, 12}, std::string_view("log.dirs: /x# comment\n! too\nnode\\.id = \\u0031\nlog.retention.ms \\\n  7\n"));
}

void add_command_texts(const Seeds& seeds) {
    int number = 0;
    for (const char* text : {"2026-01-31T10:20:30.123Z", "2026-01-31 10:20+01:00", "1h30m", "500ms", "beginning", "end", "1042", "-20", "@1769854830000",
                             "10m ago"}) {
        seeds.add("command_text", fmt::format("instant-{}", number++), {0}, std::string_view(text));
    }
    seeds.add("command_text", "format", {1, 26}, std::string_view("%t %p %o %T %k %s %h\\n\\x4112345678topicvalue"));
    seeds.add("command_text", "lines", {2, 0, 0, 3}, std::string_view("one\ntwo\r\n\n\nthree"));
    seeds.add("command_text", "blocks", {2, 1, 0, 3}, std::string_view("one\ntwo\n\n\nthree\n\n"));
    seeds.add("command_text", "separator", {2, 0, 2, 'a', 'b', 3}, std::string_view("oneabtwoabaabb"));
    seeds.add("command_text", "key-separator", {3, 1, ':', 1, 0}, std::string_view("key:value"));
    seeds.add("command_text", "key-regex", {3, 6, '^', '(', '\\', 'w', '+', ')', 0, 1}, std::string_view("key value"));
    seeds.add("command_text", "topics", {0}, std::string_view("orders:0,2,17"));
    seeds.add("command_text", "offsets", {4}, std::string_view("orders,0,42\npayments,3,-1\n"));
    seeds.add("command_text", "offsets-of-kafka", {4}, std::string_view("\"billing\",\"orders\",0,42\r\n"));
    for (int which = 0; which <= 7; ++which) {
        // From 100 to 200, committed at 150, 1000 bytes; 7.
        seeds.add("command_text", fmt::format("reset-{}", which),
                  {5, which, 0, 0, 0, 0, 0, 0, 1, 144, 0, 0, 0, 100, 1, 0, 0, 0, 0, 0, 0, 2, 88, 1, 0, 0, 0, 0, 3, 232, 0, 0, 0, 0, 0, 0, 0, 7},
                  std::string_view(which == 6 ? "PT1H30M" : "2026-01-31T10:20:30Z"));
    }
    seeds.add("command_text", "escapes", {6}, std::string_view("a\\n\\t\\r\\0\\\\\\x7f"));
}

// A value for an option or a place: what its name calls for, or a number.
std::string value_of(const std::vector<std::string>& choices) { return choices.empty() ? "1" : choices.front(); }

// Each command alone, with each of its options, and with its help.
void add_command_lines(const Seeds& seeds, const cli::CommandNode& command) {
    std::string words;
    for (char letter : std::string_view(command.path).substr(std::string_view("tideline").size())) {
        words += letter == ' ' ? '\n' : letter;
    }
    if (!words.empty()) {
        words = words.substr(1) + "\n";
    }
    std::string places;
    for (const cli::OptionNode& place : command.positionals) {
        places += value_of(cli::choices_of(place)) + "\n";
    }
    auto add = [&](const std::string& name, const std::string& rest) {
        seeds.add("command_line", fmt::format("{}-{}", command.name(), name), {}, std::string_view(words + rest));
    };
    add("plain", places);
    std::string all = places;
    for (const cli::OptionNode& option : command.options) {
        const std::string last = option.names.back();
        const std::string given = last + (option.value.empty() ? "\n" : "\n" + value_of(cli::choices_of(option)) + "\n");
        add(last.substr(last.find_first_not_of('-')), places + given);
        all += given;
    }
    add("all", all);
    for (const cli::CommandNode& below : command.commands) {
        add_command_lines(seeds, below);
    }
}

}  // namespace

void add_texts(const Seeds& seeds) {
    add_configurations(seeds);
    add_command_texts(seeds);
    add_command_lines(seeds, cli::command_tree());
}

}  // namespace tideline::fuzz
