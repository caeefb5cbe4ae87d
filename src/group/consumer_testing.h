// group/consumer_testing.h: consumer groups without a broker: topics, a clock, the log of what was written, and clients.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "group/consumer_protocol.h"
#include "group/consumer_records.h"
#include "group/records.h"

namespace tideline::group {

class TestTopics final : public Topics {
public:
    void add(const std::string& name, std::int32_t partitions) {
        Topic& topic = topics_[name];
        if (topic.id.is_zero()) {
            topic.id = Uuid{1, ++last_id_};
        }
        topic.partitions = partitions;
        ++version_;
    }
    void remove(const std::string& name) {
        topics_.erase(name);
        ++version_;
    }
    Uuid id(const std::string& name) const { return topics_.at(name).id; }

    std::optional<TopicInfo> find(std::string_view name) const override {
        const auto found = topics_.find(name);
        return found == topics_.end() ? std::nullopt : std::optional(info(*found));
    }
    std::optional<TopicInfo> find(const Uuid& id) const override {
        const auto found = std::ranges::find(topics_, id, [](const auto& entry) { return entry.second.id; });
        return found == topics_.end() ? std::nullopt : std::optional(info(*found));
    }
    std::vector<std::string> racks(const Uuid&, std::int32_t partition) const override {
        return static_cast<std::size_t>(partition) < partition_racks.size() ? partition_racks[static_cast<std::size_t>(partition)]
                                                                            : std::vector<std::string>();
    }
    void for_each(const std::function<void(const TopicInfo&)>& visit) const override {
        for (const auto& entry : topics_) {
            visit(info(entry));
        }
    }
    std::uint64_t version() const override { return version_; }

    std::vector<std::vector<std::string>> partition_racks;  // of every topic

private:
    struct Topic {
        Uuid id;
        std::int32_t partitions = 0;
    };
    static TopicInfo info(const std::pair<const std::string, Topic>& entry) {
        return {.id = entry.second.id, .name = entry.first, .partition_count = entry.second.partitions};
    }
    std::map<std::string, Topic, std::less<>> topics_;
    std::uint64_t last_id_ = 0;
    std::uint64_t version_ = 1;
};

struct TestGroupConfigs final : GroupConfigs {
    ConsumerTimeouts timeouts;
    ConsumerTimeouts consumer_timeouts(std::string_view) const override { return timeouts; }
};

using HeartbeatRequest = protocol::ConsumerGroupHeartbeatRequest;
using HeartbeatResponse = protocol::ConsumerGroupHeartbeatResponse;

inline const std::string kGroup = "g";

inline HeartbeatRequest joining(const std::string& member_id, std::vector<std::string> topics) {
    HeartbeatRequest request;
    request.group_id = kGroup;
    request.member_id = member_id;
    request.rebalance_timeout_ms = 60'000;
    request.subscribed_topic_names = std::move(topics);
    request.topic_partitions.emplace();
    return request;
}

inline HeartbeatRequest joining_by_regex(const std::string& member_id, const std::string& regex) {
    HeartbeatRequest request = joining(member_id, {});
    request.subscribed_topic_names.reset();
    request.subscribed_topic_regex = regex;
    return request;
}

inline HeartbeatRequest beating(const std::string& member_id, std::int32_t epoch) {
    HeartbeatRequest request;
    request.group_id = kGroup;
    request.member_id = member_id;
    request.member_epoch = epoch;
    return request;
}

inline HeartbeatRequest owning(HeartbeatRequest request, const Assignment& owned) {
    request.topic_partitions = from_assignment<HeartbeatRequest::TopicPartitions>(owned);
    return request;
}

// One coordinator's consumer groups. Everything that is written goes to `log`.
class ConsumerWorld {
public:
    TestTopics topics;
    TestGroupConfigs configs;
    std::uint64_t random_state = 1;
    Environment environment{.config = {},
                            .topics = topics,
                            .group_configs = configs,
                            .random = [this] { return random_state = random_state * 6364136223846793005ull + 1442695040888963407ull; },
                            .groups = {}};
    ClassicProtocol classic{environment};
    ConsumerProtocol protocol{environment, classic};
    Now now{.instant = Instant(std::chrono::hours(1)), .wall_ms = 1'700'000'000'000};
    ClientInfo client{.id = "client", .host = "/127.0.0.1", .api_version = 1};
    std::vector<Record> log;
    std::vector<Record> written;  // by the last step

    HeartbeatResponse beat(const HeartbeatRequest& request) {
        Effects effects;
        protocol.heartbeat(1, client, request, now, effects);
        keep(effects);
        EXPECT_EQ(effects.answers.size(), 1u);
        return std::get<HeartbeatResponse>(effects.answers.front().reply);
    }

    void change_topics() {
        Effects effects;
        protocol.topics_changed(now, effects);
        keep(effects);
    }

    // Time goes by, timers fire.
    void pass(std::int64_t milliseconds) {
        now.instant += std::chrono::milliseconds(milliseconds);
        now.wall_ms += milliseconds;
        Effects effects;
        while (Group* group = environment.groups.take_due(now.instant)) {
            protocol.expire(*group, now, effects);
        }
        keep(effects);
    }

    ConsumerGroup* group() { return static_cast<ConsumerGroup*>(environment.groups.find(kGroup)); }
    const ConsumerMember& member(const std::string& id) { return *group()->member(id); }
    Assignment assigned(const std::string& id) { return member(id).current.assigned; }
    std::string state() { return std::string(group()->state_name()); }

    void keep(const Effects& effects) {
        written = effects.records;
        log.insert(log.end(), written.begin(), written.end());
    }

    static std::string print(const Environment& environment) {
        std::map<std::string, std::string> groups;
        environment.groups.for_each([&groups](Group& group) { group.print_durable(groups[group.id()]); });
        std::string text;
        for (const auto& [id, printed] : groups) {
            text += printed;
        }
        return text;
    }
    std::string durable() const { return print(environment); }

    // What another coordinator makes of these records.
    std::string replayed(const std::vector<Record>& records) const {
        Environment other{.config = {}, .topics = topics, .group_configs = configs, .random = {}, .groups = {}};
        ClassicProtocol classic_reader(other);
        ConsumerProtocol reader(other, classic_reader);
        for (const Record& record : records) {
            const auto key = split_version(record.key);
            EXPECT_TRUE(ConsumerProtocol::owns(key->number));
            const std::optional<base::ByteView> value = record.value ? std::optional<base::ByteView>(*record.value) : std::nullopt;
            EXPECT_TRUE(reader.replay(key->number, key->body, value, now));
        }
        return print(other);
    }
};

// "member_metadata", "epoch", … of each record of the last step; a tombstone begins with "-".
inline std::vector<std::string> kinds(const std::vector<Record>& records) {
    const std::map<std::int16_t, std::string> names{{3, "epoch"},   {4, "partition_metadata"}, {5, "member"}, {6, "target_epoch"},
                                                    {7, "target"}, {8, "current"},            {16, "regex"}};
    std::vector<std::string> out;
    for (const Record& record : records) {
        out.push_back((record.value ? "" : "-") + names.at(split_version(record.key)->number));
    }
    return out;
}

}  // namespace tideline::group
