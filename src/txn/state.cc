#include "txn/state.h"

#include <array>

namespace tideline::txn {

namespace {

constexpr std::array<std::string_view, 8> kNames = {"Empty",          "Ongoing",       "PrepareCommit", "PrepareAbort",
                                                    "CompleteCommit", "CompleteAbort", "Dead",          "PrepareEpochFence"};

}  // namespace

std::string_view name_of(State state) { return kNames.at(static_cast<std::size_t>(state)); }

std::optional<State> state_named(std::string_view name) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == name) {
            return static_cast<State>(i);
        }
    }
    return std::nullopt;
}

}  // namespace tideline::txn
