#include "simulation/transactions.h"

#include <fmt/format.h>

#include "simulation/administrator.h"
#include "simulation/copier.h"
#include "simulation/feeder.h"

namespace tideline::simulation {

Task<void> create_transaction_topics(Stage& stage, std::int32_t partitions, std::uint64_t seed) {
    runtime::Random random(seed);
    for (std::string_view name : {kTransactionInput, kTransactionOutput}) {
        TopicWish wish{.name = std::string(name), .partitions = partitions, .configs = {}};
        if (random.chance(2)) {  // many segments: indexes of aborted transactions and producer snapshots for each
            wish.configs = {{"segment.index.bytes", "24"}, {"index.interval.bytes", "0"}};
        }
        if (random.chance(2)) {
            wish.configs.emplace_back("compression.type", "lz4");
        }
        co_await create_topic(stage, std::move(wish), random.next());
    }
    std::string inputs;
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
        inputs += fmt::format(R"({}"{}-{}")", inputs.empty() ? "" : ",", kTransactionInput, partition);
    }
    stage.recorder.note(kCopiers, "chain", R"("group":"{}","partitions":[{}])", kCopiers, inputs);
}

Task<KnownTopic> wait_for_topic(Stage& stage, std::string_view name) {
    for (;;) {
        const KnownTopic* topic = stage.topic_named(name);
        if (topic != nullptr && stage.is_sure(topic->id)) {
            co_return *topic;
        }
        co_await stage.pause(std::chrono::milliseconds(50));
    }
}

namespace {

class IsolatedReader {
public:
    IsolatedReader(Stage& stage, Isolation isolation, std::uint64_t seed)
        : stage_(stage),
          isolation_(isolation),
          process_(fmt::format("{}-{}", name_of(isolation), seed % 1000)),
          random_(seed),
          link_(stage.shard, stage.broker, process_, stage.weather, random_.next()) {}

    Task<void> run();

private:
    Task<void> poll(KnownTopic topic, std::int32_t partition);

    Stage& stage_;
    Isolation isolation_;
    std::string process_;
    runtime::Random random_;
    ClientLink link_;
    std::map<std::pair<std::string, std::int32_t>, Offset> positions_;
};

Task<void> IsolatedReader::run() {
    while (!stage_.is_storm_over || stage_.feeders_running > 0) {
        std::string_view name = random_.chance(2) ? kTransactionInput : kTransactionOutput;
        const KnownTopic* topic = stage_.topic_named(name);
        if (topic != nullptr && stage_.is_sure(topic->id)) {
            co_await poll(*topic, static_cast<std::int32_t>(random_.below(static_cast<std::uint64_t>(topic->partitions))));
        }
        co_await stage_.pause(random_ms(random_, 1, 60));
    }
    co_await link_.close();
}

Task<void> IsolatedReader::poll(KnownTopic topic, std::int32_t partition) {
    std::pair key(topic.name, partition);
    Offset position = positions_[key];
    if (random_.chance(15)) {
        position = static_cast<Offset>(random_.below(static_cast<std::uint64_t>(position) + 1));
        stage_.recorder.note(process_, "seek", R"("consumer":"reader","partition":"{}-{}","offset":{})", topic.name, partition, position);
    }
    auto read = co_await read_isolated(stage_, link_, random_,
                                       {.process = process_,
                                        .consumer = "reader",
                                        .topic = topic.name,
                                        .topic_id = topic.id,
                                        .partition = partition,
                                        .isolation = isolation_,
                                        .position = position,
                                        .bytes_max = static_cast<std::int32_t>(random_.chance(2) ? 200 : 1 << 20),
                                        .max_wait_ms = static_cast<std::int32_t>(random_.below(3) * 100)});
    positions_[key] = read ? read->next : position;
}

}  // namespace

Task<void> run_isolated_reader(Stage& stage, Isolation isolation, std::uint64_t seed) {
    IsolatedReader reader(stage, isolation, seed);
    co_await reader.run();
}

Task<void> run_transaction_day(Stage& stage, bool dies, std::uint64_t seed) {
    constexpr std::int32_t kPartitions = 2;
    runtime::Random random(seed);
    co_await create_transaction_topics(stage, kPartitions, random.next());
    KnownTopic input = co_await wait_for_topic(stage, kTransactionInput);
    KnownTopic output = co_await wait_for_topic(stage, kTransactionOutput);
    auto setup = [&](std::string id, std::string_view group, bool is_implicit) {
        return TransactionalClient::Setup{.process = id,
                                          .transactional_id = id,
                                          .group = std::string(group),
                                          .is_implicit = is_implicit,
                                          .timeout_ms = 1500,
                                          .dies_with_broker = dies};
    };
    auto is_dead = [&] { return dies && stage.history.power_losses() > 0; };
    for (bool is_implicit : {false, true}) {
        std::string version = is_implicit ? "v2" : "v1";
        Feeder feeder(stage, setup("feeder-" + version, "", is_implicit), random.next());
        Copier copier(stage, {.id = "copier-" + version}, setup("copier-" + version, kCopiers, is_implicit), random.next());
        for (bool commits : {true, false, true}) {
            if (!is_dead()) {
                co_await feeder.transaction(input, commits, false);
            }
            bool is_copied = false;
            while (!is_copied && !is_dead() && !stage.is_storm_over) {  // what was committed is seen a moment later
                is_copied = co_await copier.round(input, output, !commits, false);
            }
        }
        co_await feeder.close();
        co_await copier.close();
    }
    Copier last(stage, {.id = "copier-last"}, setup("copier-last", kCopiers, true), random.next());
    co_await last.finish(input, output);
    co_await last.close();
}

}  // namespace tideline::simulation
