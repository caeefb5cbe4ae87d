#include "group/ownership.h"

#include <algorithm>

namespace tideline::group {

Ownership::Ownership(const AssignorInput& input) : loads_(input.members.size(), 0) {
    std::vector<Uuid> ids;
    ids.reserve(input.partition_counts.size());
    for (const auto& [id, count] : input.partition_counts) {
        ids.push_back(id);
    }
    std::ranges::sort(ids);
    topics_.reserve(ids.size());
    for (const Uuid& id : ids) {
        index_.emplace(id, topics_.size());
        const auto count = static_cast<std::size_t>(input.partition_counts.at(id));
        topics_.push_back(Topic{.id = id, .subscribers = {}, .owners = std::vector<std::int32_t>(count, kNobody)});
    }
    for (std::size_t member = 0; member < input.members.size(); ++member) {
        for (const Uuid& id : *input.members[member].topics) {
            topics_[index_.at(id)].subscribers.push_back(static_cast<std::int32_t>(member));
        }
    }
}

void Ownership::give(std::size_t topic, std::size_t partition, std::int32_t member) {
    std::int32_t& owner = topics_[topic].owners[partition];
    if (owner != kNobody) {
        --loads_[static_cast<std::size_t>(owner)];
    }
    owner = member;
    ++loads_[static_cast<std::size_t>(member)];
}

void Ownership::keep(std::int32_t member, const AssignorMember& view, std::int32_t limit) {
    for (const auto& [id, partitions] : *view.assigned) {
        if (!std::ranges::binary_search(*view.topics, id)) {
            continue;
        }
        const std::size_t topic = index_.at(id);
        for (const std::int32_t partition : partitions) {
            const auto at = static_cast<std::size_t>(partition);
            if (load(member) < limit && at < owners(topic).size() && owners(topic)[at] == kNobody) {
                give(topic, at, member);
            }
        }
    }
}

std::vector<Assignment> Ownership::assignments() const {
    std::vector<Assignment> assigned(loads_.size());
    for (const Topic& topic : topics_) {
        for (std::size_t partition = 0; partition < topic.owners.size(); ++partition) {
            if (const std::int32_t owner = topic.owners[partition]; owner != kNobody) {
                assigned[static_cast<std::size_t>(owner)][topic.id].push_back(static_cast<std::int32_t>(partition));
            }
        }
    }
    return assigned;
}

}  // namespace tideline::group
