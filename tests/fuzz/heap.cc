#include "heap.h"

#include <sanitizer/allocator_interface.h>

#include <algorithm>

namespace tideline::fuzz {
namespace {

std::size_t in_use = 0;
std::size_t peak = 0;

void on_malloc(const volatile void*, std::size_t bytes) {
    in_use += bytes;
    peak = std::max(peak, in_use);
}

void on_free(const volatile void* memory) {
    // What was there before the hooks was never counted.
    in_use -= std::min(in_use, memory == nullptr ? 0 : __sanitizer_get_allocated_size(memory));
}

[[maybe_unused]] const int kInstalled = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);

}  // namespace

HeapPeak::HeapPeak() : before_(in_use) { peak = in_use; }

std::size_t HeapPeak::bytes() const { return peak - before_; }

}  // namespace tideline::fuzz
