#include "history/findings.h"

#include <fmt/format.h>

namespace tideline::history {

namespace {

constexpr std::array<std::string_view, kVerdicts> kNames{
    "inconsistent-offsets", "duplicate",         "lost-write",           "unseen",
    "aborted-read",         "precommitted-read", "torn-transaction",     "reordered",
    "poll-skip",            "nonmonotonic-poll", "offset-outputs-split", "double-processing",
    "offset-regression",    "watermark-regression", "hanging-transaction", "zombie-ack",
    "circular-reads",       "corrupt",           "ghost",
};

}  // namespace

std::string_view name_of(Verdict verdict) { return kNames[static_cast<std::size_t>(verdict)]; }

bool Findings::empty() const {
    return std::ranges::all_of(found_, [](const Found& found) { return found.count == 0; });
}

std::string Findings::text() const {
    std::string text;
    for (std::size_t verdict = 0; verdict < kVerdicts; ++verdict) {
        const Found& found = found_[verdict];
        if (found.count == 0) {
            continue;
        }
        text += fmt::format("{} {}\n", kNames[verdict], found.count);
        for (const std::string& example : found.examples) {
            text += fmt::format("    {}\n", example);
        }
    }
    return text;
}

}  // namespace tideline::history
