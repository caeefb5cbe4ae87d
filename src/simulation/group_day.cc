// A day of groups, and what must be true of them when everybody has ended. See member.h.
#include "simulation/administrator.h"
#include "simulation/group_client.h"
#include "simulation/member.h"

namespace tideline::simulation {

Task<void> run_group_day(Stage& stage, std::uint64_t seed) {
    constexpr int kMembers = 2;  // of each group
    runtime::Random random(seed);
    TopicWish wish{.name = "watched", .partitions = 3, .configs = {}};
    co_await create_topic(stage, std::move(wish), random.next());
    runtime::TaskScope members(stage.shard);
    for (int i = 0; i < kMembers; ++i) {
        members.spawn(run_classic_member(stage, random.next()));
        members.spawn(run_consumer_member(stage, random.next()));
    }
    co_await stage.pause(std::chrono::milliseconds(700));
    co_await grow_topics(stage, random.next());
    co_await members.join();
}

Task<void> check_committed(Stage& stage, std::uint64_t seed) {
    for (std::string_view group : {kClassicGroup, kConsumerGroup}) {
        GroupClient client(stage, std::string(group), seed);
        std::vector<KnownTopic*> topics = stage.live_topics();
        for (const KnownTopic* topic : topics) {
            if (!topic->is_recreated) {
                co_await client.settle_committed(*topic);
            }
        }
        co_await client.close();
    }
}

}  // namespace tideline::simulation
