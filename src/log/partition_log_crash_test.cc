// Power loss at every operation of short scripts, under every policy of the simulated disk: what was acknowledged by a flush
// is there, the log is a prefix of what was appended, and a second crash during recovery changes none of it.
#include <gtest/gtest.h>

#include "base/log.h"
#include "log/checkpoint_file.h"
#include "log/test_support.h"

namespace tideline::log {
namespace {

using runtime::sim::CrashPolicy;

// Letters of a script. The driver does what the broker does: it checkpoints, and it trusts a marker only once.
//   a append   p append of a producer   A transaction aborted   f flush   c checkpoint   t truncate   d delete old segments
//   o append of a transaction that stays open   C, B its commit, its abort
//   x close cleanly and start again   k kill the process and start again
class CrashTest : public LogTest {
protected:
    static constexpr std::string_view kRecoveryPath = "/data/recovery-point-offset-checkpoint";
    static constexpr std::string_view kStartPath = "/data/log-start-offset-checkpoint";

    CrashTest() {
        config_.segment_bytes = 400;
        config_.index_interval_bytes = 100;
        config_.retention_bytes = 500;
        base::set_log_sink([](base::LogLevel, std::string_view) {});
    }
    ~CrashTest() override { base::set_log_sink({}); }

    // A batch or a marker of a transaction.
    struct Step {
        std::int64_t producer_id;
        bool is_marker;
    };

    // What the test knows, and a crash does not change.
    struct Promise {
        std::vector<StoredRecord> history;                     // everything appended, markers with an empty value
        std::optional<std::vector<StoredRecord>> other_history;  // before a truncation that has not returned yet
        std::vector<AbortedTransaction> aborted;
        std::map<Offset, Step> transactional;
        Offset acknowledged = 0;  // everything before it
        Offset start_at_least = 0;
        Offset start_at_most = 0;
    };

    Result<> start() {
        runtime::FileSystem& files = disk_.files();
        cache_ = std::make_unique<FileCache>(files, 8);
        TL_TRY(recovery_points, read_offset_checkpoint(files, kRecoveryPath));
        TL_TRY(starts, read_offset_checkpoint(files, kStartPath));
        TL_TRY(marker, read_clean_shutdown(files, "/data"));
        TL_TRY_VOID(remove_clean_shutdown(files, "/data"));
        OpenState state{.log_start_offset = starts[{"orders", 3}],
                        .recovery_point = recovery_points[{"orders", 3}],
                        .clean_shutdown = marker.has_value(),
                        .topic_id = base::Uuid{1, 2}};
        TL_TRY(opened, PartitionLog::open(*cache_, directory(), "orders-3", config_, state, producers_, kNow));
        log_ = std::move(opened);
        return state.recovery_point > log_->durable_offset() ? checkpoint() : Result<>();
    }

    Result<> checkpoint() {
        runtime::FileSystem& files = disk_.files();
        TL_TRY_VOID(write_offset_checkpoint(files, kRecoveryPath, {{{"orders", 3}, log_->durable_offset()}}));
        return write_offset_checkpoint(files, kStartPath, {{{"orders", 3}, log_->log_start_offset()}});
    }

    std::int32_t next_sequence(std::int64_t producer_id) const {
        const ProducerEntry* entry = log_->producers().find(producer_id);
        return entry == nullptr ? 0 : entry->last_sequence() + 1;
    }

    Result<> append_record(Promise& promise, const TestBatch& batch) {
        // On error it may still be found later: the machine died, nobody was told anything.
        promise.history.push_back({log_->next_offset(), fmt::format("{}.0", batch.tag)});
        TL_TRY(info, append(batch, {.leader_epoch = epoch_, .now_ms = kNow}));
        EXPECT_EQ(info.base_offset, promise.history.back().offset);
        return {};
    }

    Result<> do_flush(Promise& promise) {
        TL_TRY(plan, log_->begin_flush());
        Result<> outcome = run_flush(disk_.files(), plan);
        log_->finish_flush(plan, outcome);
        promise.acknowledged = std::max(promise.acknowledged, log_->durable_offset());
        return outcome;
    }

