// cli/edit_distance.h: how far two words are apart, for what somebody may have meant.
#pragma once

#include <cstddef>
#include <string_view>

namespace tideline::cli {

// How many letters must change, come or go to make one of the other.
std::size_t edit_distance(std::string_view one, std::string_view other);

}  // namespace tideline::cli
