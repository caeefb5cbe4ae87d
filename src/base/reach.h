// base/reach.h: marks at places that are reached seldom, so that a test of many runs can tell whether it ever was there.
//
//   TL_REACH("recovery_truncated_tail");
// The cost is one relaxed store. Marks are known to reach_marks() whether they were reached or not: they lie side by side in a
// section of the program. Not for templates and inline functions, which would have several.
// Thread:  any.
#pragma once

#include <atomic>
#include <span>

namespace tideline::base {

struct ReachMark {
    const char* name;
    std::atomic<bool> is_reached;
};

// Every mark linked into this program; a name may stand at several places.
std::span<ReachMark> reach_marks();

}  // namespace tideline::base

#define TL_REACH(mark_name)                                                                                             \
    do {                                                                                                                \
        [[gnu::section("tl_reach"), gnu::used]] static constinit ::tideline::base::ReachMark tl_mark{mark_name, false}; \
        tl_mark.is_reached.store(true, std::memory_order_relaxed);                                                      \
    } while (false)
