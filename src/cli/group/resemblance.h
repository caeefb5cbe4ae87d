// cli/group/resemblance.h: which group ids may have been meant for one another.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tideline::cli {

// Whether one id may have been meant for the other: "billing" and "billing-v2", "Billing_1", "biling".
bool resembles(std::string_view one, std::string_view other);

// Many ids. Finds those that resemble one without comparing it with each of them, as a rule: only with those that have a rare part in
// common with it or, where there is none, with those that begin alike.
class LookAlikes {
public:
    explicit LookAlikes(const std::vector<std::string>& ids);
    LookAlikes(const LookAlikes&) = delete;
    LookAlikes& operator=(const LookAlikes&) = delete;

    // The ids that resemble this one, itself excepted; the first `most` of them, in the order of their letters.
    std::vector<std::string> of(std::string_view id, std::size_t most) const;

private:
    struct Entry {
        std::string letters;  // all that counts for a typo
        std::string id;

        auto operator<=>(const Entry&) const = default;
    };
    using Places = std::vector<std::size_t>;  // in entries_, ascending

    // Somewhere in the letters of an entry.
    struct Position {
        std::size_t entry;
        std::size_t at;
    };

    std::string_view text_at(const Position& position) const;
    std::optional<Places> places_with_a_piece_of(std::string_view letters, std::size_t pieces) const;
    Places places_near(std::string_view letters, std::size_t typos, std::size_t most) const;
    Places places_of_typos(std::string_view id, std::size_t most) const;

    std::vector<Entry> entries_;  // sorted, never changed: the maps refer to their ids
    std::vector<Position> positions_;  // all that there are, by the text there
    std::unordered_map<std::string_view, std::size_t> by_id_;
    std::unordered_map<std::string_view, Places> extensions_;  // beginning of ids → those
};

}  // namespace tideline::cli
