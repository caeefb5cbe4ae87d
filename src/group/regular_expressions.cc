#include "group/regular_expressions.h"

#include <re2/re2.h>

#include <algorithm>

namespace tideline::group {

namespace {

constexpr std::int64_t kProgramBytesMax = std::int64_t{1} << 20;

RE2::Options options() {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kProgramBytesMax);
    options.set_never_capture(true);
    return options;
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::string why_invalid(std::string_view pattern) {
    if (pattern.size() > kRegexBytesMax) {
        return "it is longer than " + std::to_string(kRegexBytesMax) + " bytes";
    }
    const RE2 regex(piece(pattern), options());
    return regex.ok() ? std::string() : regex.error();
}

std::vector<std::string> matching_topics(std::string_view pattern, const Topics& topics) {
    std::vector<std::string> names;
    const RE2 regex(piece(pattern), options());
    if (!regex.ok()) {
        return names;
    }
    topics.for_each([&](const TopicInfo& topic) {
        if (RE2::FullMatch(piece(topic.name), regex)) {
            names.emplace_back(topic.name);
        }
    });
    std::ranges::sort(names);
    return names;
}

}  // namespace tideline::group