    Result<> abort_transaction(Promise& promise) {
        Offset first = log_->next_offset();
        promise.transactional[first] = {77, false};
        promise.transactional[first + 1] = {77, true};
        TL_TRY_VOID(append_record(promise, {.producer_id = 77, .sequence = next_sequence(77), .transactional = true, .tag = "T"}));
        promise.history.push_back({first + 1, ""});
        promise.aborted.push_back({77, first, first + 1, first + 2});
        Bytes marker = record::build_marker_batch(
            {.timestamp = kNow, .producer_id = 77, .producer_epoch = 0, .marker = {record::ControlType::abort, 1}});
        TL_TRY(info, log_->append(marker, {.origin = AppendOrigin::coordinator, .leader_epoch = epoch_, .now_ms = kNow, .transaction_version = 0}));
        (void)info;
        return {};
    }

    static constexpr std::int64_t kOpenProducer = 88;

    Result<> append_to_open(Promise& promise) {
        promise.transactional[log_->next_offset()] = {kOpenProducer, false};
        return append_record(promise, {.value_bytes = 4,
                                       .producer_id = kOpenProducer,
                                       .sequence = next_sequence(kOpenProducer),
                                       .transactional = true,
                                       .tag = "O"});
    }

    Result<> end_open(Promise& promise, bool commit) {
        Offset at = log_->next_offset();
        auto first = first_open(promise, at);
        if (!commit && first) {
            promise.aborted.push_back({kOpenProducer, *first, at, at + 1});
        }
        promise.transactional[at] = {kOpenProducer, true};
        promise.history.push_back({at, ""});
        TL_TRY(info, end_transaction(kOpenProducer, commit));
        (void)info;
        return {};
    }

    // Where the oldest open transaction of a log that ends at `end` begins.
    static std::optional<Offset> first_open(const Promise& promise, Offset end) {
        std::map<std::int64_t, Offset> open;
        for (const auto& [at, step] : promise.transactional) {
            if (at >= end) {
                break;
            }
            if (step.is_marker) {
                open.erase(step.producer_id);
            } else {
                open.emplace(step.producer_id, at);
            }
        }
        auto oldest = std::ranges::min_element(open, {}, [](const auto& each) { return each.second; });
        return oldest == open.end() ? std::optional<Offset>() : oldest->second;
    }

    Result<> truncate(Promise& promise) {
        Offset to = std::max(log_->log_start_offset(), log_->next_offset() - 3);
        promise.other_history = promise.history;
        promise.acknowledged = std::min(promise.acknowledged, to);
        std::erase_if(promise.history, [&](const StoredRecord& each) { return each.offset >= to; });
        std::erase_if(promise.aborted, [&](const AbortedTransaction& each) { return each.last_offset >= to; });
        std::erase_if(promise.transactional, [&](const auto& each) { return each.first >= to; });
        TL_TRY(done, log_->truncate_to(to));
        (void)done;
        promise.other_history.reset();
        ++epoch_;
        return checkpoint();
    }

    Result<> delete_old(Promise& promise) {
        Offset limit = log_->durable_offset();
        TL_TRY(deleted, log_->delete_old_segments(limit, kNow));
        promise.start_at_most = std::max(promise.start_at_most, deleted.log_start_offset);
        TL_TRY_VOID(checkpoint());
        promise.start_at_least = promise.start_at_most;
        TL_TRY_VOID(PartitionLog::mark_deleted(disk_.files(), deleted));
        return PartitionLog::remove_files(disk_.files(), deleted);
    }

    Result<> stop_and_start(Promise& promise) {
        TL_TRY_VOID(log_->close());
        promise.acknowledged = promise.history.empty() ? 0 : promise.history.back().offset + 1;
        TL_TRY_VOID(checkpoint());
        log_.reset();
        TL_TRY_VOID(write_clean_shutdown(disk_.files(), "/data", {}));
        return start();
    }

    Result<> step(char letter, Promise& promise) {
        switch (letter) {
            case 'a': return append_record(promise, {.value_bytes = 4, .tag = fmt::format("r{}", counter_++)});
            case 'p': return append_record(promise, {.value_bytes = 4, .producer_id = 5, .sequence = next_sequence(5), .tag = fmt::format("p{}", counter_++)});
            case 'A': return abort_transaction(promise);
            case 'o': return append_to_open(promise);
            case 'C': return end_open(promise, true);
            case 'B': return end_open(promise, false);
            case 'f': return do_flush(promise);
            case 'c': return checkpoint();
            case 't': return truncate(promise);
            case 'd': return delete_old(promise);
            case 'x': return stop_and_start(promise);
            case 'k':
                log_.reset();
                return start();
            default: return base::fail(ErrorCode::unknown_server_error);
        }
    }

