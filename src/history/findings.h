// history/findings.h: what a history proves against the broker. README.md says what each verdict means.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tideline::history {

enum class Verdict : std::uint8_t {
    inconsistent_offsets,
    duplicate,
    lost_write,
    unseen,
    aborted_read,
    precommitted_read,
    torn_transaction,
    reordered,
    poll_skip,
    nonmonotonic_poll,
    offset_outputs_split,
    double_processing,
    offset_regression,
    watermark_regression,
    hanging_transaction,
    zombie_ack,
    circular_reads,
    corrupt,
    ghost,
};
inline constexpr std::size_t kVerdicts = static_cast<std::size_t>(Verdict::ghost) + 1;

// As it stands in README.md: words joined by hyphens.
std::string_view name_of(Verdict verdict);

class Findings {
public:
    static constexpr std::size_t kExamplesMax = 10;  // of each verdict; more are only counted

    // `say` makes the text of an example, and is called only when one is kept.
    template <class Say>
    void add(Verdict verdict, Say say) {
        Found& found = found_[static_cast<std::size_t>(verdict)];
        if (found.count++ < kExamplesMax) {
            found.examples.push_back(say());
        }
    }

    std::uint64_t count(Verdict verdict) const { return found_[static_cast<std::size_t>(verdict)].count; }
    bool empty() const;
    // One line for each verdict, and one for each example below it.
    std::string text() const;

private:
    struct Found {
        std::uint64_t count = 0;
        std::vector<std::string> examples;
    };
    std::array<Found, kVerdicts> found_;
};

}  // namespace tideline::history
