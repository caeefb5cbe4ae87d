#include "history/names.h"

#include <functional>

namespace tideline::history {

std::size_t Names::slot_of(std::string_view text) const {
    const std::size_t mask = table_.size() - 1;
    std::size_t slot = std::hash<std::string_view>{}(text) & mask;
    while (table_[slot] != kNone && text_of(table_[slot]) != text) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

void Names::grow() {
    table_.assign(table_.size() * 2, kNone);
    for (std::uint32_t number = 0; number < size(); ++number) {
        table_[slot_of(text_of(number))] = number;
    }
}

std::uint32_t Names::number_of(std::string_view text) {
    std::size_t slot = slot_of(text);
    if (table_[slot] != kNone) {
        return table_[slot];
    }
    if ((size() + 1) * 3ull > table_.size() * 2) {
        grow();
        slot = slot_of(text);
    }
    const std::uint32_t number = size();
    table_[slot] = number;
    texts_ += text;
    begins_.push_back(texts_.size());
    return number;
}

}  // namespace tideline::history
