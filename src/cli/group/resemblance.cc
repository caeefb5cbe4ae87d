#include "cli/group/resemblance.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <set>

#include "cli/edit_distance.h"

namespace tideline::cli {
namespace {

// Longer pieces of an id are not told apart.
constexpr std::size_t kPieceMax = 32;

bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

std::string letters_of(std::string_view text) {
    std::string letters;
    for (char c : text) {
        if (is_letter(c)) {
            letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return letters;
}

// Calls `visit` with each beginning of the id of which the whole may be an extension: "billing" of "billing-v2".
template <class Visit>
void for_each_stem(std::string_view id, Visit visit) {
    constexpr std::size_t kShortestName = 4;
    for (std::size_t size = kShortestName; size < id.size(); ++size) {
        if (!is_letter(id[size])) {
            visit(id.substr(0, size));
        }
    }
}

bool is_extension(std::string_view shorter, std::string_view longer) {
    bool found = false;
    for_each_stem(longer, [&](std::string_view stem) { found |= stem == shorter; });
    return found;
}

std::size_t typos_allowed(std::size_t letters, std::size_t other_letters) {
    constexpr std::size_t kLettersForATypo = 5;
    constexpr std::size_t kLettersForAnother = 12;
    const std::size_t fewer = std::min(letters, other_letters);
    return fewer < kLettersForATypo ? 0 : 1 + fewer / kLettersForAnother;
}

// Edit distances of one word to the beginnings of another, letter by letter; those above `most` are not told apart. Row n is for the first
// n letters of the other, so words with a common beginning share the rows of that.
class DistanceRows {
public:
    DistanceRows(std::string_view word, std::size_t most) : word_(word), most_(most), width_(2 * most + 1) {
        cells_.resize(width_, kFar);
        for (std::size_t i = 0; i <= std::min(most, word.size()); ++i) {
            cells_[most + i] = i;
        }
    }

    // Makes row `n` from the one before. Returns the least distance in it; no later row has a smaller one.
    std::size_t add(std::size_t n, char letter) {
        cells_.resize(std::max(cells_.size(), (n + 1) * width_));
        const std::size_t* before = &cells_[(n - 1) * width_];
        std::size_t* row = &cells_[n * width_];
        std::size_t least = kFar;
        for (std::size_t cell = 0; cell < width_; ++cell) {
            row[cell] = kFar;
            if (n + cell < most_ || n + cell - most_ > word_.size()) {
                continue;  // no such beginning of the word
            }
            const std::size_t i = n + cell - most_;
            const std::size_t changed = i == 0 ? kFar : before[cell] + (word_[i - 1] == letter ? 0 : 1);
            const std::size_t added = cell + 1 < width_ ? before[cell + 1] + 1 : kFar;
            const std::size_t left_out = cell > 0 ? row[cell - 1] + 1 : kFar;
            row[cell] = std::min({changed, added, left_out, kFar});
            least = std::min(least, row[cell]);
        }
        return least;
    }

    // Between the whole word and the first n letters of the other.
    std::size_t distance(std::size_t n) const {
        const bool is_near = word_.size() + most_ >= n && word_.size() <= n + most_;
        return is_near ? cells_[n * width_ + word_.size() + most_ - n] : kFar;
    }

private:
    static constexpr std::size_t kFar = std::numeric_limits<std::size_t>::max() / 2;

    std::string_view word_;
    std::size_t most_;
    std::size_t width_;  // beginnings of the word that are `most` letters shorter to `most` letters longer
    std::vector<std::size_t> cells_;
};

}  // namespace

bool resembles(std::string_view one, std::string_view other) {
    if (is_extension(one, other) || is_extension(other, one)) {
        return true;
    }
    const std::string a = letters_of(one);
    const std::string b = letters_of(other);
    return edit_distance(a, b) <= typos_allowed(a.size(), b.size());
}

LookAlikes::LookAlikes(const std::vector<std::string>& ids) {
    for (const std::string& id : std::set<std::string>(ids.begin(), ids.end())) {
        entries_.push_back({letters_of(id), id});
    }
    std::ranges::sort(entries_);
    for (std::size_t place = 0; place < entries_.size(); ++place) {
        const std::string& id = entries_[place].id;
        by_id_.emplace(id, place);
        for_each_stem(id, [&](std::string_view stem) { extensions_[stem].push_back(place); });
        for (std::size_t at = 0; at < entries_[place].letters.size(); ++at) {
            positions_.push_back({place, at});
        }
    }
    std::ranges::sort(positions_, {}, [&](const Position& each) { return text_at(each); });
}

std::string_view LookAlikes::text_at(const Position& position) const {
    return std::string_view(entries_[position.entry].letters).substr(position.at, kPieceMax);
}

// Where one of so many pieces of the word occurs, none of which is in many entries; nullopt when there are not so many such pieces. A typo
// damages one piece at most: with one piece more than typos nothing else can be meant.
std::optional<LookAlikes::Places> LookAlikes::places_with_a_piece_of(std::string_view letters, std::size_t pieces) const {
    constexpr std::ptrdiff_t kOften = 8;
    Places places;
    for (std::size_t begin = 0, size = 1; pieces > 0; ++size) {
        if (begin + size > letters.size()) {
            return std::nullopt;
        }
        const std::string_view piece = letters.substr(begin, size);
        auto first = std::ranges::lower_bound(positions_, piece, {}, [&](const Position& each) { return text_at(each); });
        auto last = std::partition_point(first, positions_.end(), [&](const Position& each) { return text_at(each).starts_with(piece); });
        if (last - first <= kOften) {
            std::for_each(first, last, [&](const Position& each) { places.push_back(each.entry); });
            --pieces;
        } else if (size < kPieceMax) {
            continue;
        }
        begin += size;
        size = 0;
    }
    std::ranges::sort(places);
    places.erase(std::ranges::unique(places).begin(), places.end());
    return places;
}

// Those that are at most so many typos away, in the order of their letters.
LookAlikes::Places LookAlikes::places_near(std::string_view letters, std::size_t typos, std::size_t most) const {
    DistanceRows rows(letters, typos);
    Places found;
    std::string_view told;  // letters that there are rows for
    for (auto at = entries_.begin(); at != entries_.end() && found.size() < most;) {
        const std::string_view other = at->letters;
        auto known = static_cast<std::size_t>(std::ranges::mismatch(told, other).in2 - other.begin());
        bool is_near = true;
        while (is_near && known < other.size()) {
            ++known;
            is_near = rows.add(known, other[known - 1]) <= typos;
        }
        told = other.substr(0, known);
        if (!is_near) {
            // So is whatever else begins like this.
            at = std::partition_point(at, entries_.end(), [&](const Entry& each) { return each.letters.starts_with(told); });
            continue;
        }
        if (rows.distance(known) <= typos_allowed(letters.size(), other.size())) {
            found.push_back(static_cast<std::size_t>(at - entries_.begin()));
        }
        ++at;
    }
    return found;
}

LookAlikes::Places LookAlikes::places_of_typos(std::string_view id, std::size_t most) const {
    const std::string letters = letters_of(id);
    const std::size_t typos = typos_allowed(letters.size(), letters.size());
    // Ids that have long parts of their own, or else ids with a common beginning that differ in few letters.
    auto places = places_with_a_piece_of(letters, typos + 1);
    if (!places) {
        return places_near(letters, typos, std::max(most, most + 1));  // the id itself may be among them
    }
    std::erase_if(*places, [&](std::size_t place) {
        const std::string& other = entries_[place].letters;
        return edit_distance(letters, other) > typos_allowed(letters.size(), other.size());
    });
    return *places;
}

std::vector<std::string> LookAlikes::of(std::string_view id, std::size_t most) const {
    const Places typos = places_of_typos(id, most);
    std::set<std::size_t> places(typos.begin(), typos.end());
    if (auto self = by_id_.find(id); self != by_id_.end()) {
        places.erase(self->second);
    }
    if (auto longer = extensions_.find(id); longer != extensions_.end()) {
        const Places& all = longer->second;
        places.insert(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size())));
    }
    for_each_stem(id, [&](std::string_view stem) {
        if (auto shorter = by_id_.find(stem); shorter != by_id_.end()) {
            places.insert(shorter->second);
        }
    });
    std::vector<std::string> found;
    for (std::size_t place : places) {
        if (found.size() < most) {
            found.push_back(entries_[place].id);
        }
    }
    return found;
}

}  // namespace tideline::cli
