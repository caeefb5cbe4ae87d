#include "simulation/cast.h"

#include <fmt/format.h>

#include "simulation/administrator.h"
#include "simulation/consumer.h"
#include "simulation/member.h"
#include "simulation/producer.h"
#include "simulation/settings.h"
#include "simulation/transactions.h"

namespace tideline::simulation {

void Cast::enter_records() {
    std::vector<TopicWish> topics = draw_topics(random_);
    std::uint64_t producers = 1 + random_.below(3);
    std::uint64_t consumers = 1 + random_.below(2);
    stage_.shard.run_here([=, this] {
        for (const TopicWish& topic : topics) {
            scope_.spawn(create_topic(stage_, topic, random_.next()));
        }
        for (std::uint64_t i = 0; i < producers; ++i) {
            scope_.spawn(run_producer(stage_, random_.next()));
        }
        for (std::uint64_t i = 0; i < consumers; ++i) {
            scope_.spawn(run_consumer(stage_, random_.next()));
        }
        scope_.spawn(run_administrator(stage_, random_.next()));
    });
}

void Cast::enter_groups() {
    std::uint64_t classic_members = random_.below(4);
    std::uint64_t consumer_members = random_.below(4);
    stage_.shard.run_here([=, this] {
        for (std::uint64_t i = 0; i < classic_members; ++i) {
            scope_.spawn(run_classic_member(stage_, random_.next()));
        }
        for (std::uint64_t i = 0; i < consumer_members; ++i) {
            scope_.spawn(run_consumer_member(stage_, random_.next()));
        }
    });
}

void Cast::enter_transactions() {
    auto partitions = static_cast<std::int32_t>(1 + random_.below(3));
    std::uint64_t feeders = 1 + random_.below(2);
    auto instances = static_cast<unsigned>(1 + random_.below(2));  // that fight for each transactional id
    auto parts = static_cast<unsigned>(1 + random_.below(static_cast<std::uint64_t>(partitions)));
    stage_.shard.run_here([=, this] {
        scope_.spawn(create_transaction_topics(stage_, partitions, random_.next()));
        for (std::uint64_t i = 0; i < feeders; ++i) {
            for (unsigned number = 0; number < instances; ++number) {
                scope_.spawn(run_feeder(stage_, {.id = fmt::format("feeder-{}", i), .number = number}, random_.next()));
            }
        }
        for (unsigned part = 0; part < parts; ++part) {
            for (unsigned number = 0; number < instances; ++number) {
                Instance instance{.id = fmt::format("copier-{}", part), .number = number, .part = part, .parts = parts};
                scope_.spawn(run_copier(stage_, instance, random_.next()));
            }
        }
        enter_readers();
    });
}

void Cast::enter_readers() {
    for (Isolation isolation : {Isolation::committed, Isolation::uncommitted}) {
        scope_.spawn(run_isolated_reader(stage_, isolation, random_.next()));
    }
}

void Cast::enter_day(const SimulationOptions::PowerCut& day) {
    // By the way in which the power is lost, so that each happens to each operation.
    bool dies = (static_cast<std::uint64_t>(day.policy) + day.luck) % 2 == 1;
    switch (day.day) {
        case DayOf::records: enter_records(); break;
        case DayOf::groups:
            stage_.shard.run_here([this] { scope_.spawn(run_group_day(stage_, random_.next())); });
            break;
        case DayOf::transactions:
            stage_.shard.run_here([this, dies] {
                scope_.spawn(run_transaction_day(stage_, dies, random_.next()));
                enter_readers();
            });
            break;
    }
}

}  // namespace tideline::simulation
