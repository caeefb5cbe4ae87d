// A PartitionLog against the naive model: a vector of records. Compared after every step, over many seeds.
#include <gtest/gtest.h>

#include <deque>

#include "base/log.h"
#include "log/test_support.h"

namespace tideline::log {
namespace {

class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed * 2 + 1) {}
    std::uint64_t below(std::uint64_t bound) {
        state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
        return (state_ >> 33) % bound;
    }

private:
    std::uint64_t state_;
};

struct ModelBatch {
    Offset base = 0;
    std::int64_t timestamp = 0;
    std::vector<std::string> values;
    Offset next() const { return base + static_cast<Offset>(values.size()); }
};

class PartitionLogModel : public LogTest {
protected:
    void append_one(Random& random) {
        TestBatch batch{.records = static_cast<std::int32_t>(1 + random.below(4)),
                        .value_bytes = random.below(10) == 0 ? 700 : 5 + random.below(60),
                        .timestamp = kNow + static_cast<std::int64_t>(random.below(5000)),
                        .compression = random.below(3) == 0 ? record::CompressionType::lz4 : record::CompressionType::none,
                        .tag = fmt::format("{}", counter_++)};
        Offset base = put(batch);
        ASSERT_EQ(base, next_);
        ModelBatch stored{.base = base, .timestamp = batch.timestamp};
        for (std::int32_t i = 0; i < batch.records; ++i) {
            std::string value = fmt::format("{}.{}", batch.tag, i);
            value.resize(std::max(value.size(), batch.value_bytes), '.');
            stored.values.push_back(value);
        }
        next_ = stored.next();
        batches_.push_back(stored);
    }

    void truncate(Offset offset) {
        ASSERT_TRUE(log_->truncate_to(offset));
        while (!batches_.empty() && batches_.back().next() > offset) {
            next_ = batches_.back().base;
            batches_.pop_back();
        }
        start_ = std::min(start_, next_);
    }

    void delete_some(Random& random) {
        Offset to = start_ + static_cast<Offset>(random.below(static_cast<std::uint64_t>(next_ - start_) + 1));
        ASSERT_TRUE(log_->delete_records_before(to));
        start_ = std::max(start_, to);
        auto deleted = log_->delete_old_segments(next_, kNow);
        ASSERT_TRUE(deleted);
        ASSERT_TRUE(PartitionLog::mark_deleted(disk_.files(), *deleted));
        ASSERT_TRUE(PartitionLog::remove_files(disk_.files(), *deleted));
    }

    std::vector<StoredRecord> expected(Offset from) const {
        std::vector<StoredRecord> all;
        for (const ModelBatch& batch : batches_) {
            for (std::size_t i = 0; i < batch.values.size(); ++i) {
                if (Offset offset = batch.base + static_cast<Offset>(i); offset >= from) {
                    all.push_back({offset, batch.values[i]});
                }
            }
        }
        return all;
    }

    void compare(Random& random) {
        ASSERT_EQ(log_->log_start_offset(), start_);
        ASSERT_EQ(log_->next_offset(), next_);
        Offset from = start_ + static_cast<Offset>(random.below(static_cast<std::uint64_t>(next_ - start_) + 1));
        auto found = read_records(*log_, from, next_, 50 + random.below(3000));
        ASSERT_TRUE(found) << base::to_string(found.error());
        ASSERT_EQ(*found, expected(from));
        compare_timestamp(kNow + static_cast<std::int64_t>(random.below(6000)));
    }

    void compare_timestamp(std::int64_t timestamp) {
        std::optional<TimestampedOffset> wanted;
        for (const ModelBatch& batch : batches_) {
            for (std::size_t i = 0; i < batch.values.size() && !wanted; ++i) {
                auto delta = static_cast<std::int64_t>(i);
                if (batch.base + delta >= start_ && batch.timestamp + delta >= timestamp) {
                    wanted = TimestampedOffset{batch.timestamp + delta, batch.base + delta, 0};
                }
            }
        }
        auto found = log_->offset_for_timestamp(timestamp);
        ASSERT_TRUE(found);
        ASSERT_EQ(*found, wanted);
    }

    void run(std::uint64_t seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        Random random(seed);
        disk_.wipe();
        batches_.clear();
        start_ = next_ = 0;
        config_.segment_bytes = static_cast<std::int32_t>(3200 + random.below(4000));
        config_.index_interval_bytes = static_cast<std::int32_t>(random.below(600));
        config_.retention_bytes = -1;
        config_.retention_ms = -1;
        config_.segment_ms = random.below(2) == 0 ? 2000 : 604'800'000;
        open();
        for (int step = 0; step < 150 && !HasFatalFailure(); ++step) {
            switch (random.below(24)) {
                case 0: truncate(start_ + static_cast<Offset>(random.below(static_cast<std::uint64_t>(next_ - start_) + 3))); break;
                case 1: delete_some(random); break;
                case 2: reopen_clean(); break;
                case 3: reopen_unclean(start_ + static_cast<Offset>(random.below(static_cast<std::uint64_t>(next_ - start_) + 1))); break;
                case 4: flush(); break;
                case 5: ASSERT_TRUE(log_->roll(kNow)); break;
                default: append_one(random); break;
            }
            compare(random);
        }
    }

    std::deque<ModelBatch> batches_;
    Offset start_ = 0;
    Offset next_ = 0;
    int counter_ = 0;
};

TEST_F(PartitionLogModel, AgreesWithAVectorOfRecords) {
    base::set_log_level(base::LogLevel::error);
    for (std::uint64_t seed = 1; seed <= 60 && !HasFatalFailure(); ++seed) {
        run(seed);
    }
    base::set_log_level(base::LogLevel::info);
}

}  // namespace
}  // namespace tideline::log
