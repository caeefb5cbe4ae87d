// txn/txn_testing.h: a coordinator under test, with its log as a list, virtual time, and a check after every step that the log
// alone would bring its state back.
#pragma once

#include <gtest/gtest.h>

#include <deque>

#include "txn/coordinator.h"

namespace tideline::txn::testing {

class Bench {
public:
    Bench() { restart_empty(); }

    Coordinator& coordinator() { return *coordinator_; }
    TransactionConfig& config() { return config_; }
    const Now& now() const { return now_; }
    std::deque<WriteMarkers>& outstanding() { return outstanding_; }

    // Lets the coordinator decide, keeps its records and actions, and compares it with a rebuild.
    template <class Decide>
    Effects step(Decide decide) {
        Effects effects;
        decide(*coordinator_, now_, effects);
        for (const auto& record : effects.records) {
            append(record);
        }
        for (const auto& action : effects.actions) {
            if (const auto* markers = std::get_if<WriteMarkers>(&action)) {
                outstanding_.push_back(*markers);
            } else {
                wants_id_.push_back(std::get<FetchProducerId>(action).transactional_id);
            }
        }
        if (config_.transaction_version > 0) {  // older records have no previous and next ids
            EXPECT_EQ(coordinator_->print_durable(), follower_->print_durable());
        }
        return effects;
    }
    // Asks, and once more with a new producer id if that is wanted. The answer is the last one in the effects.
    template <class Request>
    Effects ask(void (Coordinator::*method)(Ticket, const Request&, std::optional<std::int64_t>, const Now&, Effects&), const Request& request) {
        auto effects = step([&](Coordinator& c, const Now& now, Effects& out) { (c.*method)(1, request, std::nullopt, now, out); });
        if (!std::holds_alternative<NeedsProducerId>(effects.answers.at(0).reply)) {
            return effects;
        }
        EXPECT_TRUE(effects.records.empty());
        return step([&](Coordinator& c, const Now& now, Effects& out) { (c.*method)(1, request, new_id(), now, out); });
    }
    std::int64_t new_id() { return next_id_++; }
    // Answers the oldest FetchProducerId; nothing if there is none.
    Effects give_id() {
        if (wants_id_.empty()) {
            return {};
        }
        auto id = std::move(wants_id_.front());
        wants_id_.pop_front();
        return step([&](Coordinator& c, const Now& now, Effects& out) { c.abort_timed_out(id, new_id(), now, out); });
    }

    // Moves the clock to the next timer, or by `ms` if none is due before.
    Effects advance(std::int64_t ms, std::int64_t& moved_ms) {
        auto target = now_.in_ms(ms);
        auto next = std::min(std::max(coordinator_->next_deadline(), now_.instant), target);
        moved_ms = std::chrono::ceil<std::chrono::milliseconds>(next - now_.instant).count();
        now_.instant += std::chrono::milliseconds(moved_ms);
        now_.wall_ms += moved_ms;
        if (coordinator_->next_deadline() > now_.instant) {
            return {};
        }
        return step([](Coordinator& c, const Now& now, Effects& out) { c.tick(now, out); });
    }
    void jump_wall(std::int64_t ms) { now_.wall_ms += ms; }

    // A record that somebody else wrote: the coordinator is loaded again.
    Effects inject(const std::string& transactional_id, const Transaction& transaction) {
        append(make_record(transactional_id, transaction, config_.transaction_version));
        return restart();
    }
    // A new coordinator from the log; what the old one wanted done is forgotten.
    Effects restart() {
        auto log = std::move(log_);
        restart_empty();
        for (const auto& record : log) {
            append(record);
            replay(*coordinator_, record);
        }
        outstanding_.clear();
        wants_id_.clear();
        return step([](Coordinator& c, const Now& now, Effects& out) { c.finish_load(now, out); });
    }

private:
    void restart_empty() {
        coordinator_ = std::make_unique<Coordinator>(config_);
        follower_ = std::make_unique<Coordinator>(config_);
        log_.clear();
    }
    void append(const Record& record) {
        log_.push_back(record);
        replay(*follower_, record);
    }
    static void replay(Coordinator& coordinator, const Record& record) {
        std::optional<base::ByteView> value;
        if (record.value) {
            value = *record.value;
        }
        auto replayed = coordinator.replay(record.key, value);
        EXPECT_TRUE(replayed) << base::to_string(replayed.error());
    }

    TransactionConfig config_;
    Now now_{.instant = Instant(std::chrono::hours(1)), .wall_ms = 1'000'000};
    std::int64_t next_id_ = 1000;
    std::vector<Record> log_;
    std::unique_ptr<Coordinator> coordinator_;
    std::unique_ptr<Coordinator> follower_;
    std::deque<WriteMarkers> outstanding_;
    std::deque<std::string> wants_id_;
};

}  // namespace tideline::txn::testing
