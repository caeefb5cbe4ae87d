// txn abort: shows what aborting a transaction would do, and does it when told to.
#include <algorithm>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/group/group_view.h"
#include "cli/group/topic_selection.h"
#include "cli/text_table.h"
#include "cli/txn/abort_plan.h"
#include "cli/txn/txn_view.h"

namespace tideline::cli {
namespace {

// Where its steps stand once it is done.
using Reached = std::map<TopicPartition, std::int64_t>;

std::unexpected<Failure> nothing_open(const std::string& what) {
    return std::unexpected(Failure{ExitCode::refused, fmt::format("{} has no open transaction", what), "See what is open: tideline txn list, "
                                   "tideline txn describe", kafka_name(RD_KAFKA_RESP_ERR_INVALID_TXN_STATE)});
}

std::vector<PartitionState> ends_of(const TransactionFacts& facts) {
    std::vector<PartitionState> ends = facts.partitions;
    ends.insert(ends.end(), facts.free.begin(), facts.free.end());
    return ends;
}

// By transactional id: what its coordinator has open, else what hangs somewhere under that name.
Outcome<AbortPlan> plan_by_id(TransactionAdmin& admin, const TransactionFacts& facts, const std::string& id) {
    TL_TRY(described, admin.describe_id(id));
    if (!described.empty() && described.front().is_open()) {
        CoordinatedTransaction& transaction = described.front();
        if (auto trail = admin.trail({}, {id})) {
            for (const auto& owner : trail->owners) {
                transaction.owner = owner.producer_id == transaction.producer_id ? std::optional(client_of(owner)) : std::nullopt;
            }
        }
        return plan_abort(facts, transaction, ends_of(facts));
    }
    for (const PartitionState& partition : facts.partitions) {
        for (const OpenTransaction& each : partition.open) {
            if (facts.transactional_id_of(each) == id) {
                return plan_abort(facts, each, ends_of(facts));
            }
        }
    }
    return nothing_open(fmt::format("transactional id '{}'", id));
}

// By partition: the producer that was named, else the one that holds the partition back.
Outcome<AbortPlan> plan_by_partition(TransactionAdmin& admin, const TransactionFacts& facts, const TxnAbortOptions& options) {
    TL_TRY(selection, parse_topic_selection(*options.partition));
    if (selection.partitions.size() != 1) {
        return usage_failure(fmt::format("'{}' is not one partition", *options.partition), "Write TOPIC:PARTITION, as in orders:0");
    }
    const TopicPartition at{selection.topic, selection.partitions.front()};
    TL_TRY_VOID(chosen_partitions(admin.metadata(), {*options.partition}));
    auto partition = std::ranges::find(facts.partitions, at, &PartitionState::at);
    if (partition == facts.partitions.end()) {
        return nothing_open(place_text(at));
    }
    auto chosen = options.producer_id ? std::ranges::find(partition->open, *options.producer_id, &OpenTransaction::producer_id)
                                      : partition->open.begin();
    if (chosen == partition->open.end()) {
        return nothing_open(options.producer_id ? fmt::format("producer {} in {}", *options.producer_id, place_text(at)) : place_text(at));
    }
    return plan_abort(facts, *chosen, ends_of(facts));
}

Outcome<Reached> execute(TransactionAdmin& admin, const AbortPlan& plan) {
    if (plan.fenced) {
        TL_TRY_VOID(admin.fence(*plan.fenced));
    } else {
        TL_TRY_VOID(admin.write_abort_markers(plan.open));
    }
    std::vector<TopicPartition> places;
    for (const AbortStep& step : plan.steps) {
        places.push_back(step.at);
    }
    TL_TRY(ends, admin.ends_of(places, Unreachable::is_left_out));
    Reached reached;
    for (const PartitionState& each : ends) {
        reached[each.at] = each.last_stable_offset;
    }
    return reached;
}

Json as_json(const AbortStep& step, const TransactionFacts& facts, const Reached& reached) {
    Json groups = Json::array();
    for (const WaitingGroup& group : step.groups) {
        auto partition = std::ranges::find(facts.partitions, step.at, &PartitionState::at);
        groups.push_back(to_json(group, *partition));
    }
    Json json{{"topic", step.at.topic},
              {"partition", step.at.partition},
              {"first_offset", step.first_offset ? Json(*step.first_offset) : Json()},
              {"records", step.records},
              {"bytes", step.bytes},
              {"last_stable_offset", step.stable_now},
              {"last_stable_offset_after", step.stable_after},
              {"held_by_after", step.next_holder ? Json(*step.next_holder) : Json()},
              {"groups", groups}};
    if (auto at = reached.find(step.at); at != reached.end()) {
        json["last_stable_offset_reached"] = at->second;
    }
    return json;
}

void print_steps(Console& console, const AbortPlan& plan) {
    TextTable table({"TOPIC", ">PARTITION", ">FROM", ">RECORDS", ">BYTES", ">STABLE NOW", ">STABLE AFTER", "GROUPS THAT WAIT"});
    for (const AbortStep& step : plan.steps) {
        std::string groups;
        for (const WaitingGroup& group : step.groups) {
            groups += fmt::format("{}{}", groups.empty() ? "" : ", ", group.group);
        }
        table.add({step.at.topic, std::to_string(step.at.partition), step.first_offset ? with_thousands(*step.first_offset) : "-",
                   with_thousands(step.records), human_bytes(static_cast<double>(step.bytes)), with_thousands(step.stable_now),
                   with_thousands(step.stable_after), groups.empty() ? "-" : groups});
    }
    table.print(console);
}

void print_plan(Console& console, const AbortPlan& plan, const TransactionFacts& facts, bool is_done) {
    console.print(fmt::format("transaction of {}producer {}, epoch {}: {}, {}\n",
                              plan.transactional_id.empty() ? "" : console.painted(Paint::bold, plan.transactional_id) + ", ",
                              plan.producer_id, plan.producer_epoch, name_of(plan.verdict.condition), plan.verdict.cause));
    console.print(fmt::format("client: {}\n", client_text(plan.client)));
    if (plan.opened_ms) {
        console.print(fmt::format("open for {}\n", duration_text(facts.now_ms - *plan.opened_ms)));
    }
    console.print("\n");
    print_steps(console, plan);
    const char* verb = is_done ? "were" : "would be";
    console.print(fmt::format("\n{} record{} ({}) {} aborted: they stay in the log, and readers of committed records never see them\n",
                              with_thousands(plan.records()), plan.records() == 1 ? "" : "s",
                              human_bytes(static_cast<double>(plan.bytes())), verb));
    for (const AbortStep& step : plan.steps) {
        for (const WaitingGroup& group : step.groups) {
            if (!group.pending.empty()) {
                console.print(fmt::format("offsets of group {} in {} {} dropped\n", group.group, joined(group.pending), verb));
            }
        }
        if (step.next_holder) {
            console.print(fmt::format("{} {} held back by producer {} then\n", place_text(step.at), is_done ? "is" : "would still be",
                                      *step.next_holder));
        }
    }
    console.print(plan.fenced ? fmt::format("the producer {} fenced: its next request is answered PRODUCER_FENCED\n", is_done ? "was" : "would be")
                              : fmt::format("abort markers {} written to the partitions; no coordinator takes part\n", verb));
}

Json plan_json(const AbortPlan& plan, const TransactionFacts& facts, const Reached& reached, const std::optional<Failure>& refusal,
               bool is_done) {
    Json steps = Json::array();
    for (const AbortStep& step : plan.steps) {
        steps.push_back(as_json(step, facts, reached));
    }
    return {{"transactional_id", plan.transactional_id.empty() ? Json() : Json(plan.transactional_id)},
            {"producer_id", plan.producer_id},
            {"producer_epoch", plan.producer_epoch},
            {"condition", name_of(plan.verdict.condition)},
            {"cause", plan.verdict.cause},
            {"client", to_json(plan.client)},
            {"opened", time_json(plan.opened_ms)},
            {"how", plan.fenced ? "fence" : "markers"},
            {"records", plan.records()},
            {"bytes", plan.bytes()},
            {"refused", refusal ? Json(refusal->message) : Json()},
            {"executed", is_done},
            {"partitions", steps}};
}

}  // namespace

Outcome<ExitCode> run(const TxnAbortOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::producer));
    TL_TRY(admin, TransactionAdmin::open(*client));
    // A transaction is aborted wherever it is open, so that all partitions are looked at.
    TL_TRY(facts, gather_facts(admin, all_partitions(admin.metadata()), Unreachable::is_left_out));
    TL_TRY(plan, options.transactional_id ? plan_by_id(admin, facts, *options.transactional_id)
                                          : plan_by_partition(admin, facts, options));
    const std::optional<Failure> refusal = why_not(plan, facts, options.force);
    if (options.execute && refusal) {
        return std::unexpected(*refusal);
    }
    Reached reached;
    if (options.execute) {
        TL_TRY(done, execute(admin, plan));
        reached = std::move(done);
    }
    if (options.output.json) {
        print_json(console, plan_json(plan, facts, reached, refusal, options.execute));
        return ExitCode::ok;
    }
    print_plan(console, plan, facts, options.execute);
    if (refusal) {
        console.print_error(fmt::format("\nnothing was changed, and --execute would be refused: {}\n{}\n", refusal->message, refusal->hint));
    } else if (!options.execute) {
        console.print_error("\nnothing was changed; --execute does it, and it cannot be taken back\n");
    }
    return ExitCode::ok;
}

}  // namespace tideline::cli
