// group/ownership.h: the working table of the uniform assignor: topics and members by number, the owner of each partition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "group/assignor.h"

namespace tideline::group {

class Ownership {
public:
    static constexpr std::int32_t kNobody = -1;

    // Topics that somebody subscribes to, in the order of their ids; all partitions without an owner.
    explicit Ownership(const AssignorInput& input);

    std::size_t topic_count() const { return topics_.size(); }
    const Uuid& topic_id(std::size_t topic) const { return topics_[topic].id; }
    // Members that subscribe to it, ascending.
    const std::vector<std::int32_t>& subscribers(std::size_t topic) const { return topics_[topic].subscribers; }
    const std::vector<std::int32_t>& owners(std::size_t topic) const { return topics_[topic].owners; }
    std::int32_t load(std::int32_t member) const { return loads_[static_cast<std::size_t>(member)]; }

    // The owner before loses it.
    void give(std::size_t topic, std::size_t partition, std::int32_t member);
    // Gives `member` what it had of `assigned`: at most `limit` partitions, of topics it still subscribes to, that nobody owns yet.
    void keep(std::int32_t member, const AssignorMember& view, std::int32_t limit);

    std::vector<Assignment> assignments() const;

private:
    struct Topic {
        Uuid id;
        std::vector<std::int32_t> subscribers;
        std::vector<std::int32_t> owners;
    };

    std::vector<Topic> topics_;
    std::unordered_map<Uuid, std::size_t> index_;
    std::vector<std::int32_t> loads_;
};

}  // namespace tideline::group
