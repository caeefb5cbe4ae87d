#include "group/coordinator_driver.h"

#include "coordinator/journal_testing.h"
#include "group/group_testing.h"
#include "runtime/sim/world.h"

namespace tideline::group::testing {

namespace {

using runtime::Task;
using runtime::sim::SimWorld;

using coordinator::testing::TestJournal;

protocol::OffsetCommitRequest commit_of(std::int64_t offset, int partitions = 1, const std::string& metadata = "") {
    protocol::OffsetCommitRequest request;
    request.group_id = "g";
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    for (int partition = 0; partition < partitions; ++partition) {
        auto& entry = topic.partitions.emplace_back();
        entry.partition_index = partition;
        entry.committed_offset = offset;
        entry.committed_metadata = metadata;
    }
    return request;
}

class DriverTest : public ::testing::Test {
protected:
    DriverTest() : world_(1), shard_(world_.add_shard()), journal_(shard_), scope_(shard_) {
        topics_.put("t", 100);
        make_driver();
    }
    ~DriverTest() override {
        world_.run(shard_, driver_->stop());
        world_.run(shard_, scope_.join());
    }

    void make_driver() {
        driver_ = std::make_unique<CoordinatorDriver>(shard_, journal_, [this] {
            return std::make_unique<Coordinator>(GroupConfig{}, topics_, configs_, [this] { return shard_.random(); });
        });
    }
    void start() {
        driver_->start();
        world_.run_until_idle();
    }
    void restart() {
        world_.run(shard_, driver_->stop());
        make_driver();
        start();
    }
    // Begins a request, whose outcome is added to outcomes_ under its name.
    void begin(std::string name, CoordinatorDriver::Decide decide) {
        scope_.spawn(await_answer(std::move(name), std::move(decide)));
        world_.run_until_idle();
    }
    void begin_commit(std::string name, std::int64_t offset, int partitions = 1, const std::string& metadata = "") {
        begin(std::move(name), [request = commit_of(offset, partitions, metadata)](Coordinator& c, Ticket ticket, const Now& now, Effects& out) {
            c.commit(ticket, {.api_version = 8}, request, now, out);
        });
    }
    void begin_fetch(std::string name, bool stable = false) {
        begin(std::move(name), [stable](Coordinator& c, Ticket ticket, const Now& now, Effects& out) {
            protocol::OffsetFetchRequest::OffsetFetchRequestGroup request;
            request.group_id = "g";
            request.topics.emplace();
            auto& topic = request.topics->emplace_back();
            topic.name = "t";
            topic.partition_indexes = {0};
            c.fetch(ticket, {.api_version = 8}, request, stable, now, out);
        });
    }
    void begin_transactional_commit(std::string name, std::int64_t offset, std::uint64_t guard = 0) {
        protocol::TxnOffsetCommitRequest request;
        request.group_id = "g";
        request.producer_id = 7;
        request.producer_epoch = 2;
        auto& topic = request.topics.emplace_back();
        topic.name = "t";
        auto& partition = topic.partitions.emplace_back();
        partition.partition_index = 0;
        partition.committed_offset = offset;
        begin(std::move(name), [request, guard](Coordinator& c, Ticket ticket, const Now& now, Effects& out) {
            c.commit_in_transaction(ticket, {.api_version = 5}, request, guard, now, out);
        });
    }
    ErrorCode end_transaction(bool committed) {
        auto ended = group::end_transaction(*driver_, {.producer_id = 7, .producer_epoch = 2, .committed = committed, .transaction_version = 0}, 1);
        return ended ? ErrorCode::none : ended.error().code;
    }
    Task<void> await_answer(std::string name, CoordinatorDriver::Decide decide) {
        auto reply = co_await driver_->ask(std::move(decide));
        if (!reply) {
            outcomes_.push_back(name + " " + std::string(name_of(reply.error().code)));
        } else if (auto* fetched = std::get_if<protocol::OffsetFetchResponse::OffsetFetchResponseGroup>(&*reply)) {
            const auto& partition = fetched->topics.at(0).partitions.at(0);
            auto offset = partition.committed_offset < 0 ? "nothing" : std::to_string(partition.committed_offset);
            outcomes_.push_back(name + " " + (partition.error_code == ErrorCode::none ? offset : std::string(name_of(partition.error_code))));
        } else if (auto* committed = std::get_if<protocol::OffsetCommitResponse>(&*reply)) {
            auto error = committed->topics.at(0).partitions.at(0).error_code;
            outcomes_.push_back(name + " " + (error == ErrorCode::none ? "done" : std::string(name_of(error))));
        } else if (auto* joined = std::get_if<protocol::JoinGroupResponse>(&*reply)) {
            outcomes_.push_back(name + " " + std::string(name_of(joined->error_code)));
        } else {
            outcomes_.push_back(name + " done");
        }
    }
    using Outcomes = std::vector<std::string>;

