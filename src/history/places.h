// history/places.h: where each value is, and what each kind of reader can see, partition by partition.
#pragma once
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "history/history.h"

namespace tideline::history {

struct Place {
    std::int64_t offset;
    std::uint32_t value;
    auto operator<=>(const Place&) const = default;
};

class Places {
public:
    // Notes in `history` where each value is, who saw it, and which transactions are proven by that.
    Places(History& history, Findings& findings);

    // Of every value whose offset is known, in the order of the log.
    const std::vector<Place>& of(std::uint32_t partition) const { return places_[partition]; }

    // How many records in [from, to) some reader of this isolation was given.
    std::int64_t count_visible(std::uint32_t partition, Isolation isolation, std::int64_t from, std::int64_t to) const;
    // Their offsets.
    const std::vector<std::int64_t>& visible(std::uint32_t partition, Isolation isolation) const {
        return visible_[static_cast<std::size_t>(isolation)][partition];
    }
    // Whether some reader of this isolation went past this offset, having begun before it.
    bool is_covered(std::uint32_t partition, Isolation isolation, std::int64_t offset) const;
    // The last full reading of the partition, null without one.
    const Drained* drained(std::uint32_t partition, Isolation isolation) const;

private:
    using Range = std::pair<std::int64_t, std::int64_t>;

    void place_reads(History& history, Findings& findings);
    void place_acknowledged(History& history, Findings& findings);
    void note_visible(const History& history);
    void note_covered(const History& history);

    std::vector<std::vector<Place>> places_;
    std::array<std::vector<std::vector<std::int64_t>>, 2> visible_;
    std::array<std::vector<std::vector<Range>>, 2> covered_;
    std::array<std::vector<const Drained*>, 2> drained_;
};

}  // namespace tideline::history
