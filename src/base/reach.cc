#include "base/reach.h"

// The linker's names for where the section begins and ends; absent when no mark is linked.
extern "C" {
[[gnu::weak]] extern tideline::base::ReachMark __start_tl_reach[];
[[gnu::weak]] extern tideline::base::ReachMark __stop_tl_reach[];
}

namespace tideline::base {

std::span<ReachMark> reach_marks() { return {__start_tl_reach, __stop_tl_reach}; }

}  // namespace tideline::base
