// Whatever stands in the files of a partition: the broker opens it or refuses it, hands out no record that was not appended,
// and does not die.
#include <gtest/gtest.h>

#include "base/log.h"
#include "log/checkpoint_file.h"
#include "log/segment.h"
#include "log/test_support.h"

namespace tideline::log {
namespace {

class Damage : public LogTest {
protected:
    Damage() { base::set_log_sink([](base::LogLevel, std::string_view) {}); }
    ~Damage() override { base::set_log_sink({}); }

    std::uint64_t below(std::uint64_t bound) {
        state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
        return (state_ >> 33) % bound;
    }

    void fill() {
        disk_.wipe();
        config_.segment_bytes = 1500;
        config_.index_interval_bytes = 100;
        open();
        for (std::int32_t i = 0; i < 40; ++i) {
            put({.records = 2, .value_bytes = 30, .timestamp = kNow + i, .producer_id = 4, .sequence = 2 * i}, {.leader_epoch = i / 15, .now_ms = kNow});
        }
        expected_ = records();
        ASSERT_TRUE(log_->close());
        log_.reset();
    }

    void damage_one_file() {
        std::vector<std::string> all = names();
        std::string victim = path(all[below(all.size())]);
        auto file = disk_.files().open(victim, runtime::OpenMode::read_write);
        ASSERT_TRUE(file);
        std::uint64_t size = *(*file)->size();
        std::uint64_t at = below(size + 1);
        switch (below(5)) {
            case 0: ASSERT_TRUE((*file)->truncate(at)); break;
            case 1: ASSERT_TRUE(disk_.files().remove_file(victim)); break;
            case 2: {
                Bytes garbage(1 + below(80));
                for (std::uint8_t& byte : garbage) {
                    byte = static_cast<std::uint8_t>(below(256));
                }
                ASSERT_TRUE((*file)->write_at(at, garbage));
                break;
            }
            default:
                if (size > 0) {
                    ASSERT_TRUE(disk_.files().flip_stored_bit(victim, below(size), static_cast<unsigned>(below(8))));
                }
        }
    }

    // What a reader gets that skips what it is refused. A batch with a wrong checksum is the client's to refuse.
    std::vector<StoredRecord> read_what_is_there() {
        std::vector<StoredRecord> found;
        for (Offset at = log_->log_start_offset(); at < log_->next_offset();) {
            auto slice = log_->read(at, 300, log_->next_offset(), true);
            if (!slice || slice->is_empty() || slice->next_offset <= at) {
                ++at;
                continue;
            }
            Bytes bytes(slice->size);
            EXPECT_EQ(*slice->file->read_at(slice->position, bytes), bytes.size());
            auto batches = record::split_batches(bytes);
            for (std::size_t i = 0; batches && i < batches->size(); ++i) {
                const record::BatchView& batch = (*batches)[i];
                if (!batch.crc_is_valid()) {
                    continue;
                }
                auto list = record::read_all_records(batch, 1 << 20);
                for (const record::Record& each : list->records) {
                    found.push_back({each.offset, std::string(base::as_text(*each.value))});
                }
            }
            at = slice->next_offset;
        }
        return found;
    }

    std::uint64_t state_ = 0;
    std::vector<StoredRecord> expected_;
};

TEST_F(Damage, OfAnyFileIsSurvived) {
    for (std::uint64_t seed = 1; seed <= 600 && !HasFatalFailure(); ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        state_ = seed;
        fill();
        damage_one_file();
        cache_ = std::make_unique<FileCache>(disk_.files(), 16);
        OpenState state{.recovery_point = static_cast<Offset>(below(81)), .clean_shutdown = below(2) == 0};
        auto opened = PartitionLog::open(*cache_, directory(), "orders-3", config_, state, producers_, kNow);
        if (!opened) {
            continue;  // refused with a reason
        }
        log_ = std::move(*opened);
        std::vector<StoredRecord> found = read_what_is_there();
        for (const StoredRecord& each : found) {
            ASSERT_TRUE(std::ranges::find(expected_, each) != expected_.end()) << each.offset;
        }
        (void)log_->offset_for_timestamp(kNow + 20);
        (void)log_->offset_of_max_timestamp();
        Offset base = log_->next_offset();
        for (int i = 0; i < 5; ++i) {  // enough for entries of both indexes
            auto info = append({.value_bytes = 120, .timestamp = kNow + 100 + i, .tag = "new"});
            ASSERT_TRUE(info) << base::to_string(info.error());
            ASSERT_EQ(info->base_offset, base + i);
        }
        auto back = read_records(*log_, base, base + 5);
        ASSERT_TRUE(back && back->size() == 5);
        (void)log_->truncate_to(base / 2);
        (void)log_->close();
        log_.reset();
    }
}

// No checksum covers a base offset.
class ForeignOffsets : public Damage {
protected:
    // Ten batches of one size and one record, from `first` on, of which one then says that it starts at `base`.
    void fill_and_change(std::size_t nth, Offset base, Offset first = 0) {
        open({.log_start_offset = first});
        for (std::int32_t i = 0; i < 10; ++i) {
            put({.value_bytes = 30}, {.leader_epoch = 0, .now_ms = kNow});
        }
        std::string name = segment_path(directory(), first, kLogSuffix);
        batch_bytes_ = runtime::read_file(disk_.files(), name)->size() / 10;
        auto file = disk_.files().open(name, runtime::OpenMode::read_write);
        Bytes header(record::kBatchHeaderBytes);
        ASSERT_TRUE(file && (*file)->read_at(nth * batch_bytes_, header));
        record::set_base_offset(header, base);
        ASSERT_TRUE((*file)->write_at(nth * batch_bytes_, header));
    }
    // Nine would fit.
    void expect_first_read_to_end_before_the_sixth() {
        auto slice = log_->read(0, 9 * batch_bytes_, 10, true);
        ASSERT_TRUE(slice) << base::to_string(slice.error());
        EXPECT_EQ(slice->size, 5 * batch_bytes_);
        EXPECT_EQ(slice->next_offset, 5);
    }

