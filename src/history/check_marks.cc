// Watermarks and epochs: neither goes back, and the last stable offset does not stand still.
#include <fmt/format.h>

#include "history/check.h"

namespace tideline::history {

namespace {

using Mark = std::int64_t Watermarks::*;

// A sample may not be below one that was complete when it was asked for.
void find_regressions(const History& history, std::span<const Watermarks> by_end, Mark mark, std::string_view name,
                      Findings& findings) {
    std::vector<const Watermarks*> by_start;
    for (const Watermarks& sample : by_end) {
        by_start.push_back(&sample);
    }
    std::ranges::sort(by_start, {}, &Watermarks::asked);
    std::size_t next = 0;
    const Watermarks* highest = nullptr;
    for (const Watermarks* sample : by_start) {
        while (next < by_end.size() && by_end[next].at < sample->asked) {
            const Watermarks& earlier = by_end[next++];
            highest = highest == nullptr || earlier.*mark > highest->*mark ? &earlier : highest;
        }
        if (highest != nullptr && sample->*mark < highest->*mark) {
            findings.add(Verdict::watermark_regression, [&] {
                return fmt::format("the {} of {} was {} at {} and {} at {}", name,
                                   history.partition_name(sample->partition), highest->*mark, highest->at, sample->*mark,
                                   sample->at);
            });
        }
    }
}

Micros downtime_between(const History& history, Micros from, Micros to) {
    Micros sum = 0;
    for (const auto& [down, up] : history.downtimes) {
        sum += std::max<Micros>(0, std::min(up, to) - std::max(down, from));
    }
    return sum;
}

void find_hanging(const History& history, std::span<const Watermarks> by_end, Findings& findings) {
    const Watermarks* since = nullptr;
    bool is_told = false;
    for (const Watermarks& sample : by_end) {
        const bool is_behind = sample.last_stable < sample.high_watermark;
        if (!is_behind || since == nullptr || sample.last_stable != since->last_stable) {
            since = is_behind ? &sample : nullptr;
            is_told = false;
            continue;
        }
        const Micros stood = sample.at - since->at - downtime_between(history, since->at, sample.at);
        if (!is_told && stood > history.transaction_timeout) {
            is_told = true;
            findings.add(Verdict::hanging_transaction, [&] {
                return fmt::format("the last stable offset of {} stands at {} since {}, for {} ms",
                                   history.partition_name(sample.partition), sample.last_stable, since->at, stood / 1000);
            });
        }
    }
}

using Epochs = std::map<std::pair<std::int64_t, std::int64_t>, EpochUse>;

// Within one owner: nothing sent after a newer epoch's first acknowledgement is acknowledged under an older one.
template <class Say>
void find_zombies(const Epochs& epochs, Findings& findings, Say say) {
    Micros newer = kNever;
    std::int64_t owner = -1;
    for (auto at = epochs.rbegin(); at != epochs.rend(); ++at) {
        const auto& [key, use] = *at;
        if (key.first != owner) {
            owner = key.first;
            newer = kNever;
        }
        if (use.last_sent > newer) {
            findings.add(Verdict::zombie_ack, [&] { return say(key.first, key.second, use.last_sent, newer); });
        }
        newer = std::min(newer, use.first_acknowledged);
    }
}

}  // namespace

void check_watermarks(const History& history, Findings& findings) {
    std::vector<Watermarks> samples = history.watermarks;
    std::ranges::sort(samples, {}, [](const Watermarks& w) { return std::pair(w.partition, w.at); });
    for (std::size_t begin = 0, end = 0; begin < samples.size(); begin = end) {
        while (end < samples.size() && samples[end].partition == samples[begin].partition) {
            ++end;
        }
        const std::span<const Watermarks> of_one(samples.begin() + begin, samples.begin() + end);
        find_regressions(history, of_one, &Watermarks::high_watermark, "high watermark", findings);
        find_regressions(history, of_one, &Watermarks::last_stable, "last stable offset", findings);
        find_hanging(history, of_one, findings);
    }
}

void check_epochs(const History& history, Findings& findings) {
    find_zombies(history.producer_epochs, findings, [](auto id, auto epoch, Micros sent, Micros newer) {
        return fmt::format("producer id {}, epoch {}: sent at {}, though a newer epoch was acknowledged at {}", id, epoch, sent,
                           newer);
    });
    find_zombies(history.leader_epochs, findings, [&](auto partition, auto epoch, Micros sent, Micros newer) {
        return fmt::format("{}, leader epoch {}: sent at {}, though a newer one acknowledged at {}",
                           history.partition_name(static_cast<std::uint32_t>(partition)), epoch, sent, newer);
    });
}

}  // namespace tideline::history
