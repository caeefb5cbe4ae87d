#include "log/directory_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tideline::log {

namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kTopicBytesMax = 249;

bool is_topic_name(std::string_view topic) {
    return !topic.empty() && topic.size() <= kTopicBytesMax && topic != "." && topic != ".." && std::ranges::all_of(topic, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
}

}  // namespace

std::string directory_name(std::string_view topic, std::int32_t partition) { return fmt::format("{}-{}", topic, partition); }

std::optional<TopicPartition> parse_directory_name(std::string_view name) {
    std::size_t dash = name.rfind('-');
    if (dash == std::string_view::npos || !is_topic_name(name.substr(0, dash))) {
        return std::nullopt;
    }
    std::string_view digits = name.substr(dash + 1);
    std::int32_t partition = -1;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), partition);
    if (error != std::errc() || end != digits.data() + digits.size() || partition < 0) {
        return std::nullopt;
    }
    return TopicPartition{std::string(name.substr(0, dash)), partition};
}

std::string doomed_directory_name(std::string_view topic, std::int32_t partition, const Uuid& unique, std::string_view suffix) {
    std::string tail = fmt::format("-{}.{:016x}{:016x}{}", partition, unique.high, unique.low, suffix);
    return std::string(topic.substr(0, kNameBytesMax - tail.size())) + tail;
}

bool is_doomed_directory(std::string_view name) { return name.ends_with(kDeleteSuffix) && name.find('.') != std::string_view::npos; }

}  // namespace tideline::log
