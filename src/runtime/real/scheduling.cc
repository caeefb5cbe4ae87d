#include "runtime/real/scheduling.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace tideline::runtime::real {

namespace {

// Of sched_setattr(2). The kernel's header defines a structure that the C library has, too: they cannot be included together.
struct SchedulingAttributes {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime_ns;  // of an ordinary thread: its slice
    std::uint64_t deadline_ns;
    std::uint64_t period_ns;
};

}  // namespace

void ask_for_short_slices() {
    constexpr std::uint64_t kShortestNs = 100'000;
    constexpr std::uint32_t kOrdinary = 0;
    SchedulingAttributes attributes{};
    if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0 || attributes.policy != kOrdinary) {
        return;  // a strict sandbox; or the operator has chosen another policy
    }
    attributes.runtime_ns = kShortestNs;
    ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace tideline::runtime::real
