#include "simulation/feeder.h"

#include <fmt/format.h>

namespace tideline::simulation {

using Step = TransactionalClient::Step;

Task<bool> Feeder::transaction(const KnownTopic& topic, bool commits, bool may_fail) {
    runtime::Random& random = client_.random();
    if (!client_.is_ready() || (may_fail && random.chance(6))) {
        co_await client_.take_over();
    }
    client_.begin();
    Step step = Step::done;
    for (std::uint64_t writes = 1 + random.below(3); writes > 0 && step == Step::done; --writes) {
        step = co_await client_.write(topic, some_outputs(topic));
        if (may_fail) {
            co_await client_.dawdle(100);
        }
    }
    if (may_fail && random.chance(10)) {
        client_.vanish();
        co_return false;
    }
    if (may_fail && step == Step::done && !commits && random.chance(2)) {
        step = co_await client_.write_in_passing(topic, some_outputs(topic));
    }
    co_return co_await client_.conclude(step, commits);
}

std::vector<TransactionalClient::Output> Feeder::some_outputs(const KnownTopic& topic) {
    runtime::Random& random = client_.random();
    std::vector<TransactionalClient::Output> outputs;
    for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
        std::uint64_t records = random.below(4);
        if (partition == 0 && records == 0) {
            records = 1;
        }
        outputs.insert(outputs.end(), records, {.partition = partition, .from = std::nullopt});
    }
    return outputs;
}

Task<void> run_feeder(Stage& stage, Instance instance, std::uint64_t seed) {
    ++stage.feeders_running;
    runtime::Random random(seed);
    Feeder feeder(stage,
                  {.process = fmt::format("{}.{}", instance.id, instance.number),
                   .transactional_id = instance.id,
                   .group = "",
                   .is_implicit = random.chance(2),
                   .timeout_ms = static_cast<std::int32_t>(500 + random.below(2500)),
                   .dies_with_broker = random.chance(3)},
                  random.next());
    KnownTopic topic = co_await wait_for_topic(stage, kTransactionInput);
    while (!stage.is_storm_over) {
        co_await feeder.transaction(topic, !random.chance(3), true);
        co_await stage.pause(random_ms(random, 0, random.chance(4) ? 1000 : 100));
    }
    bool is_done = instance.number != 0;
    while (!is_done) {
        is_done = co_await feeder.transaction(topic, true, false);
    }
    co_await feeder.close();
    --stage.feeders_running;
}

}  // namespace tideline::simulation
