// tests/fuzz/group_steps.h: a group coordinator in a world of three topics, and the steps an input of the target group_records is made of.
#pragma once

#include <array>

#include "group/coordinator.h"
#include "input.h"

namespace tideline::fuzz {

// The first byte of a step, modulo kStepCount.
enum class GroupStep : std::uint8_t {
    record,            // a key and a value, each behind its length in two bytes; of the value kNoValue: a tombstone
    transactional,     // the same, of an open transaction
    marker,            // that ends it: 1 commits, 0 aborts
    finish_load,       // and from here on it decides: once, by itself before the first of those that follow
    join, sync, heartbeat, leave, consumer_heartbeat, commit, fetch, delete_offsets, list,  // version, length in two bytes, request
    about_groups,      // describes and deletes the groups of the log
    time_passes,       // so many seconds, in two bytes
    topics_deleted,
};
inline constexpr std::uint8_t kStepCount = 16;
inline constexpr std::uint64_t kNoValue = 0xffff;
inline constexpr std::int64_t kFuzzProducer = 7;
inline constexpr std::int64_t kFuzzWallMs = 1'700'000'000'000;

class FuzzTopics : public group::Topics {
public:
    std::optional<group::TopicInfo> find(std::string_view name) const override {
        auto found = std::ranges::find(kTopics, name, &group::TopicInfo::name);
        return found == kTopics.end() ? std::nullopt : std::optional(*found);
    }
    std::optional<group::TopicInfo> find(const base::Uuid& id) const override {
        auto found = std::ranges::find(kTopics, id, &group::TopicInfo::id);
        return found == kTopics.end() ? std::nullopt : std::optional(*found);
    }
    std::vector<std::string> racks(const base::Uuid&, std::int32_t partition) const override {
        return partition == 0 ? std::vector<std::string>{"east"} : std::vector<std::string>{};
    }
    void for_each(const std::function<void(const group::TopicInfo&)>& visit) const override { std::ranges::for_each(kTopics, visit); }
    std::uint64_t version() const override { return 1; }

    static inline const std::array<group::TopicInfo, 3> kTopics{
        {{{7, 1}, "orders", 3}, {{7, 2}, "payments", 1}, {{7, 3}, "other", 70}}};
};

class FuzzGroupConfigs : public group::GroupConfigs {
public:
    group::ConsumerTimeouts consumer_timeouts(std::string_view) const override { return {}; }
};

// The ids that it gives to members follow from `random`.
inline std::unique_ptr<group::Coordinator> make_coordinator(std::uint64_t random) {
    static const FuzzTopics kTopics;
    static const FuzzGroupConfigs kConfigs;
    return std::make_unique<group::Coordinator>(group::GroupConfig{}, kTopics, kConfigs,
                                                [random]() mutable { return random += 0x9e3779b97f4a7c15ull; });
}

}  // namespace tideline::fuzz
