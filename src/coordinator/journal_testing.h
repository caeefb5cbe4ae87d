// coordinator/journal_testing.h: the log under a driver that is tested.
#pragma once

#include "coordinator/journal.h"
#include "record/batch.h"
#include "runtime/scope.h"

namespace tideline::coordinator::testing {

// A log in memory whose syncs end when the test says so.
class TestJournal : public Journal {
public:
    explicit TestJournal(runtime::Shard& shard) : progress_(shard) {}

    std::int64_t start() const override { return 0; }
    std::int64_t end() const override { return end_; }
    std::size_t batch_bytes_max() const override { return batch_bytes_max_value; }
    base::Result<std::int64_t> append(base::ByteView batch, const JournalAppend& how) override {
        last_append = how;
        if (append_error != ErrorCode::none) {
            return base::fail(append_error, "the test says so");
        }
        base::Bytes bytes(batch.begin(), batch.end());
        record::set_base_offset(bytes, end_);
        end_ += record::read_batch(bytes)->header.record_count;
        batches_.emplace_back(end_, std::move(bytes));
        return end_;
    }
    runtime::Task<base::Result<>> wait_durable(std::int64_t end) override {
        ++waits;
        while (durable_ < end && sync_error == ErrorCode::none) {
            co_await progress_.wait();
        }
        if (durable_ < end) {
            co_return base::fail(sync_error, "the test says so");
        }
        co_return base::Result<>{};
    }
    runtime::Task<base::Result<JournalSlice>> read(std::int64_t from, std::size_t) override {
        JournalSlice slice;
        for (const auto& [next, bytes] : batches_) {
            if (next > from) {
                slice = {.batches = bytes, .next = next};
                break;
            }
        }
        co_return slice;
    }

    void sync() {
        durable_ = end_;
        wake();
    }
    void fail_syncs(ErrorCode code) {
        sync_error = code;
        wake();
    }
    std::size_t batch_count() const { return batches_.size(); }

    ErrorCode append_error = ErrorCode::none;
    ErrorCode sync_error = ErrorCode::none;
    std::size_t batch_bytes_max_value = 1'000'000;
    int waits = 0;
    JournalAppend last_append;

private:
    void wake() {
        progress_.set();
        progress_.reset();
    }
    std::vector<std::pair<std::int64_t, base::Bytes>> batches_;
    std::int64_t end_ = 0;
    std::int64_t durable_ = 0;
    runtime::Event progress_;
};

}  // namespace tideline::coordinator::testing
