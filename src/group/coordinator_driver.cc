#include "group/coordinator_driver.h"

#include "base/log.h"
#include "group/journal_replay.h"

namespace tideline::group {

namespace {

// Small enough that the shard serves others between two slices of a load.
constexpr std::size_t kSliceBytes = std::size_t{256} << 10;
constexpr std::chrono::milliseconds kReloadDelay{200};
constexpr std::chrono::milliseconds kReloadDelayMax{30'000};

}  // namespace

ErrorCode append_error_for_client(ErrorCode code) {
    switch (code) {
        case ErrorCode::unknown_topic_or_partition:
        case ErrorCode::not_enough_replicas:
        case ErrorCode::request_timed_out: return ErrorCode::coordinator_not_available;
        case ErrorCode::not_leader_or_follower:
        case ErrorCode::kafka_storage_error: return ErrorCode::not_coordinator;
        case ErrorCode::message_too_large:
        case ErrorCode::record_list_too_large:
        case ErrorCode::invalid_fetch_size: return ErrorCode::unknown_server_error;
        default: return code;
    }
}

// Lies in the frame of ask().
struct CoordinatorDriver::Waiter {
    explicit Waiter(runtime::Shard& shard) : answered(shard) {}
    std::optional<base::Result<Reply>> reply;
    runtime::Event answered;

