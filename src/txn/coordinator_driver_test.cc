#include "txn/coordinator_driver.h"

#include <gtest/gtest.h>

#include "coordinator/journal_testing.h"
#include "runtime/sim/world.h"

namespace tideline::txn::testing {

namespace {

using runtime::Task;
using runtime::sim::SimWorld;

// Says once that the disk takes too long.
class SlowJournal : public coordinator::testing::TestJournal {
public:
    using TestJournal::TestJournal;

    Task<base::Result<>> wait_durable(std::int64_t end) override {
        if (std::exchange(times_out_once, false)) {
            co_return base::fail(ErrorCode::request_timed_out, "the test says so");
        }
        co_return co_await TestJournal::wait_durable(end);
    }

    bool times_out_once = false;
};

class TransactionDriver : public ::testing::Test {
protected:
    TransactionDriver() : world_(1), shard_(world_.add_shard()), journal_(shard_), scope_(shard_) { start(); }
    ~TransactionDriver() override {
        world_.run(shard_, driver_->stop());
        world_.run(shard_, scope_.join());
    }

    void start() {
        driver_ = std::make_unique<CoordinatorDriver>(
            shard_, journal_, [this] { return std::make_unique<Coordinator>(config_); },
            [this](Action action) { asked_.push_back(std::get<WriteMarkers>(std::move(action))); });
        driver_->start();
        world_.run_until_idle();
    }
    void restart() {
        world_.run(shard_, driver_->stop());
        asked_.clear();
        start();
    }
    // An open transaction of id "a", durable.
    void begin() {
        ask("init", [](Coordinator& c, Ticket ticket, const Now& now, Effects& out) {
            c.init_producer_id(ticket, {.transactional_id = "a", .timeout_ms = 60'000}, 7, now, out);
        });
        begin_next(0);
    }
    void begin_next(std::int16_t epoch) {
        ask("add", [epoch](Coordinator& c, Ticket ticket, const Now& now, Effects& out) {
            PartitionsRequest request{.transactional_id = "a", .producer_id = 7, .producer_epoch = epoch, .partitions = {{"t", {0}}}, .client_version = 2};
            c.add(ticket, request, now, out);
        });
        journal_.sync();
        world_.run_until_idle();
        outcomes_.clear();
    }
    void commit(std::int16_t epoch = 0) {
        ask("commit", [epoch](Coordinator& c, Ticket ticket, const Now& now, Effects& out) {
            EndRequest request{.transactional_id = "a", .producer_id = 7, .producer_epoch = epoch, .commit = true, .client_version = 2};
            c.end(ticket, request, std::nullopt, now, out);
        });
    }
    void ask(std::string name, CoordinatorDriver::Decide decide) {
        scope_.spawn(await_answer(std::move(name), std::move(decide)));
        world_.run_until_idle();
    }
    Task<void> await_answer(std::string name, CoordinatorDriver::Decide decide) {
        auto reply = co_await driver_->ask(std::move(decide));
        outcomes_.push_back(name + " " + (reply ? "done" : std::string(name_of(reply.error().code))));
    }
    void markers_are_written() {
        driver_->run([this](Coordinator& c, const Now& now, Effects& out) {
            c.markers_written(asked_.back(), {{.topic = "t", .partition = 0}}, now, out);
        });
        journal_.sync();
        world_.run_until_idle();
    }
    using Outcomes = std::vector<std::string>;

    SimWorld world_;
    runtime::Shard& shard_;
    SlowJournal journal_;
    runtime::TaskScope scope_;
    TransactionConfig config_;
    std::vector<WriteMarkers> asked_;
    Outcomes outcomes_;
    std::unique_ptr<CoordinatorDriver> driver_;
};

TEST_F(TransactionDriver, NeitherAnswersNorWritesMarkersBeforeTheDecisionIsDurable) {
    begin();
    commit();
    EXPECT_EQ(outcomes_, Outcomes());
    EXPECT_TRUE(asked_.empty());
    journal_.sync();
    world_.run_until_idle();
    EXPECT_EQ(outcomes_, Outcomes({"commit done"}));
    EXPECT_EQ(asked_.size(), 1u);
}

TEST_F(TransactionDriver, ADiskThatIsTooSlowMakesTheAnswerFailButNotTheMarkers) {
    begin();
    journal_.times_out_once = true;
    commit();
    EXPECT_EQ(outcomes_, Outcomes({"commit COORDINATOR_NOT_AVAILABLE"}));
    EXPECT_TRUE(asked_.empty());
    journal_.sync();
    world_.run_until_idle();
    EXPECT_EQ(asked_.size(), 1u);
}

TEST_F(TransactionDriver, ADecisionThatWasNotAppendedWasNotMade) {
    begin();
    journal_.append_error = ErrorCode::kafka_storage_error;
    commit();
    EXPECT_EQ(outcomes_, Outcomes({"commit NOT_COORDINATOR"}));
    EXPECT_TRUE(asked_.empty());
    journal_.append_error = ErrorCode::none;
    restart();
    EXPECT_TRUE(asked_.empty());
    EXPECT_NE(driver_->coordinator()->print_durable().find("a Ongoing"), std::string::npos);
}

TEST_F(TransactionDriver, WhatIsPreparedIsCompletedAfterARestart) {
    begin();
    commit();
    journal_.sync();
    world_.run_until_idle();
    restart();
    ASSERT_EQ(asked_.size(), 1u);
    markers_are_written();
    EXPECT_NE(driver_->coordinator()->print_durable().find("a CompleteCommit producer=7/1"), std::string::npos);
    restart();
    EXPECT_TRUE(asked_.empty());
}

// Two writers of one end's markers may be under way, after a reload: the slower one comes back when the next transaction ends.
TEST_F(TransactionDriver, MarkersOfAnOlderEndDoNotCompleteTheNext) {
    begin();
    commit();
    journal_.sync();
    world_.run_until_idle();
    markers_are_written();
    begin_next(1);
    commit(1);
    journal_.sync();
    world_.run_until_idle();
    ASSERT_EQ(asked_.size(), 2u);
    driver_->run([this](Coordinator& c, const Now& now, Effects& out) {
        c.markers_written(asked_.front(), {{.topic = "t", .partition = 0}}, now, out);
    });
    EXPECT_NE(driver_->coordinator()->print_durable().find("a PrepareCommit"), std::string::npos);
    markers_are_written();
    EXPECT_NE(driver_->coordinator()->print_durable().find("a CompleteCommit producer=7/2"), std::string::npos);
}

}  // namespace
}  // namespace tideline::txn::testing
