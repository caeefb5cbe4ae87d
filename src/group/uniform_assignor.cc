#include "group/uniform_assignor.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "base/check.h"
#include "group/load_ranges.h"
#include "group/ownership.h"

namespace tideline::group {

namespace {

// All members subscribe to the same topics: each gets total / members partitions, total % members of them one more. Who has one
// more already keeps it, as far as there are enough to give.
std::vector<Assignment> assign_equal_shares(const AssignorInput& input) {
    Ownership ownership(input);
    std::size_t total = 0;
    for (std::size_t topic = 0; topic < ownership.topic_count(); ++topic) {
        total += ownership.owners(topic).size();
    }
    const auto members = static_cast<std::int32_t>(input.members.size());
    const auto share = static_cast<std::int32_t>(total) / members;
    std::int32_t larger_left = static_cast<std::int32_t>(total) % members;

    std::vector<std::int32_t> room(input.members.size());
    for (std::int32_t member = 0; member < members; ++member) {
        const bool may_be_larger = larger_left > 0;
        const std::int32_t limit = share + (may_be_larger ? 1 : 0);
        ownership.keep(member, input.members[static_cast<std::size_t>(member)], limit);
        std::int32_t free = limit - ownership.load(member);
        // The last ones must take the larger shares that are left over, whatever they have.
        const bool must_be_larger = members - member <= larger_left;
        if (may_be_larger && free > 0 && !must_be_larger) {
            --free;
        } else if (may_be_larger) {
            --larger_left;
        }
        room[static_cast<std::size_t>(member)] = free;
    }
    std::int32_t member = 0;
    for (std::size_t topic = 0; topic < ownership.topic_count(); ++topic) {
        for (std::size_t partition = 0; partition < ownership.owners(topic).size(); ++partition) {
            if (ownership.owners(topic)[partition] != Ownership::kNobody) {
                continue;
            }
            while (room[static_cast<std::size_t>(member)] == 0) {
                ++member;
                TL_CHECK(member < members);
            }
            ownership.give(topic, partition, member);
            --room[static_cast<std::size_t>(member)];
        }
    }
    return ownership.assignments();
}

// Topics with many partitions for each subscriber first: they leave the least choice. Then those with few subscribers.
std::vector<std::size_t> topics_by_weight(const Ownership& ownership) {
    std::vector<std::size_t> topics(ownership.topic_count());
    std::iota(topics.begin(), topics.end(), std::size_t{0});
    std::ranges::sort(topics, {}, [&ownership](std::size_t topic) {
        const auto subscribers = static_cast<double>(ownership.subscribers(topic).size());
        const auto partitions = static_cast<double>(ownership.owners(topic).size());
        return std::tuple(-partitions / subscribers, subscribers, topic);
    });
    return topics;
}

void assign_unowned(Ownership& ownership, std::size_t topic) {
    const std::vector<std::int32_t>& owners = ownership.owners(topic);
    if (std::ranges::find(owners, Ownership::kNobody) == owners.end()) {
        return;
    }
    LoadRanges ranges(ownership, ownership.subscribers(topic));
    for (std::size_t partition = 0; partition < owners.size(); ++partition) {
        if (owners[partition] == Ownership::kNobody) {
            ownership.give(topic, partition, ranges.next_least_loaded());
        }
    }
}

// The partitions of one topic by owner; each owner gives its last one first.
class GivablePartitions {
public:
    GivablePartitions(const Ownership& ownership, std::size_t topic) {
        const std::vector<std::int32_t>& owners = ownership.owners(topic);
        for (std::size_t partition = 0; partition < owners.size(); ++partition) {
            by_owner_[owners[partition]].push_back(partition);
        }
    }

    std::optional<std::size_t> take(std::int32_t member) {
        std::vector<std::size_t>& owned = by_owner_[member];
        if (owned.empty()) {
            return std::nullopt;
        }
        const std::size_t partition = owned.back();
        owned.pop_back();
        return partition;
    }

private:
    std::unordered_map<std::int32_t, std::vector<std::size_t>> by_owner_;
};

bool is_balanced(const Ownership& ownership, std::size_t topic) {
    const auto [least, most] = std::ranges::minmax_element(
        ownership.subscribers(topic), {}, [&ownership](std::int32_t member) { return ownership.load(member); });
    return ownership.load(*most) - ownership.load(*least) <= 1;
}

// Moves partitions of one topic from its most to its least loaded subscribers. Returns whether one moved.
bool balance_topic(Ownership& ownership, std::size_t topic) {
    if (is_balanced(ownership, topic)) {
        return false;
    }
    LoadRanges ranges(ownership, ownership.subscribers(topic));
    GivablePartitions givable(ownership, topic);
    bool moved = false;
    while (true) {
        const std::optional<std::int32_t> from = ranges.next_most_loaded();
        if (!from) {
            return moved;
        }
        const std::optional<std::size_t> partition = givable.take(*from);
        if (!partition) {
            ranges.exclude();
            continue;
        }
        const std::int32_t to = ranges.next_least_loaded();
        if (ranges.balanced()) {
            return moved;
        }
        ownership.give(topic, *partition, to);
        moved = true;
    }
}

void balance_topics(Ownership& ownership, const std::vector<std::size_t>& topics) {
    std::size_t quiet = 0;  // topics in a row of which nothing moved
    for (int round = 0; round < kBalanceRoundsMax; ++round) {
        for (const std::size_t topic : topics) {
            quiet = balance_topic(ownership, topic) ? 0 : quiet + 1;
            if (quiet == topics.size()) {
                return;
            }
        }
    }
}

std::vector<Assignment> assign_by_subscription(const AssignorInput& input) {
    Ownership ownership(input);
    for (std::size_t member = 0; member < input.members.size(); ++member) {
        ownership.keep(static_cast<std::int32_t>(member), input.members[member], std::numeric_limits<std::int32_t>::max());
    }
    const std::vector<std::size_t> topics = topics_by_weight(ownership);
    for (const std::size_t topic : topics) {
        assign_unowned(ownership, topic);
    }
    balance_topics(ownership, topics);
    return ownership.assignments();
}

}  // namespace

std::vector<Assignment> assign_uniform(const AssignorInput& input) {
    if (input.members.empty()) {
        return {};
    }
    return input.homogeneous ? assign_equal_shares(input) : assign_by_subscription(input);
}

}  // namespace tideline::group
