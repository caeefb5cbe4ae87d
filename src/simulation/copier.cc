#include "simulation/copier.h"

#include <fmt/format.h>

namespace tideline::simulation {

using Step = TransactionalClient::Step;

Task<bool> Copier::round(const KnownTopic& input, const KnownTopic& output, bool commits, bool may_fail) {
    if (!client_.is_ready() || (may_fail && client_.random().chance(8))) {
        co_await client_.take_over();
        positions_.clear();
    }
    if (positions_.empty()) {
        co_await find_place(input);
    }
    Work work = co_await read_some(input, output);
    if (work.outputs.empty()) {
        positions_ = std::move(work.next);
        co_return false;
    }
    std::map<std::int32_t, Offset> next = work.next;
    bool is_committed = co_await process(input, output, std::move(work), commits, may_fail);
    positions_ = is_committed ? std::move(next) : std::map<std::int32_t, Offset>{};
    co_return true;
}

// Whoever had the id before has been fenced and what it did has ended, so this is where it came to.
Task<void> Copier::find_place(const KnownTopic& input) {
    std::map<std::int32_t, Offset> found;
    for (std::int32_t partition = 0; partition < input.partitions; ++partition) {
        if (is_ours(partition)) {
            Offset committed = co_await client_.fetch_committed(input, partition, false);
            found[partition] = std::max<Offset>(committed, 0);
        }
    }
    stage_.recorder.note(client_.setup().process, "assigned", R"("consumer":"input","partitions":[])");
    positions_ = std::move(found);
}

Task<Copier::Work> Copier::read_some(const KnownTopic& input, const KnownTopic& output) {
    runtime::Random& random = client_.random();
    Work work{.outputs = {}, .next = positions_};
    has_all_ = true;
    for (auto& [partition, position] : work.next) {
        auto read = co_await read_isolated(stage_, client_.link(), random,
                                           {.process = client_.setup().process,
                                            .consumer = "input",
                                            .topic = input.name,
                                            .topic_id = input.id,
                                            .partition = partition,
                                            .isolation = Isolation::committed,
                                            .position = position,
                                            .bytes_max = static_cast<std::int32_t>(random.chance(2) ? 300 : 1 << 20),
                                            .max_wait_ms = static_cast<std::int32_t>(random.below(2) * 100)});
        has_all_ = has_all_ && read && read->records.empty() && read->next >= read->high_watermark;
        if (!read) {
            continue;
        }
        for (const auto& [offset, value] : read->records) {
            auto to = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(output.partitions)));
            work.outputs.push_back({.partition = to, .from = std::pair(fmt::format("{}-{}", input.name, partition), offset)});
        }
        position = read->next;
    }
    co_return work;
}

Task<bool> Copier::process(const KnownTopic& input, const KnownTopic& output, Work work, bool commits, bool may_fail) {
    runtime::Random& random = client_.random();
    client_.begin();
    bool comes_first = random.chance(3);  // the place may be committed before the outputs are written
    Step step = Step::done;
    if (comes_first) {
        step = co_await client_.commit_offsets(input.name, work.next);
    }
    if (step == Step::done) {
        step = co_await client_.write(output, work.outputs);
    }
    if (step == Step::done && !comes_first) {
        step = co_await client_.commit_offsets(input.name, work.next);
    }
    if (may_fail) {
        co_await client_.dawdle(50);
    }
    if (may_fail && random.chance(10)) {
        client_.vanish();
        co_return false;
    }
    co_return co_await client_.conclude(step, commits);
}

Task<void> Copier::finish(const KnownTopic& input, const KnownTopic& output) {
    bool is_over = false;
    while (!is_over) {
        bool have_feeders_ended = stage_.feeders_running == 0;  // asked before the look at what is there
        has_all_ = false;
        co_await round(input, output, true, false);
        is_over = has_all_ && have_feeders_ended;
        co_await stage_.pause(std::chrono::milliseconds(20));
    }
}

Task<void> run_copier(Stage& stage, Instance instance, std::uint64_t seed) {
    runtime::Random random(seed);
    Copier copier(stage, instance,
                  {.process = fmt::format("{}.{}", instance.id, instance.number),
                   .transactional_id = instance.id,
                   .group = std::string(kCopiers),
                   .is_implicit = random.chance(2),
                   .timeout_ms = static_cast<std::int32_t>(500 + random.below(2500)),
                   .dies_with_broker = random.chance(3)},
                  random.next());
    KnownTopic input = co_await wait_for_topic(stage, kTransactionInput);
    KnownTopic output = co_await wait_for_topic(stage, kTransactionOutput);
    while (!stage.is_storm_over) {
        co_await copier.round(input, output, !random.chance(4), true);
        co_await stage.pause(random_ms(random, 0, random.chance(4) ? 500 : 50));
    }
    if (instance.number == 0) {
        co_await copier.finish(input, output);
    }
    co_await copier.close();
}

}  // namespace tideline::simulation
