#include "history/places.h"

#include <fmt/format.h>

namespace tideline::history {

namespace {

std::size_t index_of(Isolation isolation) { return static_cast<std::size_t>(isolation); }

std::string read_at(const History& history, std::uint32_t value, const Poll& poll, std::int64_t offset) {
    return fmt::format("{} at {} of {}, read by {}", history.value_name(value), offset,
                       history.partition_name(poll.partition), history.processes.text_of(poll.consumer));
}

}  // namespace

Places::Places(History& history, Findings& findings) : places_(history.partitions.size()) {
    place_reads(history, findings);
    place_acknowledged(history, findings);
    for (auto& places : places_) {
        std::ranges::sort(places);
    }
    note_visible(history);
    note_covered(history);
    for (auto& drained : drained_) {
        drained.assign(places_.size(), nullptr);
    }
    for (const Drained& drained : history.drained) {
        const Drained*& last = drained_[index_of(drained.isolation)][drained.partition];
        if (last == nullptr || last->at < drained.at) {
            last = &drained;
        }
    }
}

void Places::place_reads(History& history, Findings& findings) {
    for (const Poll& poll : history.polls) {
        for (std::uint64_t n = poll.first_read; n < poll.first_read + poll.reads; ++n) {
            const std::uint32_t number = history.read_values[n];
            const std::int64_t offset = history.read_offsets[n];
            Value& value = history.values[number];
            if (value.partition != poll.partition) {
                findings.add(Verdict::ghost, [&] { return read_at(history, number, poll, offset); });
                continue;
            }
            (poll.isolation == Isolation::committed ? value.is_seen_committed : value.is_seen_uncommitted) = true;
            if (poll.isolation == Isolation::committed && value.transaction != kNone) {
                history.transactions[value.transaction].is_proven = true;
            }
            if (value.offset == offset) {
                continue;
            }
            if (value.offset != kNoOffset) {
                findings.add(Verdict::duplicate, [&] {
                    return fmt::format("{}, and at {}", read_at(history, number, poll, offset), value.offset);
                });
            } else {
                value.offset = offset;
            }
            places_[poll.partition].push_back({offset, number});
        }
    }
}

void Places::place_acknowledged(History& history, Findings& findings) {
    for (const std::uint32_t number : history.sends) {
        Value& value = history.values[number];
        if (value.acked_offset == kNoOffset || value.acked_offset == value.offset) {
            continue;
        }
        if (value.offset != kNoOffset) {
            findings.add(Verdict::duplicate, [&] {
                return fmt::format("{} acknowledged at {} of {}, but read at {}", history.value_name(number),
                                   value.acked_offset, history.partition_name(value.partition), value.offset);
            });
        } else {
            value.offset = value.acked_offset;
        }
        places_[value.partition].push_back({value.acked_offset, number});
    }
}

void Places::note_visible(const History& history) {
    for (auto& visible : visible_) {
        visible.resize(places_.size());
    }
    for (std::size_t partition = 0; partition < places_.size(); ++partition) {
        for (const auto& [offset, number] : places_[partition]) {
            const Value& value = history.values[number];
            const bool is_seen[] = {value.is_seen(), value.is_seen_committed};
            for (const std::size_t isolation : {0, 1}) {
                auto& offsets = visible_[isolation][partition];
                const bool is_new = offsets.empty() || offsets.back() != offset;
                if (is_seen[isolation] && is_new && value.offset == offset) {
                    offsets.push_back(offset);
                }
            }
        }
    }
}

void Places::note_covered(const History& history) {
    for (auto& covered : covered_) {
        covered.resize(places_.size());
    }
    for (const Poll& poll : history.polls) {
        auto& ranges = covered_[index_of(poll.isolation)][poll.partition];
        if (!ranges.empty() && ranges.back().second == poll.position) {
            ranges.back().second = poll.next;
        } else if (poll.position < poll.next) {
            ranges.emplace_back(poll.position, poll.next);
        }
    }
    for (auto& partitions : covered_) {
        for (auto& ranges : partitions) {
            std::ranges::sort(ranges);
            std::size_t kept = 0;
            for (const Range& range : ranges) {
                if (kept > 0 && range.first <= ranges[kept - 1].second) {
                    ranges[kept - 1].second = std::max(ranges[kept - 1].second, range.second);
                } else {
                    ranges[kept++] = range;
                }
            }
            ranges.resize(kept);
        }
    }
}

std::int64_t Places::count_visible(std::uint32_t partition, Isolation isolation, std::int64_t from,
                                   std::int64_t to) const {
    const auto& offsets = visible(partition, isolation);
    return std::ranges::lower_bound(offsets, to) - std::ranges::lower_bound(offsets, from);
}

bool Places::is_covered(std::uint32_t partition, Isolation isolation, std::int64_t offset) const {
    const auto& ranges = covered_[index_of(isolation)][partition];
    const auto after = std::ranges::upper_bound(ranges, offset, {}, &Range::first);
    return after != ranges.begin() && offset < std::prev(after)->second;
}

const Drained* Places::drained(std::uint32_t partition, Isolation isolation) const {
    return drained_[index_of(isolation)][partition];
}

}  // namespace tideline::history
