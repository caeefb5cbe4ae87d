// group/assignor_testing.h: groups for the tests of the assignors, and what must hold of every assignment.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "group/assignor.h"

namespace tideline::group {

struct TestMember {
    std::string id;
    std::optional<std::string> instance;
    std::vector<Uuid> topics;
    Assignment assigned;
};

inline Uuid topic_id(std::uint64_t number) { return Uuid{7, number}; }

class TestGroup {
public:
    std::map<Uuid, std::int32_t> topics;
    std::map<std::string, TestMember> members;  // by id

    void add(std::string id, std::vector<Uuid> subscribed, std::optional<std::string> instance = std::nullopt) {
        std::ranges::sort(subscribed);
        TestMember& member = members[id];
        member.id = id;
        member.instance = std::move(instance);
        member.topics = std::move(subscribed);
    }

    bool homogeneous() const {
        return std::ranges::all_of(members, [this](const auto& entry) {
            return entry.second.topics == members.begin()->second.topics;
        });
    }

    AssignorInput input() const {
        AssignorInput input{.members = {}, .homogeneous = homogeneous(), .partition_counts = {}};
        for (const auto& [id, member] : members) {
            input.members.push_back(AssignorMember{
                .member_id = id, .instance_id = member.instance, .topics = &member.topics, .assigned = &member.assigned});
            for (const Uuid& topic : member.topics) {
                input.partition_counts[topic] = topics.at(topic);
            }
        }
        return input;
    }

    // Runs the assignor, checks what must always hold, and makes the result the members' assignment. Returns how many partitions
    // left a member that could have kept them.
    std::size_t assign(std::string_view assignor) {
        const std::vector<Assignment> assigned = find_assignor(assignor)->assign(input());
        check(assigned);
        std::size_t moved = 0;
        std::size_t index = 0;
        for (auto& [id, member] : members) {
            for (const auto& [topic, partitions] : difference(member.assigned, assigned[index])) {
                moved += std::ranges::binary_search(member.topics, topic) ? partitions.size() : 0;
            }
            member.assigned = assigned[index++];
        }
        return moved;
    }

    std::size_t load(const std::string& id) const { return partition_count(members.at(id).assigned); }

private:
    // Every partition of every topic somebody subscribes to has exactly one owner, who subscribes to it.
    void check(const std::vector<Assignment>& assigned) const {
        ASSERT_EQ(assigned.size(), members.size());
        std::map<Uuid, std::multiset<std::int32_t>> owned;
        std::set<Uuid> subscribed;
        std::size_t index = 0;
        for (const auto& [id, member] : members) {
            subscribed.insert(member.topics.begin(), member.topics.end());
            for (const auto& [topic, partitions] : assigned[index++]) {
                ASSERT_TRUE(std::ranges::binary_search(member.topics, topic)) << id << " does not subscribe to what it got";
                ASSERT_TRUE(std::ranges::is_sorted(partitions));
                owned[topic].insert(partitions.begin(), partitions.end());
            }
        }
        for (const Uuid& topic : subscribed) {
            std::multiset<std::int32_t> all;
            for (std::int32_t partition = 0; partition < topics.at(topic); ++partition) {
                all.insert(partition);
            }
            ASSERT_EQ(owned[topic], all);
        }
    }
};

// A random group; with `homogeneous`, all members subscribe to the same topics.
inline TestGroup random_group(std::mt19937_64& random, bool homogeneous) {
    const auto below = [&random](std::uint64_t bound) { return random() % bound; };
    TestGroup group;
    const std::uint64_t topics = 1 + below(6);
    std::vector<Uuid> all;
    for (std::uint64_t topic = 0; topic < topics; ++topic) {
        all.push_back(topic_id(topic));
        group.topics[all.back()] = static_cast<std::int32_t>(1 + below(20));
    }
    const std::uint64_t members = 1 + below(8);
    for (std::uint64_t member = 0; member < members; ++member) {
        std::vector<Uuid> subscribed;
        for (const Uuid& topic : all) {
            if (homogeneous || below(2) == 0) {
                subscribed.push_back(topic);
            }
        }
        const bool is_static = below(4) == 0;
        group.add("member-" + std::to_string(member), subscribed,
                  is_static ? std::optional("instance-" + std::to_string(below(1000))) : std::nullopt);
    }
    return group;
}

}  // namespace tideline::group
