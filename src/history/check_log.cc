// What is at which offset: two values at one, records out of order, records that are gone.
#include <fmt/format.h>

#include <unordered_map>

#include "history/check.h"

namespace tideline::history {

namespace {

std::string described(const History& history, std::uint32_t number) {
    const Value& value = history.values[number];
    std::string text = fmt::format("{} of {}", history.value_name(number), history.partition_name(value.partition));
    if (value.acked_offset != kNoOffset) {
        text += fmt::format(", acknowledged at {}", value.acked_offset);
    }
    if (value.transaction != kNone) {
        const auto id = history.transactions[value.transaction].transactional_id;
        text += fmt::format(", in transaction {} of {}", value.transaction, history.transactional_ids.text_of(id));
    }
    return text;
}

void find_inconsistent(const History& history, const std::vector<Place>& places, Findings& findings) {
    for (std::size_t n = 1; n < places.size(); ++n) {
        if (places[n].offset == places[n - 1].offset) {
            findings.add(Verdict::inconsistent_offsets, [&] {
                return fmt::format("{} is at {}, and so is {}", described(history, places[n].value), places[n].offset,
                                   described(history, places[n - 1].value));
            });
        }
    }
}

void find_reordered(const History& history, Findings& findings) {
    std::unordered_map<std::uint64_t, std::uint32_t> latest;  // by producer and partition
    for (const std::uint32_t number : history.sends) {
        const Value& value = history.values[number];
        if (value.offset == kNoOffset) {
            continue;
        }
        const std::uint64_t key = static_cast<std::uint64_t>(value.producer) << 32 | value.partition;
        const auto [last, is_first] = latest.try_emplace(key, number);
        if (!is_first && value.offset < history.values[last->second].offset) {
            findings.add(Verdict::reordered, [&] {
                return fmt::format("{} is at {}, before {} at {}, which was sent earlier", described(history, number),
                                   value.offset, described(history, last->second), history.values[last->second].offset);
            });
            continue;
        }
        last->second = number;
    }
}

// Whether a committed reader must be given it.
bool is_due(const History& history, const Value& value) {
    return value.transaction == kNone || history.transactions[value.transaction].is_committed();
}

void judge_unread(const History& history, const Places& places, std::uint32_t number, Findings& findings) {
    const Value& value = history.values[number];
    const bool is_due_here = is_due(history, value);
    const bool is_passed_by_committed =
        is_due_here && !value.is_seen_committed && places.is_covered(value.partition, Isolation::committed, value.offset);
    if (value.transaction != kNone && is_passed_by_committed) {
        findings.add(Verdict::torn_transaction, [&] { return described(history, number); });
        return;
    }
    if (value.is_seen()) {
        return;
    }
    if (is_passed_by_committed || places.is_covered(value.partition, Isolation::uncommitted, value.offset)) {
        findings.add(Verdict::lost_write, [&] { return described(history, number); });
        return;
    }
    for (const Isolation isolation : {Isolation::uncommitted, Isolation::committed}) {
        const Drained* drained = places.drained(value.partition, isolation);
        const bool is_for_it = isolation == Isolation::uncommitted || is_due_here;
        if (drained != nullptr && is_for_it && drained->at > value.sent_at && drained->end <= value.offset) {
            findings.add(Verdict::unseen, [&] {
                return fmt::format("{}; the last reading ended at {}", described(history, number), drained->end);
            });
            return;
        }
    }
}

// Of a record without any offset there is only the last reading to tell that it is not there.
void judge_placeless(const History& history, const Places& places, std::uint32_t number, Findings& findings) {
    const Value& value = history.values[number];
    const Drained* committed = places.drained(value.partition, Isolation::committed);
    const Drained* uncommitted = places.drained(value.partition, Isolation::uncommitted);
    if (value.transaction != kNone) {
        const Transaction& transaction = history.transactions[value.transaction];
        if (transaction.is_committed() && committed != nullptr && committed->at > transaction.commit_at) {
            findings.add(Verdict::torn_transaction, [&] { return described(history, number); });
        }
        return;
    }
    const auto is_behind = [&](const Drained* drained) { return drained != nullptr && drained->at > value.sent_at; };
    if (value.outcome == Outcome::ok && (is_behind(committed) || is_behind(uncommitted))) {
        findings.add(Verdict::lost_write, [&] { return described(history, number); });
    }
}

}  // namespace

void check_log(const History& history, const Places& places, Findings& findings) {
    for (std::uint32_t partition = 0; partition < history.partitions.size(); ++partition) {
        find_inconsistent(history, places.of(partition), findings);
    }
    find_reordered(history, findings);
    for (const std::uint32_t number : history.sends) {
        const Value& value = history.values[number];
        if (value.offset != kNoOffset) {
            judge_unread(history, places, number, findings);
        } else if (value.outcome != Outcome::failed) {
            judge_placeless(history, places, number, findings);
        }
    }
}

}  // namespace tideline::history
