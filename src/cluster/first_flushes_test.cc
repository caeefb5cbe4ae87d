#include "cluster/first_flushes.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "runtime/sim/world.h"

namespace tideline::cluster {
namespace {

using base::Result;
using runtime::Task;

class FirstFlushesTest : public testing::Test {
protected:
    // A plan of one file that has something to sync.
    log::FlushPlan plan_of(int number) {
        auto file = world_.files().open(fmt::format("/{}", number), runtime::OpenMode::create);
        EXPECT_TRUE(file && (*file)->write_at(0, base::as_bytes("x")));
        log::FlushPlan plan{.is_first = true};
        plan.data.push_back(std::move(*file));
        return plan;
    }
    static Task<void> run_one(FirstFlushes& flushes, log::FlushPlan& plan, Result<>& outcome) { outcome = co_await flushes.run(plan); }

    // All at the same time; the outcome of each.
    std::vector<Result<>> run_all(int count) {
        std::vector<log::FlushPlan> plans;
        for (int number = 0; number < count; ++number) {
            plans.push_back(plan_of(number));
        }
        std::vector<Result<>> outcomes(plans.size(), base::fail(ErrorCode::unknown_server_error));
        FirstFlushes flushes(shard_);
        runtime::TaskScope scope(shard_);
        for (std::size_t at = 0; at < plans.size(); ++at) {
            scope.spawn(run_one(flushes, plans[at], outcomes[at]));
        }
        world_.run(shard_, scope.join());
        return outcomes;
    }

    runtime::sim::SimWorld world_{1};
    runtime::sim::SimShard& shard_ = world_.add_shard();
};

TEST_F(FirstFlushesTest, AreDoneManyTogether) {
    world_.set_disk_delay(std::chrono::milliseconds(1), std::chrono::milliseconds(1));
    const runtime::Instant start = world_.now();
    for (const Result<>& outcome : run_all(1000)) {
        ASSERT_TRUE(outcome);
    }
    EXPECT_LE(world_.now() - start, std::chrono::milliseconds(40)) << "one after the other, and not many of them at a time";
    EXPECT_GE(world_.now() - start, std::chrono::milliseconds(10)) << "all at a time, which holds a thousand files open";
}

TEST_F(FirstFlushesTest, EachIsToldItsOwnOutcome) {
    world_.files().fail_sync(50);
    auto outcomes = run_all(100);
    for (std::size_t at = 0; at < outcomes.size(); ++at) {
        EXPECT_EQ(outcomes[at].has_value(), at != 49) << at;
    }
}

}  // namespace
}  // namespace tideline::cluster
