#include "group/load_ranges.h"

#include <algorithm>
#include <utility>

namespace tideline::group {

LoadRanges::LoadRanges(const Ownership& ownership, const std::vector<std::int32_t>& subscribers)
    : ownership_(ownership), members_(subscribers) {
    std::ranges::sort(members_, {}, [this](std::int32_t member) { return std::pair(ownership_.load(member), member); });
    least_load_ = load_at(0) - 1;
    most_begin_ = most_end_ = next_most_ = members_.size();
    most_load_ = load_at(members_.size() - 1) + 1;
}

std::int32_t LoadRanges::next_least_loaded() {
    if (next_least_ >= least_end_) {
        ++least_load_;
        while (least_end_ < members_.size() && load_at(least_end_) == least_load_) {
            ++least_end_;
        }
        next_least_ = 0;
    }
    return members_[next_least_++];
}

std::optional<std::int32_t> LoadRanges::next_most_loaded() {
    if (next_most_ == most_begin_) {
        if (most_end_ == most_begin_ && most_begin_ > 0) {
            // Everybody in the range was excluded: it begins anew with the next load there is.
            most_load_ = load_at(most_begin_ - 1);
        } else {
            --most_load_;
        }
        while (most_begin_ > 0 && load_at(most_begin_ - 1) == most_load_) {
            --most_begin_;
        }
        next_most_ = most_end_;
    }
    if (next_most_ == 0) {
        return std::nullopt;
    }
    return members_[--next_most_];
}

void LoadRanges::exclude() {
    std::swap(members_[next_most_], members_[most_end_ - 1]);
    --most_end_;
}

}  // namespace tideline::group
