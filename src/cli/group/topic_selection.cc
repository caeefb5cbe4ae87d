#include "cli/group/topic_selection.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "base/result.h"

namespace tideline::cli {

bool TopicSelection::takes(std::int32_t partition) const {
    return partitions.empty() || std::ranges::count(partitions, partition) > 0;
}

Outcome<TopicSelection> parse_topic_selection(const std::string& text) {
    auto wrong = [&] {
        return usage_failure(fmt::format("'{}' is neither TOPIC nor TOPIC:PARTITION,PARTITION", text));
    };
    std::size_t colon = text.find(':');
    TopicSelection selection{text.substr(0, colon), {}};
    if (selection.topic.empty()) {
        return wrong();
    }
    if (colon == text.npos) {
        return selection;
    }
    const char* at = text.data() + colon + 1;
    const char* end = text.data() + text.size();
    for (;;) {
        std::int32_t partition = -1;
        auto [rest, error] = std::from_chars(at, end, partition);
        if (error != std::errc() || partition < 0) {
            return wrong();
        }
        selection.partitions.push_back(partition);
        if (rest == end) {
            return selection;
        }
        if (*rest != ',') {
            return wrong();
        }
        at = rest + 1;
    }
}

Outcome<std::vector<TopicSelection>> parse_topic_selections(const std::vector<std::string>& texts) {
    std::vector<TopicSelection> selections;
    for (const std::string& text : texts) {
        TL_TRY(selection, parse_topic_selection(text));
        selections.push_back(std::move(selection));
    }
    return selections;
}

}  // namespace tideline::cli
