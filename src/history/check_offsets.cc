// Committed offsets: what is told was committed by somebody, and is never forgotten again.
#include <fmt/format.h>

#include "history/check.h"

namespace tideline::history {

namespace {

// A commit as it may take effect: not before `from`, not after `until`.
struct Effect {
    GroupPartition key;
    std::int64_t offset;
    Micros from;
    Micros until;
    bool is_possible;
    bool is_certain;
};

// Something that proves that `offset` was reached: after `until`, less may only be told if it was committed anew.
struct Witness {
    GroupPartition key;
    Micros until;
    Micros from;
    std::int64_t offset;
};

Effect effect_of(const History& history, const Commit& commit) {
    if (commit.transaction == kNone) {
        return {commit.key, commit.offset, commit.from, commit.until, commit.outcome != Outcome::failed,
                commit.outcome == Outcome::ok};
    }
    const Transaction& transaction = history.transactions[commit.transaction];
    const bool is_certain = transaction.may_commit() && transaction.commit == Outcome::ok;
    return {commit.key, commit.offset, transaction.commit_at, is_certain ? transaction.ended_at : kNever,
            transaction.may_commit(), is_certain};
}

std::string told(const History& history, const Fetched& fetched) {
    return fmt::format("group {} was told {} of {} at {}", history.groups.text_of(fetched.key.group), fetched.offset,
                       history.partition_name(fetched.key.partition), fetched.at);
}

// Whether one of these commits explains what was told. Without any of the group's on record nothing is known.
bool is_explained(const History& history, const Fetched& fetched, std::span<const Effect> same, Findings& findings) {
    if (same.empty()) {
        findings.add(Verdict::ghost, [&] { return told(history, fetched) + ", which nobody committed"; });
        return false;
    }
    if (std::ranges::none_of(same, &Effect::is_possible)) {
        findings.add(Verdict::aborted_read,
                     [&] { return told(history, fetched) + ", of transactions that were never committed"; });
        return false;
    }
    const auto may_be = [&](const Effect& effect) { return effect.is_possible && effect.from <= fetched.at; };
    if (std::ranges::none_of(same, may_be)) {
        findings.add(Verdict::precommitted_read,
                     [&] { return told(history, fetched) + ", before its commit was asked for"; });
        return false;
    }
    return true;
}

class CommittedOffsets {
public:
    explicit CommittedOffsets(const History& history) : history_(history), fetched_(history.fetched) {
        for (const Commit& commit : history.commits) {
            const Effect effect = effect_of(history, commit);
            effects_.push_back(effect);
            if (effect.is_certain) {
                witnesses_.push_back({effect.key, effect.until, effect.from, effect.offset});
            }
        }
        for (const Fetched& fetched : fetched_) {
            witnesses_.push_back({fetched.key, fetched.at, fetched.asked, fetched.offset});
        }
        std::ranges::sort(effects_, {}, [](const Effect& e) { return std::pair(e.key, e.offset); });
        std::ranges::sort(witnesses_, {}, [](const Witness& w) { return std::pair(w.key, w.until); });
        std::ranges::sort(fetched_, {}, [](const Fetched& f) { return std::pair(f.key, f.asked); });
    }

    void check(Findings& findings) const {
        std::size_t next = 0;
        const Witness* highest = nullptr;
        for (const Fetched& fetched : fetched_) {
            while (next < witnesses_.size() && std::pair(witnesses_[next].key, witnesses_[next].until) <=
                                                   std::pair(fetched.key, fetched.asked)) {
                const Witness& witness = witnesses_[next++];
                const bool is_same = highest != nullptr && highest->key == witness.key;
                if (!is_same || witness.offset > highest->offset ||
                    (witness.offset == highest->offset && witness.from > highest->from)) {
                    highest = &witness;
                }
            }
            const bool has_highest = highest != nullptr && highest->key == fetched.key;
            judge(fetched, has_highest ? highest : nullptr, findings);
        }
    }

private:
    std::span<const Effect> effects_on(const GroupPartition& key) const {
        return std::ranges::equal_range(effects_, key, {}, &Effect::key);
    }

    void judge(const Fetched& fetched, const Witness* highest, Findings& findings) const {
        const auto all = effects_on(fetched.key);
        if (all.empty()) {
            return;
        }
        const std::span<const Effect> same = std::ranges::equal_range(all, fetched.offset, {}, &Effect::offset);
        if (fetched.offset >= 0 && !is_explained(history_, fetched, same, findings)) {
            return;
        }
        if (highest == nullptr || highest->offset <= fetched.offset) {
            return;
        }
        const auto came_later = [&](const Effect& e) { return e.is_possible && e.until >= highest->from; };
        if (std::ranges::none_of(same, came_later)) {
            findings.add(Verdict::offset_regression, [&] {
                return fmt::format("{}, though it was {} by {}", told(history_, fetched), highest->offset, highest->until);
            });
        }
    }

    const History& history_;
    std::vector<Fetched> fetched_;
    std::vector<Effect> effects_;
    std::vector<Witness> witnesses_;
};

}  // namespace

void check_committed_offsets(const History& history, Findings& findings) {
    CommittedOffsets(history).check(findings);
}

}  // namespace tideline::history
