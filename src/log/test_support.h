// log/test_support.h: what the tests of this room share: batches, and a log on a simulated disk.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "log/partition_log.h"
#include "log/test_disk.h"
#include "record/build.h"
#include "record/control.h"
#include "record/record.h"

namespace tideline::log {

struct TestBatch {
    std::int32_t records = 1;
    std::size_t value_bytes = 10;
    std::int64_t timestamp = 1'700'000'000'000;  // of the first record; each next one is 1 ms later
    std::int64_t producer_id = record::kNoProducerId;
    std::int16_t producer_epoch = 0;
    std::int32_t sequence = 0;
    bool transactional = false;
    Offset base_offset = 0;
    LeaderEpoch leader_epoch = -1;
    record::CompressionType compression = record::CompressionType::none;
    std::string tag = "v";  // first bytes of every value
};

inline Bytes make_batch(const TestBatch& batch) {
    bool has_producer = batch.producer_id >= 0;
    record::BatchBuilder builder({.base_offset = batch.base_offset,
                                  .leader_epoch = batch.leader_epoch,
                                  .compression = batch.compression,
                                  .producer_id = batch.producer_id,
                                  .producer_epoch = has_producer ? batch.producer_epoch : record::kNoProducerEpoch,
                                  .base_sequence = has_producer ? batch.sequence : record::kNoSequence,
                                  .transactional = batch.transactional});
    for (std::int32_t i = 0; i < batch.records; ++i) {
        std::string value = fmt::format("{}.{}", batch.tag, i);
        value.resize(std::max(value.size(), batch.value_bytes), '.');
        builder.add(batch.timestamp + i, std::nullopt, base::as_bytes(value));
    }
    return builder.finish();
}

struct StoredRecord {
    Offset offset = 0;
    std::string value;

    friend bool operator==(const StoredRecord&, const StoredRecord&) = default;
    friend void PrintTo(const StoredRecord& r, std::ostream* out) { *out << r.offset << "=" << r.value.substr(0, 12); }
};

// The records of [from, limit), read slice by slice.
inline Result<std::vector<StoredRecord>> read_records(PartitionLog& log, Offset from, Offset limit, std::size_t max_bytes = 1 << 20) {
    std::vector<StoredRecord> found;
    while (from < limit) {
        TL_TRY(slice, log.read(from, max_bytes, limit, true));
        if (slice.is_empty()) {
            break;
        }
        Bytes bytes(slice.size);
        TL_TRY(got, slice.file->read_at(slice.position, bytes));
        EXPECT_EQ(got, slice.size);
        TL_TRY(batches, record::split_batches(bytes));
        for (const record::BatchView& batch : batches) {
            EXPECT_TRUE(batch.crc_is_valid());
            if (batch.header.is_control()) {
                continue;
            }
            TL_TRY(list, record::read_all_records(batch, 1 << 26));
            for (const record::Record& each : list.records) {
                if (each.offset >= from && each.offset < limit) {
                    found.push_back({each.offset, std::string(base::as_text(*each.value))});
                }
            }
        }
        EXPECT_GT(slice.next_offset, from);
        from = slice.next_offset;
    }
    return found;
}

// One partition on a disk of its own.
class LogTest : public testing::Test {
protected:
    static constexpr std::int64_t kNow = 1'700'000'000'000;

    void open(OpenState state = {}) {
        log_.reset();
        cache_ = std::make_unique<FileCache>(disk_.files(), 16);
        auto opened = PartitionLog::open(*cache_, directory(), "orders-3", config_, state, producers_, kNow);
        ASSERT_TRUE(opened) << base::to_string(opened.error());
        log_ = std::move(*opened);
    }
    void reopen_clean() {
        auto closed = log_->close();
        ASSERT_TRUE(closed) << base::to_string(closed.error());
        Offset start = log_->log_start_offset();
        open({.log_start_offset = start, .recovery_point = log_->next_offset(), .clean_shutdown = true});
    }
    // As after kill -9: nothing was closed, the page cache is still there.
    void reopen_unclean(Offset recovery_point = 0) {
        Offset start = log_->log_start_offset();
        log_.reset();
        open({.log_start_offset = start, .recovery_point = recovery_point});
    }

    // A client's transactional batch comes with a guard, as if its transaction was known to be open.
    Result<AppendInfo> append(const TestBatch& batch, AppendOptions options = {.now_ms = kNow}) {
        if (batch.transactional && options.origin == AppendOrigin::client && options.guard == kNoGuard) {
            TL_TRY(guard, log_->begin_verification({.producer_id = batch.producer_id,
                                                    .producer_epoch = batch.producer_epoch,
                                                    .base_sequence = batch.sequence,
                                                    .now_ms = options.now_ms}));
            options.guard = guard;
        }
        return log_->append(make_batch(batch), options);
    }
    // Appends that must succeed; returns the base offset.
    Offset put(const TestBatch& batch, AppendOptions options = {.now_ms = kNow}) {
        auto info = append(batch, options);
        EXPECT_TRUE(info) << base::to_string(info.error());
        return info ? info->base_offset : kNoOffset;
    }
    Result<AppendInfo> end_transaction(std::int64_t producer_id, bool commit, std::int16_t epoch = 0, std::int32_t coordinator_epoch = 1,
                                       std::int16_t transaction_version = 0) {
        auto type = commit ? record::ControlType::commit : record::ControlType::abort;
        Bytes marker = record::build_marker_batch({.timestamp = kNow,
                                                   .producer_id = producer_id,
                                                   .producer_epoch = epoch,
                                                   .marker = {.type = type, .coordinator_epoch = coordinator_epoch}});
        return log_->append(marker, {.origin = AppendOrigin::coordinator, .now_ms = kNow, .transaction_version = transaction_version});
    }
    void flush() {
        auto plan = log_->begin_flush();
        ASSERT_TRUE(plan);
        log_->finish_flush(*plan, run_flush(disk_.files(), *plan));
    }
    std::vector<StoredRecord> records() {
        auto found = read_records(*log_, log_->log_start_offset(), log_->next_offset());
        EXPECT_TRUE(found) << base::to_string(found.error());
        return found ? *found : std::vector<StoredRecord>{};
    }
    std::vector<Offset> offsets() {
        std::vector<Offset> found;
        for (const StoredRecord& each : records()) {
            found.push_back(each.offset);
        }
        return found;
    }
    std::string directory() const { return "/data/orders-3"; }
    std::string path(std::string_view name) const { return fmt::format("{}/{}", directory(), name); }
    std::vector<std::string> names() {
        std::vector<std::string> found;
        for (const auto& entry : *disk_.files().list(directory())) {
            found.push_back(entry.name);
        }
        return found;
    }

    TestDisk disk_;
    LogConfig config_;
    ProducerStateConfig producers_;
    std::unique_ptr<FileCache> cache_;
    std::unique_ptr<PartitionLog> log_;
};

}  // namespace tideline::log
