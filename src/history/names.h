// history/names.h: strings as numbers, and back.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tideline::history {

// Gives each different string the next number, from 0. Made for tens of millions of short ones: the texts lie one
// behind the other, the table holds numbers only.
class Names {
public:
    Names() : table_(kFirstSize, kNone) {}

    std::uint32_t number_of(std::string_view text);
    // Valid until the next number_of().
    std::string_view text_of(std::uint32_t number) const {
        return std::string_view(texts_).substr(begins_[number], begins_[number + 1] - begins_[number]);
    }
    std::uint32_t size() const { return static_cast<std::uint32_t>(begins_.size() - 1); }

private:
    static constexpr std::size_t kFirstSize = 64;  // of the table, which is a power of two
    static constexpr std::uint32_t kNone = ~0u;

    std::size_t slot_of(std::string_view text) const;
    void grow();

    std::string texts_;
    std::vector<std::uint64_t> begins_{0};
    std::vector<std::uint32_t> table_;
};

}  // namespace tideline::history
