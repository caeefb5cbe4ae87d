// group/regular_expressions.h: which topics a SubscribedTopicRegex names (RE2, as in Kafka).
//
// Time is linear in the names; a pattern that would need a large program is refused as invalid.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "group/topics.h"

namespace tideline::group {

inline constexpr std::size_t kRegexBytesMax = 4'096;

// Why the pattern is refused, for people; empty when it is good.
std::string why_invalid(std::string_view pattern);

// The topics whose whole name matches, in the order of their names; none when the pattern is not valid.
std::vector<std::string> matching_topics(std::string_view pattern, const Topics& topics);

}  // namespace tideline::group
