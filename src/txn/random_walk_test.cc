// Random requests, failures of markers, time and restarts. After every step the log alone brings the state back (Bench); here:
// epochs never go back, nobody is given what somebody else has, and everything prepared is completed in the end.
#include <random>

#include "txn/txn_testing.h"

namespace tideline::txn::testing {

namespace {

class Walk {
public:
    explicit Walk(std::uint64_t seed) : random_(seed) {
        bench_.config().abort_interval_ms = 1'000;
        bench_.config().id_expiration_ms = 200'000;
        bench_.config().expiry_interval_ms = 50'000;
        bench_.restart();
        // Epochs that end soon.
        for (int i = 0; i < 2; ++i) {
            Transaction old{.producer_id = 100 + i, .previous_producer_id = 100 + i, .producer_epoch = kLastEpoch - 3, .timeout_ms = 5'000};
            old.update_ms = bench_.now().wall_ms;
            bench_.inject("x" + std::to_string(i), old);
        }
    }

    void step() {
        auto id = "x" + std::to_string(pick(4));
        switch (pick(9)) {
            case 0: return init(id);
            case 1:
            case 2: return add(id);
            case 3:
            case 4: return end(id);
            case 5: return write_markers(pick(4) == 0);
            case 6: return pass_time();
            case 7: return pick(10) == 0 ? restart() : void();
            default: return verify(id);
        }
    }
    void finish() {
        for (int round = 0; round < 200; ++round) {
            write_markers(false);
            std::int64_t moved = 0;
            note(bench_.advance(100'000, moved));
            note(bench_.give_id());
        }
        EXPECT_EQ(bench_.coordinator().print_durable().find(" Prepare"), std::string::npos);
        EXPECT_EQ(bench_.coordinator().print_durable().find(" Ongoing"), std::string::npos);
    }

private:
    struct Producer {
        std::int64_t id = kNoProducerId;
        std::int16_t epoch = kNoEpoch;
    };

    std::size_t pick(std::size_t n) { return random_() % n; }
    Producer& producer_of(const std::string& id) { return producers_[id][pick(2)]; }

    void note(const Effects& effects) {
        for (const auto& record : effects.records) {
            if (!record.value) {
                continue;
            }
            auto transaction = *read_transaction(*record.value);
            auto& highest = epochs_[transaction.producer_id];
            EXPECT_GE(transaction.producer_epoch, highest);
            highest = std::max(highest, transaction.producer_epoch);
        }
    }
    void init(const std::string& id) {
        auto& producer = producer_of(id);
        InitRequest request{.transactional_id = id, .timeout_ms = static_cast<std::int32_t>(500 + pick(5'000))};
        bool continues = producer.id != kNoProducerId && pick(2) == 0;
        if (continues) {
            request.producer_id = producer.id;
            request.producer_epoch = producer.epoch;
        }
        auto effects = bench_.ask(&Coordinator::init_producer_id, request);
        note(effects);
        const auto& response = std::get<protocol::InitProducerIdResponse>(effects.answers.at(0).reply);
        if (response.error_code != ErrorCode::none) {
            EXPECT_TRUE(response.error_code == ErrorCode::producer_fenced || response.error_code == ErrorCode::concurrent_transactions);
            return;
        }
        EXPECT_LT(response.producer_epoch, kFencingEpoch);
        if (pick(5) == 0) {
            return;  // the answer is lost
        }
        for (const auto& other : producers_[id]) {
            EXPECT_FALSE(&other != &producer && other.id == response.producer_id && other.epoch == response.producer_epoch)
                << id << " " << response.producer_id << "/" << response.producer_epoch << " belongs to two";
        }
        producer = {.id = response.producer_id, .epoch = response.producer_epoch};
    }
    PartitionsRequest partitions(const std::string& id) {
        const auto& producer = producer_of(id);
        return {.transactional_id = id,
                .producer_id = producer.id,
                .producer_epoch = producer.epoch,
                .partitions = {{.topic = "t", .partitions = {static_cast<std::int32_t>(pick(5))}}},
                .client_version = static_cast<std::int16_t>(2 * pick(2))};
    }
    void add(const std::string& id) {
        auto request = partitions(id);
        note(bench_.step([&](Coordinator& c, const Now& now, Effects& out) { c.add(1, request, now, out); }));
    }
    void verify(const std::string& id) {
        auto request = partitions(id);
        auto effects = bench_.step([&](Coordinator& c, const Now& now, Effects& out) { c.verify(1, request, now, out); });
        EXPECT_TRUE(effects.records.empty());
    }
    void end(const std::string& id) {
        auto& producer = producer_of(id);
        EndRequest request{.transactional_id = id,
                           .producer_id = producer.id,
                           .producer_epoch = producer.epoch,
                           .commit = pick(2) == 0,
                           .client_version = static_cast<std::int16_t>(2 * pick(2))};
        auto effects = bench_.ask(&Coordinator::end, request);
        note(effects);
        const auto& response = std::get<protocol::EndTxnResponse>(effects.answers.at(0).reply);
        if (response.error_code == ErrorCode::none && response.producer_id != kNoProducerId && pick(5) != 0) {
            EXPECT_LT(response.producer_epoch, kFencingEpoch);
            producer = {.id = response.producer_id, .epoch = response.producer_epoch};
        }
    }
    void write_markers(bool with_trouble) {
        auto outstanding = std::exchange(bench_.outstanding(), {});
        for (const auto& markers : outstanding) {
            std::vector<MarkerResult> results;
            for (const auto& [topic, numbers] : markers.partitions) {
                for (auto partition : numbers) {
                    auto error = with_trouble && pick(2) == 0 ? ErrorCode::not_leader_or_follower : ErrorCode::none;
                    results.push_back({.topic = topic, .partition = partition, .error = error});
                }
            }
            note(bench_.step([&](Coordinator& c, const Now& now, Effects& out) { c.markers_written(markers, results, now, out); }));
        }
    }
    void pass_time() {
        std::int64_t moved = 0;
        note(bench_.advance(static_cast<std::int64_t>(pick(3'000)), moved));
        note(bench_.give_id());
    }
    void restart() { note(bench_.restart()); }

    std::mt19937_64 random_;
    Bench bench_;
    std::map<std::string, std::array<Producer, 2>> producers_;  // two that fight for an id
    std::map<std::int64_t, std::int16_t> epochs_;
};

TEST(TransactionWalk, LiveStateIsWhatTheLogSaysAndEverythingEnds) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(seed);
        Walk walk(seed);
        for (int i = 0; i < 500; ++i) {
            walk.step();
        }
        walk.finish();
        if (::testing::Test::HasFailure()) {
            return;
        }
    }
}

}  // namespace
}  // namespace tideline::txn::testing
