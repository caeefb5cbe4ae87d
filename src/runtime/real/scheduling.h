// runtime/real/scheduling.h: what the kernel's scheduler should know of our threads.
#pragma once

namespace tideline::runtime::real {

// The calling thread asks for the shortest slices there are. It gets no more of a busy core than others do, but its turn comes
// sooner after it wakes up. Kernels before Linux 6.12 do not listen.
void ask_for_short_slices();

}  // namespace tideline::runtime::real