    SimWorld world_;
    runtime::Shard& shard_;
    TestJournal journal_;
    TestTopics topics_;
    TestGroupConfigs configs_;
    std::unique_ptr<CoordinatorDriver> driver_;
    runtime::TaskScope scope_;
    Outcomes outcomes_;
};

TEST_F(DriverTest, AnswersOnlyWhenWhatItTellsOfIsDurable) {
    start();
    begin_commit("commit", 5);
    begin_fetch("fetch");
    EXPECT_EQ(outcomes_, Outcomes{});
    journal_.sync();
    world_.run_until_idle();
    EXPECT_EQ(outcomes_, (Outcomes{"commit done", "fetch 5"}));
}

TEST_F(DriverTest, DecidesWhileEarlierRecordsAreBeingSyncedAndWaitsOnceForMany) {
    start();
    for (int i = 0; i < 100; ++i) {
        begin_commit("commit", i);
    }
    EXPECT_EQ(journal_.batch_count(), 100u);
    journal_.sync();
    world_.run_until_idle();
    EXPECT_EQ(outcomes_.size(), 100u);
    EXPECT_LE(journal_.waits, 2);
}

TEST_F(DriverTest, OneRequestIsOneBatchUnlessTheLogTakesOnlySmallerOnes) {
    start();
    begin_commit("small", 1, 50);
    EXPECT_EQ(journal_.batch_count(), 1u);
    journal_.batch_bytes_max_value = 300;
    begin_commit("large", 2, 50);
    EXPECT_GT(journal_.batch_count(), 5u);
    journal_.sync();
    world_.run_until_idle();
    EXPECT_EQ(outcomes_, (Outcomes{"small done", "large done"}));
}

TEST_F(DriverTest, WhatTheLogTakesNoLongerIsRefusedAndCostsNobodyTheCoordinator) {
    start();
    const std::string metadata(400, 'm');
    begin_commit("fits", 1, 1, metadata);
    journal_.batch_bytes_max_value = 400;
    begin_commit("too large", 2, 1, metadata);
    begin_commit("small", 3);
    journal_.batch_bytes_max_value = 1'000'000;
    begin_commit("fits again", 4, 1, metadata);
    journal_.sync();
    world_.run_until_idle();
    EXPECT_EQ(outcomes_, (Outcomes{"fits done", "too large UNKNOWN_SERVER_ERROR", "small done", "fits again done"}));
    EXPECT_TRUE(driver_->is_active());
}

TEST_F(DriverTest, LoadsWhatWasWritten) {
    start();
    begin_commit("commit", 5);
    journal_.sync();
    world_.run_until_idle();
    restart();
    begin_fetch("fetch");
    EXPECT_EQ(outcomes_.back(), "fetch 5");
}

TEST_F(DriverTest, RefusesWhileItLoadsAndAfterItStopped) {
    driver_->start();
    begin_fetch("after idle load");
    EXPECT_EQ(outcomes_.back(), "after idle load nothing");
    world_.run(shard_, driver_->stop());
    begin_fetch("stopped");
    EXPECT_EQ(outcomes_.back(), "stopped NOT_COORDINATOR");
    make_driver();
    begin_fetch("before start");
    EXPECT_EQ(outcomes_.back(), "before start NOT_COORDINATOR");
}

TEST_F(DriverTest, AFailedAppendTellsEverybodyWhoWaitsAndGoesBackToTheLog) {
    start();
    begin_commit("durable", 1);
    journal_.sync();
    world_.run_until_idle();
    begin_commit("waits", 2);
    journal_.append_error = ErrorCode::not_enough_replicas;
    begin_commit("fails", 3);
    EXPECT_EQ(outcomes_, (Outcomes{"durable done", "fails COORDINATOR_NOT_AVAILABLE", "waits COORDINATOR_NOT_AVAILABLE"}));
    begin_fetch("early");
    EXPECT_EQ(outcomes_.back(), "early COORDINATOR_LOAD_IN_PROGRESS");
    journal_.append_error = ErrorCode::none;
    journal_.sync();
    world_.advance(std::chrono::seconds(1));
    begin_fetch("fetch");
    // What was appended before the failure counts, what was not does not.
    EXPECT_EQ(outcomes_.back(), "fetch 2");
}

TEST_F(DriverTest, AFailedSyncIsNotAnsweredAsSuccess) {
    start();
    begin_commit("commit", 1);
    journal_.fail_syncs(ErrorCode::kafka_storage_error);
    world_.run_until_idle();
    EXPECT_EQ(outcomes_, (Outcomes{"commit NOT_COORDINATOR"}));
}

TEST_F(DriverTest, ASyncThatFailsWithoutAWaitIsSurvived) {
    start();
    begin_commit("commit", 1);
    journal_.fail_syncs(ErrorCode::kafka_storage_error);
    world_.advance(std::chrono::seconds(1));
    begin_fetch("fetch");
    EXPECT_EQ(outcomes_, (Outcomes{"commit NOT_COORDINATOR", "fetch NOT_COORDINATOR"}));
}

TEST_F(DriverTest, ASlowSyncFailsThoseWhoWaitForItAndKeepsTheState) {
    start();
    begin_commit("commit", 1);
    journal_.fail_syncs(ErrorCode::request_timed_out);
    world_.run_until_idle();
    EXPECT_EQ(outcomes_, (Outcomes{"commit COORDINATOR_NOT_AVAILABLE"}));
    EXPECT_TRUE(driver_->is_active());
    journal_.fail_syncs(ErrorCode::none);
    journal_.sync();
    begin_fetch("fetch");
    EXPECT_EQ(outcomes_.back(), "fetch 1");
}

TEST_F(DriverTest, OffsetsOfATransactionCountWhenItsMarkerIsDurable) {
    start();
    begin_transactional_commit("commit", 5, 99);
    EXPECT_EQ(journal_.last_append.guard, 99u);
    EXPECT_EQ(outcomes_, Outcomes{}) << "not durable";
    journal_.sync();
    begin_fetch("stable", true);
    begin_fetch("any");
    EXPECT_EQ(end_transaction(true), ErrorCode::none);
    begin_fetch("after");
    EXPECT_EQ(outcomes_, (Outcomes{"commit done", "stable UNSTABLE_OFFSET_COMMIT", "any nothing"}));
    journal_.sync();
    world_.run_until_idle();
    EXPECT_EQ(outcomes_.back(), "after 5");
    restart();
    begin_fetch("loaded", true);
    EXPECT_EQ(outcomes_.back(), "loaded 5");
}

TEST_F(DriverTest, OffsetsOfAnAbortedTransactionAreForgotten) {
    start();
    begin_transactional_commit("commit", 5);
    journal_.sync();
    EXPECT_EQ(end_transaction(false), ErrorCode::none);
    journal_.sync();
    begin_fetch("stable", true);
    restart();
    begin_fetch("loaded", true);
    EXPECT_EQ(outcomes_, (Outcomes{"commit done", "stable nothing", "loaded nothing"}));
}

// H14: what the log refuses must not be pending, nor take the coordinator down with it.
TEST_F(DriverTest, H14ARefusedCommitOfATransactionChangesNothing) {
    start();
    begin_commit("plain", 1);
    journal_.sync();
    world_.run_until_idle();
    for (ErrorCode refusal : {ErrorCode::invalid_txn_state, ErrorCode::invalid_producer_epoch}) {
        outcomes_.clear();
        journal_.append_error = refusal;
        begin_transactional_commit("commit", 5);
        EXPECT_EQ(end_transaction(true), refusal);
        journal_.append_error = ErrorCode::none;
        EXPECT_TRUE(driver_->is_active());
        begin_fetch("stable", true);
        EXPECT_EQ(outcomes_, (Outcomes{"commit " + std::string(name_of(refusal)), "stable 1"}));
    }
}

TEST_F(DriverTest, ACoordinatorThatLoadsEndsNoTransaction) {
    start();
    journal_.append_error = ErrorCode::not_enough_replicas;
    begin_commit("sends it back to the log", 1);
    journal_.append_error = ErrorCode::none;
    EXPECT_EQ(end_transaction(true), ErrorCode::coordinator_load_in_progress);
    EXPECT_EQ(journal_.batch_count(), 0u);
    world_.advance(std::chrono::seconds(1));
    EXPECT_EQ(end_transaction(true), ErrorCode::none);
}

TEST_F(DriverTest, RunsTheTimersOfItsGroups) {
    start();
    begin("join", [](Coordinator& c, Ticket ticket, const Now& now, Effects& out) {
        protocol::JoinGroupRequest request;
        request.group_id = "j";
        request.session_timeout_ms = 10'000;
        request.rebalance_timeout_ms = 10'000;
        request.protocol_type = "consumer";
        request.protocols.push_back({.name = "range", .metadata = {}});
        c.join(ticket, {.id = "c", .host = "/h", .api_version = 3}, request, now, out);
    });
    journal_.sync();
    world_.run_until_idle();
    EXPECT_EQ(outcomes_, Outcomes{});
    world_.advance(std::chrono::seconds(4));
    EXPECT_EQ(outcomes_, (Outcomes{"join NONE"}));
    // Nobody syncs and nobody is heard of: the group empties, and says so in the log.
    world_.advance(std::chrono::minutes(1));
    journal_.sync();
    restart();
    EXPECT_EQ(driver_->coordinator()->print_durable().substr(0, 30), "group j classic generation=2 t");
}

TEST_F(DriverTest, StoppingAnswersWhoeverIsParked) {
    start();
    begin_commit("commit", 1);
    scope_.spawn(driver_->stop());
    world_.run_until_idle();
    EXPECT_EQ(outcomes_, (Outcomes{"commit NOT_COORDINATOR"}));
    journal_.sync();
}

}  // namespace
}  // namespace tideline::group::testing
