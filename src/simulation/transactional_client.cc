#include "simulation/transactional_client.h"

#include <fmt/format.h>

#include "protocol/messages/end_txn.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/init_producer_id.h"

namespace tideline::simulation {

using protocol::EndTxnRequest;
using protocol::FindCoordinatorRequest;
using protocol::InitProducerIdRequest;

namespace {

constexpr std::int8_t kTransactionKey = 1;
constexpr std::int16_t kFirstFindOfMany = 4;
constexpr std::int16_t kFirstInitWithExpectation = 3;
constexpr std::int16_t kFirstEndThatBumps = 5;

bool is_fenced(ErrorCode error) {
    return error == ErrorCode::invalid_producer_epoch || error == ErrorCode::producer_fenced || error == ErrorCode::invalid_txn_state ||
           error == ErrorCode::invalid_producer_id_mapping;
}

}  // namespace

TransactionalClient::TransactionalClient(Stage& stage, Setup setup, std::uint64_t seed)
    : stage_(stage),
      setup_(std::move(setup)),
      random_(seed),
      link_(stage.shard, stage.broker, setup_.process, stage.weather, random_.next()) {}

Task<void> TransactionalClient::find_coordinator(std::string key, std::int8_t kind) {
    for (;;) {
        std::int16_t version = any_version<FindCoordinatorRequest>(random_, 1);
        FindCoordinatorRequest request{.key_type = kind};
        bool is_of_many = version >= kFirstFindOfMany;
        if (is_of_many) {
            request.coordinator_keys = {key};
        } else {
            request.key = key;
        }
        auto answer = co_await link_.call(request, version);
        ErrorCode error = ErrorCode::network_exception;
        if (answer) {
            error = is_of_many ? answer->response.coordinators.at(0).error_code : answer->response.error_code;
        }
        if (error == ErrorCode::none) {
            co_return;
        }
        if (!is_passing(error)) {
            stage_.history.violated(fmt::format("the search for the coordinator of {} is answered {}", key, name_of(error)));
        }
        co_await rest();
    }
}

Task<void> TransactionalClient::take_over() {
    co_await find_coordinator(setup_.transactional_id, kTransactionKey);
    bool goes_on = is_ready() && random_.chance(2);
    for (;;) {
        std::int16_t version = any_version<InitProducerIdRequest>(random_, goes_on ? kFirstInitWithExpectation : std::int16_t{0});
        InitProducerIdRequest request{.transactional_id = setup_.transactional_id, .transaction_timeout_ms = setup_.timeout_ms};
        if (goes_on) {
            request.producer_id = producer_id_;
            request.producer_epoch = epoch_;
        }
        TransactionalId& id = stage_.transactional_ids[setup_.transactional_id];
        ++id.taking_over;
        std::uint64_t before = id.take_overs;
        auto answer = co_await ask(request, version);
        --id.taking_over;
        ++id.take_overs;
        take_over_ = before + 1;  // another one that was answered meanwhile may have arrived later
        ErrorCode error = answer ? answer->response.error_code : ErrorCode::network_exception;
        if (error == ErrorCode::none) {
            producer_id_ = answer->response.producer_id;
            epoch_ = answer->response.producer_epoch;
            stage_.trace(fmt::format("{} has producer id {}, epoch {}", setup_.process, producer_id_, epoch_));
            break;
        }
        if (is_fenced(error) && goes_on) {
            goes_on = false;  // somebody else had it meanwhile; may_be_fenced() cannot tell, for this is a take-over itself
        } else if (!is_passing_at_coordinator(error)) {
            stage_.history.violated(fmt::format("InitProducerId of {} is answered {}", setup_.transactional_id, name_of(error)));
        }
        co_await rest();
    }
    sequences_.clear();
    is_in_doubt_ = false;
}

void TransactionalClient::begin() {
    TL_CHECK(is_ready());
    begun_at_ = stage_.shard.now();
    power_losses_ = stage_.history.power_losses();
    is_begun_there_ = false;
    std::string group = setup_.group.empty() ? "" : fmt::format(R"(,"group":"{}")", setup_.group);
    stage_.recorder.note(setup_.process, "begin", R"("transactional_id":"{}"{})", setup_.transactional_id, group);
}

Task<TransactionalClient::Step> TransactionalClient::end(bool commits) {
    EndTxnRequest request{
        .transactional_id = setup_.transactional_id, .producer_id = producer_id_, .producer_epoch = epoch_, .committed = commits};
    stage_.recorder.note(setup_.process, "end", R"("action":"{}")", commits ? "commit" : "abort");
    for (;;) {
        std::int16_t version = setup_.is_implicit ? kFirstEndThatBumps : any_version_up_to(0, kFirstEndThatBumps - 1);
        auto answer = co_await ask(request, version);
        ErrorCode error = answer ? answer->response.error_code : ErrorCode::network_exception;
        if (error == ErrorCode::invalid_txn_state && !is_begun_there_) {
            note_ended("info");  // nothing of it had arrived: there is nothing to end
            lose();
            co_return Step::lost;
        }
        std::optional<Step> step = judge(error, "EndTxn");
        if (!step) {
            co_await rest();
            continue;
        }
        note_ended(*step == Step::done ? "ok" : "info");
        if (*step == Step::done && setup_.is_implicit) {
            producer_id_ = answer->response.producer_id;
            epoch_ = answer->response.producer_epoch;
            sequences_.clear();
        } else if (*step == Step::done && is_in_doubt_) {
            lose();  // what is still on its way must not meet the next transaction: a new epoch keeps it out
        }
        co_return *step;
    }
}

Task<bool> TransactionalClient::conclude(Step step, bool commits) {
    bool is_committing = commits && step == Step::done;
    if (step != Step::lost) {
        step = co_await end(is_committing);
    }
    if (step == Step::abort) {
        co_await end(false);
    }
    co_return is_committing && step == Step::done;
}

Task<void> TransactionalClient::dawdle(std::uint64_t usual_ms) {
    bool is_slow = random_.chance(20);
    std::uint64_t ms = is_slow ? static_cast<std::uint64_t>(setup_.timeout_ms) + 500 : random_.below(usual_ms);
    co_await stage_.pause(std::chrono::milliseconds(ms));
}

void TransactionalClient::note_ended(std::string_view outcome) {
    stage_.recorder.note(setup_.process, "ended", R"("outcome":"{}")", outcome);
}

std::optional<TransactionalClient::Step> TransactionalClient::judge(ErrorCode error, std::string_view what) {
    if (error == ErrorCode::none) {
        is_begun_there_ = true;
        return Step::done;
    }
    if (is_passing_at_coordinator(error) || error == ErrorCode::not_enough_replicas) {
        if (!setup_.dies_with_broker || power_losses_ == stage_.history.power_losses()) {
            return std::nullopt;
        }
        vanish();
        return Step::lost;
    }
    stage_.trace(fmt::format("{}: {} is answered {}", setup_.process, what, name_of(error)));
    bool is_abortable = error == ErrorCode::transaction_abortable;
    if (!is_abortable && !is_fenced(error)) {
        stage_.history.violated(fmt::format("{} of {} is answered {}", what, setup_.process, name_of(error)));
    } else if (!may_be_fenced()) {
        stage_.history.violated(
            fmt::format("{} of {} is answered {}, though nobody else had its id and its time was not over", what, setup_.process, name_of(error)));
    }
    if (is_abortable) {
        return Step::abort;
    }
    lose();
    return Step::lost;
}

// Whether anything but a mistake of the broker may have ended what this instance does.
bool TransactionalClient::may_be_fenced() const {
    const TransactionalId& id = stage_.transactional_ids.at(setup_.transactional_id);
    bool is_overdue = stage_.shard.now() - begun_at_ >= std::chrono::milliseconds(setup_.timeout_ms);
    return id.take_overs != take_over_ || id.taking_over > 0 || id.has_strays || is_overdue || !stage_.is_clock_steady;
}

void TransactionalClient::note_stray() {
    is_in_doubt_ = true;
    stage_.transactional_ids[setup_.transactional_id].has_strays = true;
}

void TransactionalClient::lose() {
    producer_id_ = -1;
    epoch_ = -1;
}

void TransactionalClient::vanish() {
    stage_.trace(fmt::format("{} vanishes", setup_.process));
    link_.cut();
    lose();
}

}  // namespace tideline::simulation
