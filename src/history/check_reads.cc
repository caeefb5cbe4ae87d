// What readers were given: nothing aborted, nothing too early, nothing left out.
#include <fmt/format.h>

#include "history/check.h"

namespace tideline::history {

namespace {

std::string read_by(const History& history, const Poll& poll, std::uint32_t value) {
    return fmt::format("{} of {}, read by {}", history.value_name(value), history.partition_name(poll.partition),
                       history.processes.text_of(poll.consumer));
}

void judge_read(const History& history, const Poll& poll, std::uint32_t number, Findings& findings) {
    const Value& value = history.values[number];
    if (value.transaction == kNone) {
        if (value.outcome == Outcome::failed) {
            findings.add(Verdict::aborted_read,
                         [&] { return read_by(history, poll, number) + "; its send had failed"; });
        }
        return;
    }
    if (poll.isolation != Isolation::committed) {
        return;
    }
    const Transaction& transaction = history.transactions[value.transaction];
    if (!transaction.may_commit()) {
        findings.add(Verdict::aborted_read, [&] {
            return fmt::format("{}; transaction {} was never committed", read_by(history, poll, number), value.transaction);
        });
    } else if (poll.at < transaction.commit_at) {
        findings.add(Verdict::precommitted_read, [&] {
            return fmt::format("{} at {}; the commit of transaction {} was asked for at {}", read_by(history, poll, number),
                               poll.at, value.transaction, transaction.commit_at);
        });
    }
}

}  // namespace

void check_reads(const History& history, const Places& places, Findings& findings) {
    for (const Poll& poll : history.polls) {
        for (std::uint64_t n = poll.first_read; n < poll.first_read + poll.reads; ++n) {
            const std::uint32_t number = history.read_values[n];
            if (history.values[number].partition == poll.partition) {
                judge_read(history, poll, number, findings);
            }
        }
        const auto visible = places.count_visible(poll.partition, poll.isolation, poll.position, poll.next);
        if (visible > poll.reads) {
            findings.add(Verdict::poll_skip, [&] {
                return fmt::format("{} was given {} of {} records of {} from {} to {}",
                                   history.processes.text_of(poll.consumer), poll.reads, visible,
                                   history.partition_name(poll.partition), poll.position, poll.next);
            });
        }
    }
    for (const auto& [index, from] : history.gaps) {
        const Poll& poll = history.polls[index];
        const auto passed = places.count_visible(poll.partition, poll.isolation, from, poll.position);
        if (passed > 0) {
            findings.add(Verdict::poll_skip, [&] {
                return fmt::format("{} went on at {} of {}, having ended at {}: {} records in between",
                                   history.processes.text_of(poll.consumer), poll.position,
                                   history.partition_name(poll.partition), from, passed);
            });
        }
    }
}

}  // namespace tideline::history