    // Runs the script until its end or until the power goes.
    Promise run_script(std::string_view script) {
        Promise promise;
        counter_ = 0;
        epoch_ = 0;
        Result<> outcome = start();
        for (std::size_t at = 0; outcome && at < script.size(); ++at) {
            outcome = step(script[at], promise);
        }
        EXPECT_TRUE(outcome || disk_.files().power_is_cut()) << base::to_string(outcome.error());
        return promise;
    }

    static bool is_prefix(const std::vector<StoredRecord>& found, const std::vector<StoredRecord>& history, Offset start) {
        std::size_t at = 0;
        while (at < history.size() && history[at].offset < start) {
            ++at;
        }
        for (const StoredRecord& each : found) {
            while (at < history.size() && history[at].value.empty()) {
                ++at;  // markers are not handed to readers
            }
            if (at == history.size() || history[at].offset != each.offset || !each.value.starts_with(history[at].value)) {
                return false;
            }
            ++at;
        }
        return true;
    }

    void check(const Promise& promise) {
        ASSERT_FALSE(log_->is_failed());
        ASSERT_GE(log_->log_start_offset(), promise.start_at_least);
        ASSERT_LE(log_->log_start_offset(), promise.start_at_most);
        ASSERT_GE(log_->next_offset(), promise.acknowledged);
        ASSERT_EQ(log_->durable_offset(), log_->next_offset());
        std::vector<StoredRecord> found = records();
        ASSERT_TRUE(is_prefix(found, promise.history, log_->log_start_offset()) ||
                    (promise.other_history && is_prefix(found, *promise.other_history, log_->log_start_offset())))
            << testing::PrintToString(found) << "\n is no prefix of\n" << testing::PrintToString(promise.history);
        for (const AbortedTransaction& each : promise.aborted) {
            if (each.last_offset < log_->next_offset() && each.first_offset >= log_->log_start_offset() && !promise.other_history) {
                auto rows = log_->aborted_transactions(log_->log_start_offset(), log_->next_offset());
                ASSERT_TRUE(rows);
                ASSERT_TRUE(std::ranges::find(*rows, each) != rows->end()) << each.first_offset;
            }
        }
        if (!promise.other_history && log_->log_start_offset() == 0) {
            // What was kept is durable, so a marker that is there counts.
            Offset end = log_->next_offset();
            ASSERT_EQ(log_->last_stable_offset(end), first_open(promise, end).value_or(end));
        }
        check_against_rebuild();
    }

    // Indexes, snapshots and the epoch file may be deleted: the log gives the same without them.
    void check_against_rebuild() {
        std::vector<StoredRecord> before = records();
        std::vector<EpochStart> epochs = log_->leader_epochs().entries();
        auto summary = [&] {
            std::string text;
            for (const ProducerEntry& each : log_->producers().entries()) {
                text += fmt::format("{}/{}:{} {} ", each.producer_id, each.producer_epoch, each.last_sequence(), each.transaction_first_offset);
            }
            return text;
        };
        std::string producers = summary();
        std::vector<AbortedTransaction> aborted = *log_->aborted_transactions(log_->log_start_offset(), log_->next_offset());
        Offset stable = log_->last_stable_offset(log_->next_offset());
        Offset start = log_->log_start_offset();
        bool whole = start == 0;  // producers and epochs of deleted records are only in the files
        log_.reset();
        for (const std::string& name : names()) {
            bool is_derived = name.ends_with("index") || (whole && (name.ends_with("snapshot") || name == kLeaderEpochCheckpoint));
            if (is_derived) {
                ASSERT_TRUE(disk_.files().remove_file(path(name)));
            }
        }
        cache_ = std::make_unique<FileCache>(disk_.files(), 8);
        auto opened = PartitionLog::open(*cache_, directory(), "orders-3", config_, {.log_start_offset = start}, producers_, kNow);
        ASSERT_TRUE(opened);
        log_ = std::move(*opened);
        ASSERT_EQ(records(), before);
        ASSERT_EQ(log_->leader_epochs().entries(), epochs);
        ASSERT_EQ(summary(), producers);
        if (whole) {
            ASSERT_EQ(log_->last_stable_offset(log_->next_offset()), stable);
            ASSERT_EQ(*log_->aborted_transactions(start, log_->next_offset()), aborted) << "written live, or rebuilt by recovery";
        }
    }

