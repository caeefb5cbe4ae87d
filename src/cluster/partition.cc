#include "cluster/partition.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/reach.h"

namespace tideline::cluster {

using base::fail;
using base::Result;
using runtime::Task;

namespace {

// Expired waiters are swept when the list has grown past this.
constexpr std::size_t kWaitersBeforeSweep = 64;
// How long records may be appended that nobody waits for.
constexpr std::chrono::seconds kUnawaitedMax{1};
// How soon a flush that could not begin is tried again.
constexpr std::chrono::milliseconds kFlushRetry{100};

}  // namespace

std::string to_string(const TopicPartition& id) { return fmt::format("{}-{}", id.topic, id.partition); }

void DataWaiter::signal(const std::shared_ptr<DataWaiter>& waiter, runtime::Shard& from) {
    if (&waiter->home_ == &from) {
        waiter->event_.set();
        return;
    }
    waiter->home_.run_here([waiter] { waiter->event_.set(); });
}

Partition::Partition(runtime::Shard& shard, TopicPartition id, base::Uuid topic_id, LogDir& directory, FirstFlushes& first_flushes,
                     std::unique_ptr<log::PartitionLog> log, Durability durability, Offset high_watermark, std::int32_t leader_epoch)
    : shard_(shard),
      id_(std::move(id)),
      topic_id_(topic_id),
      directory_(directory),
      first_flushes_(first_flushes),
      log_(std::move(log)),
      durability_(durability),
      high_watermark_(std::clamp(high_watermark, log_->log_start_offset(), log_->next_offset())),
      leader_epoch_(leader_epoch),
      progress_(shard),
      tasks_(shard) {
    // What recovery kept is durable, and this replica is the whole in-sync set.
    advance_high_watermark();
    read_limit(Isolation::read_committed);  // the log remembers each transaction that recovery saw end until then, see there
}

Offset Partition::read_limit(Isolation isolation) {
    return isolation == Isolation::read_committed ? log_->last_stable_offset(high_watermark_) : high_watermark_;
}

void Partition::lead(std::int32_t leader_epoch) {
    leader_epoch_ = leader_epoch;
    if (auto assigned = log_->assign_epoch(leader_epoch, log_->next_offset()); !assigned) {
        directory_.fail("leader epoch could not be recorded", assigned.error());
    }
}

Result<> Partition::check_epoch(std::int32_t current_leader_epoch) const {
    if (current_leader_epoch < 0 || current_leader_epoch == leader_epoch_) {
        return {};
    }
    return current_leader_epoch < leader_epoch_
               ? fail(ErrorCode::fenced_leader_epoch, "the client's leader epoch is older", current_leader_epoch)
               : fail(ErrorCode::unknown_leader_epoch, "the client's leader epoch is newer", current_leader_epoch);
}

Result<> Partition::check_online() const {
    if (closing_) {
        return fail(ErrorCode::not_leader_or_follower, "partition is being closed");
    }
    return is_failed() ? fail(ErrorCode::kafka_storage_error, "partition is offline") : Result<>{};
}

Result<log::AppendInfo> Partition::append_as(base::ByteView batch, log::AppendOptions options, FlushBegins flush) {
    TL_TRY_VOID(check_online());
    options.leader_epoch = leader_epoch_;
    Offset active_before = log_->active_base();
    auto appended = log_->append(batch, options);
    if (!appended) {
        if (log_->is_failed()) {
            directory_.fail("append failed", appended.error());
        }
        return appended;
    }
    if (appended->is_duplicate) {
        return appended;
    }
    if (log_->unflushed_records() == appended->last_offset - appended->base_offset + 1) {
        oldest_unflushed_ = shard_.now();
    }
    if (durability_ == Durability::fsync) {
        if (flush == FlushBegins::at_once) {
            request_flush();
        }
    } else if (log_->unflushed_records() >= log_->config().flush_messages) {
        must_flush_to_ = log_->next_offset();
        request_flush();
    } else if (log_->active_base() != active_before) {
        request_flush();  // nobody waits for it, but after a kill sealed segments shall not be scanned again
    }
    advance_high_watermark();
    return appended;
}

bool Partition::is_acknowledged(Offset end) const {
    return high_watermark_ >= end && log_->durable_offset() >= std::min(end, must_flush_to_);
}

Task<Result<>> Partition::wait_acknowledged(Offset end, runtime::Instant deadline) {
    if (durability_ == Durability::fsync && !is_acknowledged(end)) {
        request_flush();
    }
    ++acknowledgements_waiting_;
    bool in_time = true;
    while (in_time && !is_failed() && !is_acknowledged(end)) {
        in_time = co_await progress_.wait_until(deadline);
    }
    --acknowledgements_waiting_;
    if (is_acknowledged(end)) {
        co_return Result<>{};
    }
    if (auto online = check_online(); !online) {
        co_return online;
    }
    co_return fail(ErrorCode::request_timed_out, "the disk took longer than the request's timeout");
}

Result<log::FetchSlice> Partition::read(Offset from, std::size_t max_bytes, Isolation isolation, bool at_least_one_batch) {
    TL_TRY_VOID(check_online());
    return log_->read(from, max_bytes, read_limit(isolation), at_least_one_batch);
}

void Partition::add_waiter(std::weak_ptr<DataWaiter> waiter, Isolation isolation) {
    if (is_failed()) {
        if (auto live = waiter.lock()) {
            DataWaiter::signal(live, shard_);
        }
        return;
    }
    auto& waiters = isolation == Isolation::read_committed ? committed_waiters_ : waiters_;
    if (isolation == Isolation::read_committed && committed_waiters_.empty()) {
        stable_when_parked_ = read_limit(Isolation::read_committed);
    }
    // A fetch may name one partition many times, and comes again whenever it was woken for nothing.
    if (!waiters.empty() && !waiters.back().owner_before(waiter) && !waiter.owner_before(waiters.back())) {
        return;
    }
    if (waiters.size() >= kWaitersBeforeSweep && waiters.size() == waiters.capacity()) {
        std::erase_if(waiters, [](const auto& each) { return each.expired(); });
    }
    waiters.push_back(std::move(waiter));
}

Result<Offset> Partition::delete_records_before(Offset offset) {
    TL_TRY_VOID(check_online());
    Offset target = offset == -1 ? high_watermark_ : offset;
    if (target < 0 || target > high_watermark_) {
        return fail(ErrorCode::offset_out_of_range, "beyond the high watermark", target);
    }
    TL_TRY_VOID(log_->delete_records_before(target));
    return log_->log_start_offset();
}

void Partition::flush_if_due(runtime::Instant now) {
    if (is_failed() || log_->unflushed_records() == 0) {
        return;
    }
    std::int64_t flush_ms = log_->config().flush_ms;
    bool is_due = flush_ms != log::kUnlimited && now - oldest_unflushed_ >= std::chrono::milliseconds(flush_ms);
    if (is_due || (durability_ == Durability::fsync && now - oldest_unflushed_ >= kUnawaitedMax)) {
        request_flush();
    }
}

void Partition::request_flush() {
    if (!flushing_ && !closing_) {
        flushing_ = true;
        tasks_.spawn(flush_until_clean());
    }
}

Task<void> Partition::flush_until_clean() {
    // Requests handled in the same turn of the loop append first and share this flush.
    co_await runtime::yield_now(shard_);
    for (bool was_said = false; !is_failed();) {
        auto plan = log_->begin_flush();
        if (!plan && log_->is_failed()) {
            directory_.fail("flush could not start", plan.error());
            break;
        }
        if (!plan) {
            // Descriptors are short, for one. Nothing was begun, so nothing is lost yet; and if nobody came again, whoever waits for these
            // records would wait for ever: a producer's retry is a repetition, which appends nothing.
            if (!std::exchange(was_said, true)) {
                TL_LOG_WARN("flush_put_off", {"partition", to_string(id_)}, {"error", base::to_string(plan.error())});
            }
            co_await progress_.wait_until(shard_.now() + kFlushRetry);
            continue;
        }
        if (plan->is_empty()) {
            break;
        }
        auto outcome = co_await run_flush(*plan);
        oldest_unflushed_ = shard_.now();
        log_->finish_flush(*plan, outcome);
        if (!outcome && !log_->is_failed()) {
            // Space or descriptors are short, and nothing was synced.
            if (!std::exchange(was_said, true)) {
                TL_LOG_WARN("flush_put_off", {"partition", to_string(id_)}, {"error", base::to_string(outcome.error())});
            }
            co_await progress_.wait_until(shard_.now() + kFlushRetry);
            continue;
        }
        if (!outcome) {
            // The kernel has forgotten the dirty pages: trying again would answer "durable" for what is lost.
            directory_.fail("flush failed", outcome.error());
            break;
        }
        advance_high_watermark();
        if (durability_ == Durability::replicated) {
            wake_everybody();  // the high watermark was there already; acknowledgements wait for the disk
        }
        bool more_wanted = durability_ == Durability::fsync && log_->unflushed_records() > 0;
        if (!more_wanted && log_->durable_offset() >= must_flush_to_) {
            break;
        }
    }
    flushing_ = false;
    if (is_failed()) {
        wake_everybody();
    }
}

Task<Result<>> Partition::run_flush(log::FlushPlan& plan) {
    if (plan.is_first) {
        co_return co_await first_flushes_.run(plan);
    }
    runtime::FileSystem& files = shard_.files();
    co_return co_await runtime::offload(shard_, [&files, &plan] { return log::run_flush(files, plan); });
}

void Partition::advance_high_watermark() {
    Offset committed = durability_ == Durability::fsync ? log_->durable_offset() : log_->next_offset();
    if (committed <= high_watermark_) {
        return;
    }
    high_watermark_ = committed;
    progress_.set();
    progress_.reset();
    wake_readers(waiters_);
    // Asked for even if nobody waits: the log remembers each transaction that has ended until it hears that the high watermark is past
    // its marker, and in __consumer_offsets nobody ever reads.
    Offset stable = read_limit(Isolation::read_committed);
    // Records of an open transaction are nothing that these would get to see.
    if (!committed_waiters_.empty() && stable != stable_when_parked_) {
        wake_readers(committed_waiters_);
    }
}

void Partition::wake_everybody() {
    progress_.set();
    progress_.reset();
    wake_readers(waiters_);
    wake_readers(committed_waiters_);
}

void Partition::wake_readers(std::vector<std::weak_ptr<DataWaiter>>& waiters) {
    if (waiters.empty()) {
        return;
    }
    std::vector<std::weak_ptr<DataWaiter>> woken = std::move(waiters);
    waiters.clear();
    for (const auto& each : woken) {
        if (auto waiter = each.lock()) {
            DataWaiter::signal(waiter, shard_);
        }
    }
}

Task<void> Partition::quiesce() {
    closing_ = true;
    wake_everybody();
    while (acknowledgements_waiting_ > 0) {
        co_await runtime::yield_now(shard_);
    }
    co_await tasks_.join();
}

Task<std::vector<Result<>>> Partition::close(runtime::Shard& shard, std::vector<Partition*> partitions) {
    std::vector<Result<>> outcomes(partitions.size());
    std::vector<log::PartitionLog*> logs;
    for (std::size_t at = 0; at < partitions.size(); ++at) {
        Partition& each = *partitions[at];
        if (each.log_->is_failed() || each.directory_.is_failed()) {
            each.log_->abandon();
            outcomes[at] = fail(ErrorCode::kafka_storage_error, "log directory is offline");
        } else {
            logs.push_back(each.log_.get());
        }
    }
    auto closed = co_await runtime::offload(shard, [&logs] { return log::PartitionLog::close_together(logs); });
    auto next = closed.begin();
    for (Result<>& outcome : outcomes) {
        if (outcome) {
            outcome = *next++;
        }
    }
    co_return outcomes;
}

Task<void> Partition::abandon() {
    co_await quiesce();
    log_->abandon();
}

}  // namespace tideline::cluster
