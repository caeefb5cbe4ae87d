#include "cli/txn/abort_plan.h"

#include <algorithm>

#include <fmt/format.h>

namespace tideline::cli {
namespace {

const PartitionState* find(const std::vector<PartitionState>& states, const TopicPartition& at) {
    auto found = std::ranges::find(states, at, &PartitionState::at);
    return found == states.end() ? nullptr : &*found;
}

// One partition of the transaction of `producer_id`, after an abort marker came behind everything that is there.
AbortStep step_in(const TransactionFacts& facts, const PartitionState& state, std::int64_t producer_id) {
    AbortStep step{.at = state.at, .stable_now = state.last_stable_offset};
    step.stable_after = state.high_watermark + 1;
    for (const OpenTransaction& each : state.open) {
        if (each.producer_id == producer_id) {
            step.first_offset = each.first_offset;
            step.records = each.records.value_or(0);
            step.bytes = each.bytes.value_or(0);
        } else if (each.first_offset < step.stable_after) {
            step.stable_after = each.first_offset;
            step.next_holder = each.producer_id;
        }
    }
    for (const WaitingGroup* each : facts.groups_at(state.at)) {
        if (standing_of(*each, state) != Standing::reads_uncommitted) {
            step.groups.push_back(*each);
        }
    }
    return step;
}

// What the producer has open: either what its coordinator will end, or what nobody will.
void add_open(const TransactionFacts& facts, AbortPlan& plan) {
    const bool hangs = plan.verdict.condition == Condition::hanging;
    for (const PartitionState& state : facts.partitions) {
        for (const OpenTransaction& each : state.open) {
            if (each.producer_id != plan.producer_id || (facts.verdict_on(each).condition == Condition::hanging) != hangs) {
                continue;
            }
            plan.open.push_back(each);
            plan.steps.push_back(step_in(facts, state, plan.producer_id));
            if (each.opened_ms) {
                plan.opened_ms = std::min(plan.opened_ms.value_or(*each.opened_ms), *each.opened_ms);
            }
            if (each.client && (!plan.client || each.client->is_connected)) {
                plan.client = each.client;
            }
        }
    }
}

// What the coordinator has in the transaction besides: it writes markers there as well.
void add_unwritten(const TransactionFacts& facts, const std::vector<PartitionState>& ends, AbortPlan& plan) {
    for (const TopicPartition& at : plan.fenced->partitions) {
        const PartitionState* state = find(ends, at);
        if (state != nullptr && std::ranges::find(plan.steps, at, &AbortStep::at) == plan.steps.end()) {
            plan.steps.push_back(step_in(facts, *state, plan.producer_id));
        }
    }
    std::ranges::sort(plan.steps, {}, &AbortStep::at);
}

std::string who(const AbortPlan& plan) {
    return plan.transactional_id.empty() ? fmt::format("the transaction of producer {}", plan.producer_id)
                                         : fmt::format("the transaction of '{}'", plan.transactional_id);
}

// Whether somebody may be at work in it.
std::optional<std::string> why_alive(const AbortPlan& plan, const TransactionFacts& facts) {
    if (plan.client && plan.client->is_connected) {
        return fmt::format("its producer is connected: {} at {}", plan.client->id.empty() ? "a client without an id" : plan.client->id,
                           plan.client->address);
    }
    if (plan.verdict.condition == Condition::running && !plan.client) {
        const std::string since = facts.watched_since_ms ? " since the broker was started" : "";
        return fmt::format("its producer may be at work: nobody has seen it{}, and its time is not up", since);
    }
    return std::nullopt;
}

}  // namespace

std::int64_t AbortPlan::records() const {
    std::int64_t sum = 0;
    for (const AbortStep& each : steps) {
        sum += each.records;
    }
    return sum;
}

std::int64_t AbortPlan::bytes() const {
    std::int64_t sum = 0;
    for (const AbortStep& each : steps) {
        sum += each.bytes;
    }
    return sum;
}

AbortPlan plan_abort(const TransactionFacts& facts, const OpenTransaction& chosen, const std::vector<PartitionState>& ends) {
    AbortPlan plan;
    plan.transactional_id = facts.transactional_id_of(chosen);
    plan.producer_id = chosen.producer_id;
    plan.producer_epoch = chosen.producer_epoch;
    plan.verdict = facts.verdict_on(chosen);
    add_open(facts, plan);
    if (plan.verdict.condition != Condition::hanging) {
        plan.fenced = *facts.by_producer(chosen.producer_id);
        add_unwritten(facts, ends, plan);
    }
    return plan;
}

AbortPlan plan_abort(const TransactionFacts& facts, const CoordinatedTransaction& chosen, const std::vector<PartitionState>& ends) {
    AbortPlan plan;
    plan.transactional_id = chosen.transactional_id;
    plan.producer_id = chosen.producer_id;
    plan.producer_epoch = chosen.producer_epoch;
    plan.verdict = judge(chosen, facts.now_ms, facts.abort_interval_ms);
    plan.opened_ms = chosen.start_ms;
    plan.client = chosen.owner;
    plan.fenced = chosen;
    add_open(facts, plan);
    add_unwritten(facts, ends, plan);
    return plan;
}

std::optional<Failure> why_not(const AbortPlan& plan, const TransactionFacts& facts, bool forced) {
    if (plan.verdict.condition == Condition::ending) {
        const bool is_committed = plan.fenced && plan.fenced->state == "PrepareCommit";
        return Failure{ExitCode::refused,
                       is_committed ? fmt::format("{} is committed already: aborting it in some partitions would tear it", who(plan))
                                    : fmt::format("{} is being aborted already", who(plan)),
                       plan.verdict.action, kafka_name(RD_KAFKA_RESP_ERR_INVALID_TXN_STATE)};
    }
    std::optional<std::string> alive = why_alive(plan, facts);
    if (!alive || forced) {
        return std::nullopt;
    }
    return Failure{ExitCode::refused, fmt::format("{} has an owner: {}", who(plan), *alive),
                   "Aborting it fences that producer, whose work is then lost. Stop it, or wait until its time is up; --force aborts anyway",
                   kafka_name(RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS)};
}

}  // namespace tideline::cli
