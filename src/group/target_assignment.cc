#include "group/target_assignment.h"

#include <unordered_map>
#include <utility>

namespace tideline::group {

namespace {

// Members with the same wishes share one list: most groups have one wish.
class TopicLists {
public:
    TopicLists(const ConsumerGroup& group, const Topics& topics) : group_(group), topics_(topics) {}

    const std::vector<Uuid>& of(const MemberMetadata& member) {
        std::pair wish(member.subscribed_topic_names, member.subscribed_topic_regex.value_or(""));
        const auto [entry, is_new] = lists_.try_emplace(std::move(wish));
        if (is_new) {
            entry->second = group_.subscriptions().topic_ids(member, topics_);
            for (const Uuid& topic : entry->second) {
                partition_counts_.try_emplace(topic, topics_.find(topic)->partition_count);
            }
        }
        return entry->second;
    }

    // Of all topics in the lists.
    std::unordered_map<Uuid, std::int32_t> take_partition_counts() { return std::move(partition_counts_); }

private:
    const ConsumerGroup& group_;
    const Topics& topics_;
    std::map<std::pair<std::vector<std::string>, std::string>, std::vector<Uuid>> lists_;
    std::unordered_map<Uuid, std::int32_t> partition_counts_;
};

}  // namespace

std::map<std::string, Assignment> compute_targets(const ConsumerGroup& group, const Topics& topics, const Assignor& assignor) {
    TopicLists lists(group, topics);
    AssignorInput input{.members = {},
                        .homogeneous = group.subscriptions().is_homogeneous(group.member_count()),
                        .partition_counts = {}};
    input.members.reserve(group.member_count());
    for (const auto& [member_id, member] : group.members()) {
        AssignorMember& view = input.members.emplace_back();
        view.member_id = member_id;
        view.topics = &lists.of(member.metadata);
        view.assigned = &group.target(member_id);
        if (member.metadata.instance_id) {
            view.instance_id = *member.metadata.instance_id;
        }
    }
    input.partition_counts = lists.take_partition_counts();
    std::vector<Assignment> assigned = assignor.assign(input);
    std::map<std::string, Assignment> targets;
    for (std::size_t member = 0; member < assigned.size(); ++member) {
        targets.emplace(input.members[member].member_id, std::move(assigned[member]));
    }
    return targets;
}

}  // namespace tideline::group
