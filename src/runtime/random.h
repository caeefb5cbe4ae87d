// runtime/random.h: a small, fast generator whose whole state is its seed. Not for secrets.
#pragma once

#include <cstdint>

namespace tideline::runtime {

// splitmix64: every 64-bit seed gives a full-period stream.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15u;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
        return mixed ^ (mixed >> 31);
    }
    // In [0, bound); needs bound > 0.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }
    bool chance(std::uint64_t one_in) { return below(one_in) == 0; }

private:
    std::uint64_t state_;
};

}  // namespace tideline::runtime
