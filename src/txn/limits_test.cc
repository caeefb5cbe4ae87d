// Many partitions, many ids.
#include "txn/txn_testing.h"

namespace tideline::txn::testing {

namespace {

InitRequest init_of(const std::string& id) { return {.transactional_id = id, .timeout_ms = 60'000}; }

TEST(TransactionLimits, ATransactionOverTenThousandPartitionsIsAddedEndedAndLoaded) {
    Bench bench;
    bench.restart();
    bench.ask(&Coordinator::init_producer_id, init_of("a"));
    PartitionsRequest request{.transactional_id = "a", .producer_id = 1000, .producer_epoch = 0, .partitions = {}, .client_version = 2};
    for (int topic = 0; topic < 10; ++topic) {
        auto& list = request.partitions.emplace_back();
        list.topic = "topic-" + std::to_string(topic);
        for (int partition = 999; partition >= 0; --partition) {
            list.partitions.push_back(partition);
        }
    }
    auto added = bench.step([&](Coordinator& c, const Now& now, Effects& out) { c.add(1, request, now, out); });
    EXPECT_EQ(std::get<ErrorCode>(added.answers.at(0).reply), ErrorCode::none);
    EXPECT_LT(added.records.at(0).value->size(), 100'000u);
    bench.ask(&Coordinator::end, {.transactional_id = "a", .producer_id = 1000, .producer_epoch = 0, .commit = true, .client_version = 2});
    bench.restart();
    ASSERT_EQ(bench.outstanding().size(), 1u);
    auto markers = bench.outstanding().front();
    EXPECT_EQ(count_of(markers.partitions), 10'000u);
    std::vector<MarkerResult> results;
    for (const auto& [topic, numbers] : markers.partitions) {
        for (auto partition : numbers) {
            results.push_back({.topic = topic, .partition = partition, .error = ErrorCode::none});
        }
    }
    bench.step([&](Coordinator& c, const Now& now, Effects& out) { c.markers_written(markers, results, now, out); });
    EXPECT_NE(bench.coordinator().print_durable().find("CompleteCommit"), std::string::npos);
}

TEST(TransactionLimits, AHundredThousandIdsTakeNoMoreThanTheirRecordsAndGoWhenTheyExpire) {
    TransactionConfig config;
    Coordinator coordinator(config);
    Now now{.instant = Instant(std::chrono::hours(1)), .wall_ms = 1'000'000};
    Effects loaded;
    coordinator.finish_load(now, loaded);
    std::size_t bytes = 0;
    for (std::int64_t number = 0; number < 100'000; ++number) {
        Effects out;
        coordinator.init_producer_id(1, init_of("id-" + std::to_string(number)), number, now, out);
        bytes += out.records.at(0).value->size();
    }
    EXPECT_EQ(coordinator.transaction_count(), 100'000u);
    EXPECT_LT(bytes, 10'000'000u);
    now.wall_ms += config.id_expiration_ms;
    now.instant += std::chrono::hours(2);
    Effects gone;
    coordinator.tick(now, gone);
    EXPECT_EQ(coordinator.transaction_count(), 0u);
    EXPECT_EQ(gone.records.size(), 100'000u);
}

}  // namespace
}  // namespace tideline::txn::testing