    void crash_everywhere(std::string_view script) {
        disk_.wipe();
        run_script(script);
        std::uint64_t operations = disk_.files().operations();
        for (std::uint64_t at = 1; at <= operations; ++at) {
            for (CrashPolicy policy : runtime::sim::kCrashPolicies) {
                int seeds = policy == CrashPolicy::keep_subset ? 8 : policy == CrashPolicy::keep_prefix ? 3 : 1;
                for (int seed = 0; seed < seeds; ++seed) {
                    SCOPED_TRACE(fmt::format("{} operation {} policy {} seed {}", script, at, static_cast<int>(policy), seed));
                    crash_once(script, at, policy, static_cast<std::uint64_t>(seed));
                    if (HasFatalFailure() || HasNonfatalFailure()) {
                        return;
                    }
                }
            }
        }
    }

    void crash_once(std::string_view script, std::uint64_t at, CrashPolicy policy, std::uint64_t seed) {
        disk_.wipe();
        disk_.files().crash_after(at);
        Promise promise = run_script(script);
        log_.reset();
        disk_.files().crash(policy, seed);
        // Once more, while the log recovers.
        disk_.files().crash_after(1 + seed * 2 + at % 5);
        (void)start();
        log_.reset();
        disk_.files().crash(policy, seed + 100);
        auto started = start();
        ASSERT_TRUE(started) << base::to_string(started.error());
        std::vector<StoredRecord> found = records();
        // What open() returned is durable, whatever happens next.
        log_.reset();
        disk_.files().crash(CrashPolicy::drop_unsynced, seed);
        started = start();
        ASSERT_TRUE(started) << base::to_string(started.error());
        ASSERT_EQ(records(), found);
        check(promise);
    }

    int counter_ = 0;
    LeaderEpoch epoch_ = 0;
};

TEST_F(CrashTest, AppendsAndFlushes) { crash_everywhere("apfapapfaf"); }
TEST_F(CrashTest, AppendsOverManySegmentsWithCheckpoints) { crash_everywhere("apapafapapapcfapapapapfcapap"); }
TEST_F(CrashTest, AbortedTransactions) { crash_everywhere("aAfpApfcAAaf"); }
TEST_F(CrashTest, OpenTransactionsOverSegments) { crash_everywhere("aofaoapfcaCfoapBfao"); }
TEST_F(CrashTest, OpenTransactionsAndCleanStops) { crash_everywhere("oaxaoCxoafBxo"); }
TEST_F(CrashTest, OpenTransactionsBesideAbortedOnes) { crash_everywhere("oafapaoCafBfao"); }
TEST_F(CrashTest, TruncationOfOpenTransactions) { crash_everywhere("aofaoCafcttofBatfo"); }
TEST_F(CrashTest, CleanStops) { crash_everywhere("apapafxapapxpa"); }
TEST_F(CrashTest, Kills) { crash_everywhere("kafpkaafkapafcpkfapapapcfkaf"); }
TEST_F(CrashTest, Retention) { crash_everywhere("apapapapapfdapapapapfdcap"); }
TEST_F(CrashTest, Truncation) { crash_everywhere("apaaaaaafctaafaaatafcta"); }
TEST_F(CrashTest, TruncationOfTransactionsAndProducers) { crash_everywhere("apAaafcppAtaafxAtaf"); }

// The second segment's name may reach the disk before the first one's, whose flush has begun and not ended.
TEST_F(CrashTest, ALogThatRollsDuringItsFirstFlushStillBeginsAtItsStart) {
    config_.segment_bytes = static_cast<std::int32_t>(make_batch({}).size());
    for (std::uint64_t seed = 0; seed < 64; ++seed) {
        disk_.wipe();
        open();
        put({});
        ASSERT_TRUE(log_->begin_flush());
        put({});
        log_.reset();
        disk_.files().crash(CrashPolicy::keep_subset, seed);
        open();
        ASSERT_EQ(log_->log_start_offset(), 0) << seed;
    }
}

}  // namespace
}  // namespace tideline::log
