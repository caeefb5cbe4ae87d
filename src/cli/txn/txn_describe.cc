// txn describe and txn hanging: what holds partitions back. By partition, or for one transactional id.
#include <algorithm>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/group/group_view.h"
#include "cli/text_table.h"
#include "cli/txn/txn_view.h"

namespace tideline::cli {
namespace {

Json partitions_json(const TransactionFacts& facts, bool with_free) {
    Json list = Json::array();
    for (const PartitionState& each : facts.partitions) {
        list.push_back(to_json(each, facts));
    }
    for (const PartitionState& each : facts.free) {
        if (with_free) {
            list.push_back(to_json(each, facts));
        }
    }
    return list;
}

void print_partitions(Console& console, const TransactionFacts& facts, bool with_free, const ClientOptions& client) {
    bool is_first = true;
    for (const PartitionState& each : facts.partitions) {
        console.print(std::exchange(is_first, false) ? "" : "\n");
        print_partition(console, each, facts, client);
    }
    for (const PartitionState& each : facts.free) {
        if (with_free) {
            console.print(fmt::format("{}{}: nothing is open; readers of committed records reach its end, {}\n",
                                      std::exchange(is_first, false) ? "" : "\n", console.painted(Paint::bold, place_text(each.at)),
                                      with_thousands(each.high_watermark)));
        }
    }
    if (is_first) {
        console.print(fmt::format("no transaction is open in {} partitions\n", facts.free.size()));
    }
}

Outcome<> describe_partitions(const TxnDescribeOptions& options, TransactionAdmin& admin, Console& console) {
    TL_TRY(chosen, chosen_partitions(admin.metadata(), options.topics));
    TL_TRY(facts, gather_facts(admin, chosen, options.topics.empty() ? Unreachable::is_left_out : Unreachable::is_error));
    // Who names partitions wants to hear of them all.
    const bool with_free = !options.topics.empty();
    if (options.output.json) {
        print_json(console, partitions_json(facts, with_free));
    } else {
        print_partitions(console, facts, with_free, options.client);
    }
    return {};
}

Outcome<CoordinatedTransaction> find_id(TransactionAdmin& admin, const std::string& id) {
    TL_TRY(described, admin.describe_id(id));
    if (described.empty()) {
        return std::unexpected(Failure{ExitCode::refused, fmt::format("no coordinator knows transactional id '{}'", id),
                                       "See which there are: tideline txn list --all\n"
                                       "See what nobody will end any more: tideline txn hanging",
                                       "TRANSACTIONAL_ID_NOT_FOUND"});
    }
    return std::move(described.front());
}

Outcome<> describe_id(const TxnDescribeOptions& options, TransactionAdmin& admin, Console& console) {
    TL_TRY(transaction, find_id(admin, *options.transactional_id));
    TL_TRY(facts, gather_facts(admin, {transaction.partitions.begin(), transaction.partitions.end()}, Unreachable::is_left_out));
    if (auto trail = admin.trail({}, {transaction.transactional_id})) {
        facts.now_ms = trail->now_ms;
        for (const auto& owner : trail->owners) {
            transaction.owner = owner.producer_id == transaction.producer_id ? std::optional(client_of(owner)) : std::nullopt;
        }
    }
    const auto deadline = transaction.deadline_ms();
    if (options.output.json) {
        print_json(console, Json{{"transactional_id", transaction.transactional_id},
                                 {"coordinator", transaction.coordinator.id},
                                 {"state", transaction.state},
                                 {"producer_id", transaction.producer_id},
                                 {"producer_epoch", transaction.producer_epoch},
                                 {"timeout_ms", transaction.timeout_ms},
                                 {"opened", transaction.is_open() ? time_json(transaction.start_ms) : Json()},
                                 {"ends", time_json(deadline)},
                                 {"client", to_json(transaction.owner)},
                                 {"partitions", partitions_json(facts, true)}});
        return {};
    }
    console.print(fmt::format("{:<17}{}\n", "transactional id", console.painted(Paint::bold, transaction.transactional_id)));
    console.print(fmt::format("{:<17}{}\n", "state", transaction.state));
    console.print(fmt::format("{:<17}{} ({}:{})\n", "coordinator", transaction.coordinator.id, transaction.coordinator.host,
                              transaction.coordinator.port));
    console.print(fmt::format("{:<17}{}, epoch {}\n", "producer", transaction.producer_id, transaction.producer_epoch));
    console.print(fmt::format("{:<17}{}\n", "taken over by", client_text(transaction.owner)));
    console.print(fmt::format("{:<17}{}\n", "timeout", duration_text(transaction.timeout_ms)));
    if (transaction.is_open()) {
        const Verdict verdict = judge(transaction, facts.now_ms, facts.abort_interval_ms);
        console.print(fmt::format("{:<17}{}\n", "open for",
                                  transaction.start_ms ? duration_text(facts.now_ms - *transaction.start_ms) : "not known"));
        console.print(fmt::format("{:<17}{}: {}\n{:<17}{}\n\n", "condition", name_of(verdict.condition), verdict.cause, "do", verdict.action));
        print_partitions(console, facts, true, options.client);
    }
    return {};
}

bool is_hanging(const OpenTransaction& transaction, const TransactionFacts& facts) {
    const Condition condition = facts.verdict_on(transaction).condition;
    return condition == Condition::hanging || condition == Condition::stuck;
}

Outcome<> show_hanging(const TxnHangingOptions& options, TransactionAdmin& admin, Console& console) {
    TL_TRY(chosen, chosen_partitions(admin.metadata(), options.topics));
    TL_TRY(facts, gather_facts(admin, chosen, options.topics.empty() ? Unreachable::is_left_out : Unreachable::is_error));
    std::size_t held = 0;
    for (PartitionState& partition : facts.partitions) {
        held += partition.open.empty() ? 0 : 1;
        std::erase_if(partition.open, [&](const OpenTransaction& each) { return !is_hanging(each, facts); });
    }
    std::erase_if(facts.partitions, [](const PartitionState& partition) { return partition.open.empty(); });
    if (options.output.json) {
        print_json(console, partitions_json(facts, false));
    } else if (facts.partitions.empty()) {
        console.print(fmt::format("no transaction hangs: of {} partitions {} have open transactions, and their coordinators will end them\n",
                                  with_thousands(static_cast<std::int64_t>(chosen.size())), with_thousands(static_cast<std::int64_t>(held))));
    } else {
        print_partitions(console, facts, false, options.client);
    }
    return {};
}

}  // namespace

Outcome<ExitCode> run(const TxnDescribeOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::producer));
    TL_TRY(admin, TransactionAdmin::open(*client));
    return repeat(*client, console, options.watch_seconds, [&] {
        return options.transactional_id ? describe_id(options, admin, console) : describe_partitions(options, admin, console);
    });
}

Outcome<ExitCode> run(const TxnHangingOptions& options, Console& console) {
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::producer));
    TL_TRY(admin, TransactionAdmin::open(*client));
    return repeat(*client, console, options.watch_seconds, [&] { return show_hanging(options, admin, console); });
}

}  // namespace tideline::cli