    std::size_t batch_bytes_ = 0;
};

TEST_F(ForeignOffsets, ThatGoBackEndARead) {
    fill_and_change(5, 2);
    expect_first_read_to_end_before_the_sixth();
}

TEST_F(ForeignOffsets, ThatGoTooFarEndARead) {
    fill_and_change(5, 7'000);
    expect_first_read_to_end_before_the_sixth();
    EXPECT_EQ(log_->read(5, batch_bytes_, 10, true).error().code, ErrorCode::corrupt_message);
}

TEST_F(ForeignOffsets, AreNoPlaceToGoOnFrom) {
    config_.index_interval_bytes = 1;
    fill_and_change(5, 7'000);
    auto slice = log_->read(0, 5 * batch_bytes_, 10, true);
    ASSERT_TRUE(slice);
    EXPECT_EQ(slice->size, 5 * batch_bytes_);
    EXPECT_EQ(slice->next_offset, 5);
}

TEST_F(ForeignOffsets, DoNotOutliveATruncation) {
    config_.index_interval_bytes = 1;
    fill_and_change(7, 7'000);
    ASSERT_TRUE(log_->truncate_to(8));
    EXPECT_EQ(log_->next_offset(), 7);
    reopen_clean();
    EXPECT_EQ(log_->next_offset(), 7);
    EXPECT_EQ(put({}), 7);
}

TEST_F(ForeignOffsets, LeaveNoGapBehindATruncationThatMeetsThem) {
    fill_and_change(4, 7'000);  // no index entry leads past it to the batch of the offset
    ASSERT_TRUE(log_->truncate_to(8));
    EXPECT_EQ(log_->next_offset(), 4);
    reopen_clean();
    EXPECT_EQ(log_->next_offset(), 4);
    EXPECT_EQ(put({}), 4);
}

TEST_F(ForeignOffsets, BeforeTheSegmentAreInNoIndexAfterATruncation) {
    fill_and_change(0, 50, 100);
    ASSERT_TRUE(log_->truncate_to(101));
    reopen_clean();
    EXPECT_EQ(put({}), 100);
}

TEST_F(ForeignOffsets, ThatNoLogHasAreDamage) {
    for (Offset base : {Offset{-5}, std::numeric_limits<Offset>::max()}) {
        disk_.wipe();
        fill_and_change(5, base);
        reopen_unclean(10);
        EXPECT_EQ(log_->next_offset(), 10);
        EXPECT_EQ(log_->read(5, 1'000, 10, true).error().code, ErrorCode::corrupt_message);
        log_.reset();
    }
}

TEST_F(Damage, ATruncationInsideItOrBehindItTakesAllOfIt) {
    for (Offset cut : {1, 2}) {
        fill();
        std::vector<std::string> logs = names();
        std::erase_if(logs, [](const std::string& name) { return !name.ends_with(".log"); });
        ASSERT_GE(logs.size(), 2u);
        std::string victim = path(logs[1]);
        auto content = runtime::read_file(disk_.files(), victim);
        ASSERT_TRUE(content);
        auto batches = record::split_batches(*content);
        ASSERT_TRUE(batches && batches->size() > 3);
        std::size_t position = (*batches)[0].bytes.size();
        Offset damaged = (*batches)[1].header.base_offset;
        ASSERT_TRUE(disk_.files().flip_stored_bit(victim, position + record::kBatchHeaderBytes + 3, 0));
        open({.recovery_point = damaged + 4});
        ASSERT_TRUE(log_->truncate_to(damaged + cut));
        EXPECT_EQ(log_->next_offset(), damaged);
        reopen_clean();
        EXPECT_EQ(log_->next_offset(), damaged);
        log_.reset();
    }
}

}  // namespace
}  // namespace tideline::log
