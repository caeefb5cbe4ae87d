#include "group/range_assignor.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace tideline::group {

namespace {

struct TopicShares {
    std::int32_t subscribers = 0;
    std::int32_t next_subscriber = 0;
    std::int32_t next_partition = 0;
};

// Instance ids first: a static member keeps its place when it comes back under another member id.
std::vector<std::size_t> order_of(const std::vector<AssignorMember>& members) {
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&members](std::size_t index) {
        const AssignorMember& member = members[index];
        return std::tuple(!member.instance_id.has_value(), member.instance_id.value_or(member.member_id), index);
    });
    return order;
}

}  // namespace

std::vector<Assignment> assign_range(const AssignorInput& input) {
    std::unordered_map<Uuid, TopicShares> shares;
    for (const AssignorMember& member : input.members) {
        for (const Uuid& topic : *member.topics) {
            ++shares[topic].subscribers;
        }
    }
    std::vector<Assignment> assigned(input.members.size());
    for (const std::size_t index : order_of(input.members)) {
        for (const Uuid& topic : *input.members[index].topics) {
            TopicShares& share = shares[topic];
            const std::int32_t count = input.partition_counts.at(topic);
            const bool one_more = share.next_subscriber++ < count % share.subscribers;
            const std::int32_t size = count / share.subscribers + (one_more ? 1 : 0);
            if (size == 0) {
                continue;
            }
            PartitionList range(static_cast<std::size_t>(size));
            std::iota(range.begin(), range.end(), share.next_partition);
            share.next_partition += size;
            assigned[index].emplace(topic, std::move(range));
        }
    }
    return assigned;
}

}  // namespace tideline::group
