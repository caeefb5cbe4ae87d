// tests/fuzz/heap.h: how much memory a piece of work took at its peak, by the sanitizer's allocation hooks.
#pragma once

#include <cstddef>

namespace tideline::fuzz {

class HeapPeak {
public:
    HeapPeak();
    // Bytes allocated at once beyond what there was when this was made.
    std::size_t bytes() const;

private:
    std::size_t before_;
};

}  // namespace tideline::fuzz
