// coordinator/driver_body.h: the member functions of Driver, for the one source file that makes a driver of a kind.
#pragma once

#include "base/log.h"
#include "coordinator/batches.h"
#include "coordinator/driver.h"

namespace tideline::coordinator {

// Small enough that the shard serves others between two slices of a load.
inline constexpr std::size_t kSliceBytes = std::size_t{256} << 10;
inline constexpr std::chrono::milliseconds kReloadDelay{200};
inline constexpr std::chrono::milliseconds kReloadDelayMax{30'000};

// Whether a step brought more than records.
template <class Effects>
bool has_followers(const Effects& effects) {
    if constexpr (requires { effects.actions; }) {
        return !effects.answers.empty() || !effects.actions.empty();
    } else {
        return !effects.answers.empty();
    }
}

// Lies in the frame of ask().
template <class Kind>
struct Driver<Kind>::Waiter {
    explicit Waiter(runtime::Shard& shard) : answered(shard) {}
    std::optional<base::Result<Reply>> reply;
    runtime::Event answered;

    void give(base::Result<Reply> result) {
        reply.emplace(std::move(result));
        answered.set();
    }
};

template <class Kind>
Driver<Kind>::Driver(runtime::Shard& shard, Journal& journal, MakeCoordinator make, Perform perform)
    : shard_(shard), journal_(journal), make_(std::move(make)), perform_(std::move(perform)), stopping_(shard), tasks_(shard) {}

template <class Kind>
Driver<Kind>::~Driver() { TL_CHECK(state_ == State::idle || state_ == State::stopped); }

template <class Kind>
void Driver<Kind>::start() {
    TL_CHECK(state_ == State::idle);
    state_ = State::loading;
    tasks_.spawn(load({}));
}

template <class Kind>
runtime::Task<void> Driver<Kind>::stop() {
    state_ = State::stopped;
    let_go_of_coordinator(ErrorCode::not_coordinator);
    stopping_.set();
    co_await tasks_.join();
}

template <class Kind>
base::Result<> Driver<Kind>::check_active() const {
    if (state_ == State::active) {
        return {};
    }
    return base::fail(state_ == State::loading ? ErrorCode::coordinator_load_in_progress : ErrorCode::not_coordinator,
                      "the coordinator is not active");
}

template <class Kind>
runtime::Task<base::Result<typename Driver<Kind>::Reply>> Driver<Kind>::ask(Decide decide) {
    if (auto active = check_active(); !active) {
        co_return std::unexpected(active.error());
    }
    auto ticket = ++last_ticket_;
    Waiter waiter(shard_);
    waiters_.emplace_hint(waiters_.end(), ticket, &waiter);
    Effects effects;
    tell_limit();
    decide(*coordinator_, ticket, now(), effects);
    carry_out(effects);
    if (!waiter.reply) {
        co_await waiter.answered.wait();
    }
    co_return std::move(*waiter.reply);
}

template <class Kind>
void Driver<Kind>::run(Step step) {
    if (state_ == State::active) {
        Effects effects;
        tell_limit();
        step(*coordinator_, now(), effects);
        carry_out(effects);
    }
}

template <class Kind>
base::Result<std::int64_t> Driver<Kind>::append_and_replay(base::ByteView batch, const JournalAppend& how) {
    TL_TRY_VOID(check_active());
    TL_TRY(end, journal_.append(batch, how));
    appended_end_ = end;
    auto replayed = Kind::replay(*coordinator_, batch, now());
    TL_CHECK(replayed.has_value());  // made a moment ago
    return end;
}

// The configuration of its topic says what the log takes, and may change at any time. What does not fit must be refused before
// the state has it: a failed append would cost everybody the coordinator.
template <class Kind>
void Driver<Kind>::tell_limit() {
    if (const std::size_t batch = journal_.batch_bytes_max(); batch > 0) {
        coordinator_->limit_records(batch - std::min(batch, kBatchOverhead));
    }
}

template <class Kind>
void Driver<Kind>::carry_out(Effects& effects) {
    bool is_transactional = false;
    if constexpr (requires { effects.transaction; }) {
        is_transactional = effects.transaction.has_value();
    }
    if (is_transactional) {
        append_in_transaction(effects);
    } else if (!effects.records.empty()) {
        if (auto appended = append(effects.records); !appended) {
            reload(appended.error());
            return;
        }
    }
    if (has_followers(effects)) {
        if (appended_end_ <= durable_end_) {
            release(effects);
        } else {
            effects.records.clear();
            held_.push_back({.end = appended_end_, .effects = std::move(effects)});
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

template <class Kind>
base::Result<> Driver<Kind>::append(const std::vector<Record>& records) {
    auto now_ms = shard_.wall_ms();
    for (const auto& batch : make_batches(records, journal_.batch_bytes_max(), now_ms)) {
        TL_TRY(end, journal_.append(batch, {.now_ms = now_ms}));
        appended_end_ = end;
    }
    return {};
}

template <class Kind>
void Driver<Kind>::append_in_transaction(Effects& effects) {
    if constexpr (requires { effects.transaction; }) {
        auto now_ms = shard_.wall_ms();
        record::BatchOptions options{.producer_id = effects.transaction->producer_id,
                                     .producer_epoch = effects.transaction->producer_epoch,
                                     .transactional = true};
        for (const auto& batch : make_batches(effects.records, journal_.batch_bytes_max(), now_ms, options)) {
            auto appended = append_and_replay(batch, {.now_ms = now_ms, .guard = effects.transaction->guard});
            if (!appended) {
                for (auto& answer : effects.answers) {
                    auto refused = base::fail(append_error_for_client(appended.error().code), appended.error().note);
                    waiters_.extract(answer.ticket).mapped()->give(refused);
                }
                effects.answers.clear();
                return;
            }
        }
    }
}

template <class Kind>
void Driver<Kind>::release(Effects& effects) {
    for (auto& answer : effects.answers) {
        auto waiter = waiters_.extract(answer.ticket);
        TL_CHECK(!waiter.empty());
        waiter.mapped()->give(std::move(answer.reply));
    }
    if constexpr (requires { effects.actions; }) {
        for (auto& action : effects.actions) {
            perform_(std::move(action));
        }
    }
}

// One task for all that wait: they are released in order, however many a sync makes durable.
template <class Kind>
runtime::Task<void> Driver<Kind>::release_when_durable() {
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
            auto next = std::move(held_.front().effects);
            held_.pop_front();
            release(next);
        }
    }
    releasing_ = false;
}

// The disk is slow. The records are in the log and the state stands; only whether they are durable cannot be told. Actions
// go on waiting: nobody else would do them.
template <class Kind>
void Driver<Kind>::give_up_on(std::int64_t end, const base::Error& why) {
    for (auto& held : held_) {
        if (held.end > end) {
            break;
        }
        for (const auto& answer : held.effects.answers) {
            auto waiter = waiters_.extract(answer.ticket);
            TL_CHECK(!waiter.empty());
            waiter.mapped()->give(base::fail(append_error_for_client(why.code), "not durable in time"));
        }
        held.effects.answers.clear();
    }
    std::erase_if(held_, [](const Held& held) { return !has_followers(held.effects); });
}

template <class Kind>
void Driver<Kind>::let_go_of_coordinator(ErrorCode code_for_waiters) {
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

template <class Kind>
void Driver<Kind>::reload(const base::Error& why) {
    if (state_ != State::active) {
        return;
    }
    TL_LOG_WARN("coordinator_reloads", {"kind", Kind::kName}, {"reason", base::to_string(why)});
    state_ = State::loading;
    let_go_of_coordinator(append_error_for_client(why.code));
    tasks_.spawn(load(kReloadDelay));
}

template <class Kind>
runtime::Task<void> Driver<Kind>::load(std::chrono::milliseconds delay) {
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
        TL_LOG_WARN("coordinator_not_loaded", {"kind", Kind::kName}, {"error", base::to_string(replayed.error())});
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
    tell_limit();
    coordinator_->finish_load(now(), effects);
    carry_out(effects);
}

template <class Kind>
runtime::Task<base::Result<>> Driver<Kind>::replay_log(Machine& coordinator, std::uint64_t generation) {
    auto from = journal_.start();
    while (from < journal_.end()) {
        auto slice = co_await journal_.read(from, kSliceBytes);
        if (!slice) {
            co_return std::unexpected(slice.error());
        }
        if (generation != generation_ || slice->batches.empty()) {
            break;
        }
        if (auto replayed = Kind::replay(coordinator, slice->batches, now()); !replayed) {
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

template <class Kind>
void Driver<Kind>::arm_timer() {
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
        run([](Machine& coordinator, const Now& now, Effects& out) { coordinator.tick(now, out); });
    });
}

}  // namespace tideline::coordinator
