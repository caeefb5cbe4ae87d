// Logs that are flushed and closed together: what one of them is promised does not depend on the others.
#include "log/flush_plan.h"

#include <gtest/gtest.h>

#include "log/test_support.h"

namespace tideline::log {
namespace {

using runtime::sim::CrashPolicy;

class FlushesTest : public LogTest {
protected:
    static constexpr std::size_t kLogs = 3;

    Result<> open_all(bool clean = false) {
        logs_.clear();
        cache_ = std::make_unique<FileCache>(disk_.files(), 16);
        for (std::size_t at = 0; at < kLogs; ++at) {
            std::string name = fmt::format("orders-{}", at);
            OpenState state{.clean_shutdown = clean, .topic_id = base::Uuid{1, 2}};
            TL_TRY(log, PartitionLog::open(*cache_, "/data/" + name, name, config_, state, producers_, kNow));
            logs_.push_back(std::move(log));
        }
        return {};
    }
    // One record each.
    Result<> append_all() {
        for (const auto& log : logs_) {
            TL_TRY_VOID(log->append(make_batch({}), {.now_ms = kNow}));
        }
        return {};
    }
    std::vector<Result<>> flush_all() {
        std::vector<FlushPlan> plans;
        std::vector<FlushPlan*> pointers;
        for (const auto& log : logs_) {
            auto plan = log->begin_flush();
            EXPECT_TRUE(plan);
            plans.push_back(std::move(*plan));
        }
        for (FlushPlan& plan : plans) {
            pointers.push_back(&plan);
        }
        std::vector<Result<>> outcomes = run_flushes(disk_.files(), pointers);
        for (std::size_t at = 0; at < kLogs; ++at) {
            logs_[at]->finish_flush(plans[at], outcomes[at]);
        }
        return outcomes;
    }
    std::vector<Result<>> close_all() {
        std::vector<PartitionLog*> logs;
        for (const auto& log : logs_) {
            logs.push_back(log.get());
        }
        return PartitionLog::close_together(logs);
    }

    // Lets the power go at each operation of `work`, which returns how many records each log has for certain.
    template <class Work>
    void crash_everywhere(Work work) {
        ASSERT_TRUE(open_all());
        work();
        const std::uint64_t operations = disk_.files().operations();
        for (std::uint64_t at = 1; at <= operations; ++at) {
            for (CrashPolicy policy : runtime::sim::kCrashPolicies) {
                for (std::uint64_t seed = 0; seed < 4; ++seed) {
                    SCOPED_TRACE(fmt::format("operation {} policy {} seed {}", at, static_cast<int>(policy), seed));
                    disk_.wipe();
                    disk_.files().crash_after(at);
                    std::vector<Offset> promised(kLogs, 0);
                    if (open_all()) {
                        promised = work();
                    }
                    logs_.clear();
                    disk_.files().crash(policy, seed);
                    ASSERT_TRUE(open_all());
                    for (std::size_t log = 0; log < kLogs; ++log) {
                        ASSERT_GE(logs_[log]->next_offset(), promised[log]) << log;
                    }
                }
            }
        }
    }

    std::vector<std::unique_ptr<PartitionLog>> logs_;
};

TEST_F(FlushesTest, EachStepIsTakenForAllBeforeTheNext) {
    ASSERT_TRUE(open_all());
    ASSERT_TRUE(append_all());
    disk_.record();
    flush_all();
    std::string steps;
    std::string transcript = disk_.transcript();
    for (std::size_t at = 0; at < transcript.size(); at = transcript.find('\n', at) + 1) {
        std::string verb = transcript.substr(at, transcript.find(' ', at) - at);
        steps += steps.ends_with(verb) ? "" : " " + verb;
    }
    EXPECT_TRUE(steps.ends_with(" write sync rename sync_dir")) << steps;
    EXPECT_EQ(transcript.find("sync_dir /data"), transcript.rfind("sync_dir /data")) << "once for all of them";
}

TEST_F(FlushesTest, OneThatFailsDoesNotHarmTheOthers) {
    ASSERT_TRUE(open_all());
    ASSERT_TRUE(append_all());
    disk_.files().fail_sync(4);  // that of the second log: each has three files
    auto outcomes = flush_all();
    EXPECT_TRUE(outcomes[0] && !outcomes[1] && outcomes[2]);
    EXPECT_TRUE(logs_[1]->is_failed());
    EXPECT_EQ(logs_[0]->durable_offset(), 1);
    EXPECT_EQ(logs_[1]->durable_offset(), 0);
    EXPECT_EQ(logs_[2]->durable_offset(), 1);
}

TEST_F(FlushesTest, WhatWasPromisedSurvivesALossOfPowerAtAnyOperation) {
    crash_everywhere([&] {
        (void)append_all();
        if (!disk_.files().power_is_cut()) {
            flush_all();
        }
        std::vector<Offset> promised;
        for (const auto& log : logs_) {
            promised.push_back(log->durable_offset());
        }
        return promised;
    });
}

TEST_F(FlushesTest, LogsThatWereClosedTogetherAreWhole) {
    crash_everywhere([&] {
        (void)append_all();
        std::vector<Offset> promised;
        for (const Result<>& closed : close_all()) {
            promised.push_back(closed ? 1 : 0);
        }
        return promised;
    });
    disk_.wipe();
    ASSERT_TRUE(open_all());
    ASSERT_TRUE(append_all());
    for (const Result<>& closed : close_all()) {
        EXPECT_TRUE(closed);
    }
    disk_.files().crash(CrashPolicy::drop_unsynced, 1);
    ASSERT_TRUE(open_all(true));
    for (const auto& log : logs_) {
        EXPECT_EQ(log->next_offset(), 1);
    }
}

TEST_F(FlushesTest, OfLogsThatAreClosedTogetherOneMayHaveFailed) {
    ASSERT_TRUE(open_all());
    ASSERT_TRUE(append_all());
    logs_[1]->abandon();
    auto outcomes = close_all();
    ASSERT_EQ(outcomes.size(), kLogs);
    EXPECT_TRUE(outcomes[0] && !outcomes[1] && outcomes[2]);
    EXPECT_TRUE(PartitionLog::close_together({}).empty());
}

}  // namespace
}  // namespace tideline::log