    void give(base::Result<Reply> result) {
        reply.emplace(std::move(result));
        answered.set();
    }
};

CoordinatorDriver::CoordinatorDriver(runtime::Shard& shard, Journal& journal, MakeCoordinator make)
    : shard_(shard), journal_(journal), make_(std::move(make)), stopping_(shard), tasks_(shard) {}

CoordinatorDriver::~CoordinatorDriver() { TL_CHECK(state_ == State::idle || state_ == State::stopped); }

void CoordinatorDriver::start() {
    TL_CHECK(state_ == State::idle);
    state_ = State::loading;
    tasks_.spawn(load({}));
}

runtime::Task<void> CoordinatorDriver::stop() {
    state_ = State::stopped;
    let_go_of_coordinator(ErrorCode::not_coordinator);
    stopping_.set();
    co_await tasks_.join();
}

runtime::Task<base::Result<Reply>> CoordinatorDriver::ask(Decide decide) {
    if (state_ != State::active) {
        co_return base::fail(state_ == State::loading ? ErrorCode::coordinator_load_in_progress : ErrorCode::not_coordinator,
                             "the coordinator is not active");
    }
    auto ticket = ++last_ticket_;
    Waiter waiter(shard_);
    waiters_.emplace_hint(waiters_.end(), ticket, &waiter);
    Effects effects;
    decide(*coordinator_, ticket, now(), effects);
    carry_out(effects);
    if (!waiter.reply) {
        co_await waiter.answered.wait();
    }
    co_return std::move(*waiter.reply);
}

void CoordinatorDriver::run(Step step) {
    if (state_ == State::active) {
        Effects effects;
        step(*coordinator_, now(), effects);
        carry_out(effects);
    }
}

void CoordinatorDriver::carry_out(Effects& effects) {
    if (!effects.records.empty()) {
        if (auto appended = append(effects.records); !appended) {
            reload(appended.error());
            return;
        }
    }
    if (!effects.answers.empty()) {
        if (appended_end_ <= durable_end_) {
            release(effects.answers);
        } else {
            held_.push_back({.end = appended_end_, .answers = std::move(effects.answers)});
            if (!releasing_) {
                releasing_ = true;
                // May find at once that nothing becomes durable any more, and let go of the coordinator.
                tasks_.spawn(release_when_durable());
            }
        }
    }
    if (state_ == State::active) {
        arm_timer();
    }
}

base::Result<> CoordinatorDriver::append(const std::vector<Record>& records) {
    auto now_ms = shard_.wall_ms();
    for (const auto& batch : make_batches(records, journal_.batch_bytes_max(), now_ms)) {
        TL_TRY(end, journal_.append(batch, now_ms));
        appended_end_ = end;
    }
    return {};
}

void CoordinatorDriver::release(std::vector<Answer>& answers) {
    for (auto& answer : answers) {
        auto waiter = waiters_.extract(answer.ticket);
        TL_CHECK(!waiter.empty());
        waiter.mapped()->give(std::move(answer.reply));
    }
}

// One task for all that wait: they are released in order, however many a sync makes durable.
runtime::Task<void> CoordinatorDriver::release_when_durable() {
    while (!held_.empty()) {
        auto generation = generation_;
        auto target = held_.back().end;
        auto durable = co_await journal_.wait_durable(target);
        if (generation != generation_) {
            continue;  // those who waited were told; others may have come
        }
        if (!durable && durable.error().code == ErrorCode::request_timed_out) {
            give_up_on(target, durable.error());
            continue;
        }
        if (!durable) {
            reload(durable.error());
            continue;
        }
        durable_end_ = std::max(durable_end_, target);
        while (!held_.empty() && held_.front().end <= durable_end_) {
            release(held_.front().answers);
            held_.pop_front();
        }
    }
    releasing_ = false;
}

// The disk is slow. The records are in the log and the state stands; only whether they are durable cannot be told.
void CoordinatorDriver::give_up_on(std::int64_t end, const base::Error& why) {
    for (; !held_.empty() && held_.front().end <= end; held_.pop_front()) {
        for (const auto& answer : held_.front().answers) {
            auto waiter = waiters_.extract(answer.ticket);
            TL_CHECK(!waiter.empty());
            waiter.mapped()->give(base::fail(append_error_for_client(why.code), "not durable in time"));
        }
    }
}

void CoordinatorDriver::let_go_of_coordinator(ErrorCode code_for_waiters) {
    ++generation_;
    coordinator_.reset();
    held_.clear();
    if (timer_at_ != kNever) {
        shard_.cancel_timer(timer_);
        timer_at_ = kNever;
    }
    for (auto& [ticket, waiter] : waiters_) {
        waiter->give(base::fail(code_for_waiters, "the coordinator was unloaded"));
    }
    waiters_.clear();
}

void CoordinatorDriver::reload(const base::Error& why) {
    if (state_ != State::active) {
        return;
    }
    TL_LOG_WARN("group_coordinator_reloads", {"reason", base::to_string(why)});
    state_ = State::loading;
    let_go_of_coordinator(append_error_for_client(why.code));
    tasks_.spawn(load(kReloadDelay));
}

runtime::Task<void> CoordinatorDriver::load(std::chrono::milliseconds delay) {
    auto generation = generation_;
    if (delay > std::chrono::milliseconds::zero()) {
        co_await stopping_.wait_until(shard_.now() + delay);
        if (generation != generation_) {
            co_return;
        }
    }
    auto fresh = make_();
    auto replayed = co_await replay_log(*fresh, generation);
    if (generation != generation_) {
        co_return;
    }
    if (!replayed) {
        TL_LOG_WARN("group_coordinator_not_loaded", {"error", base::to_string(replayed.error())});
        if (replayed.error().code == ErrorCode::corrupt_message) {
            state_ = State::failed;
        } else {
            // Descriptors or memory may be short for a while, and nobody else can take over.
            tasks_.spawn(load(std::clamp(delay * 2, kReloadDelay, kReloadDelayMax)));
        }
        co_return;
    }
    coordinator_ = std::move(fresh);
    state_ = State::active;
    appended_end_ = journal_.end();
    durable_end_ = -1;  // unknown: the first answer asks
    Effects effects;
    coordinator_->finish_load(now(), effects);
    carry_out(effects);
}

runtime::Task<base::Result<>> CoordinatorDriver::replay_log(Coordinator& coordinator, std::uint64_t generation) {
    auto from = journal_.start();
    while (from < journal_.end()) {
        auto slice = co_await journal_.read(from, kSliceBytes);
        if (!slice) {
            co_return std::unexpected(slice.error());
        }
        if (generation != generation_ || slice->batches.empty()) {
            break;
        }
        if (auto replayed = replay_batches(coordinator, slice->batches, now()); !replayed) {
            co_return replayed;
        }
        from = slice->next;
        co_await runtime::yield_now(shard_);
        if (generation != generation_) {
            break;
        }
    }
    co_return base::Result<>{};
}

void CoordinatorDriver::arm_timer() {
    // Never in this very turn: what is due already comes after everybody else has had theirs.
    auto deadline = std::max(coordinator_->next_deadline(), shard_.now() + std::chrono::nanoseconds(1));
    if (deadline >= timer_at_) {
        return;  // it rings early at worst, and is set again
    }
    if (timer_at_ != kNever) {
        shard_.cancel_timer(timer_);
    }
    timer_at_ = deadline;
    timer_ = shard_.add_timer(deadline, [this] {
        timer_at_ = kNever;
        run([](Coordinator& coordinator, const Now& now, Effects& out) { coordinator.tick(now, out); });
    });
}

}  // namespace tideline::group
