#include "cli/txn/txn_view.h"

#include <fmt/format.h>

#include "cli/group/group_view.h"
#include "cli/instant.h"
#include "cli/text_table.h"

namespace tideline::cli {
namespace {

template <class T>
Json known(const std::optional<T>& value) {
    return value ? Json(*value) : Json();
}

std::string amount_text(const OpenTransaction& transaction) {
    if (!transaction.records) {
        return "too much to count";
    }
    return fmt::format("{} record{}, {}", with_thousands(*transaction.records), *transaction.records == 1 ? "" : "s",
                       human_bytes(static_cast<double>(transaction.bytes.value_or(0))));
}

std::string since_text(const std::optional<std::int64_t>& ms, std::int64_t now_ms) {
    return ms ? fmt::format("{} ({} ago)", format_iso8601(*ms), duration_text(now_ms - *ms)) : "not known";
}

std::string end_text(const Verdict& verdict, std::int64_t now_ms) {
    if (!verdict.ends_ms) {
        return verdict.condition == Condition::hanging ? "never" : "any moment";
    }
    const bool is_past = *verdict.ends_ms <= now_ms;
    return fmt::format("{} at {} ({} {})", is_past ? "was to be aborted" : "is aborted", format_iso8601(*verdict.ends_ms),
                       is_past ? "ago:" : "in", duration_text(is_past ? now_ms - *verdict.ends_ms : *verdict.ends_ms - now_ms));
}

Paint paint_of(Condition condition) {
    switch (condition) {
        case Condition::hanging:
        case Condition::stuck: return Paint::red;
        case Condition::overdue: return Paint::yellow;
        case Condition::running:
        case Condition::ending: return Paint::cyan;
    }
    return Paint::none;
}

void print_transaction(Console& console, const OpenTransaction& transaction, const TransactionFacts& facts, const ClientOptions& client,
                       bool holds) {
    const Verdict verdict = facts.verdict_on(transaction);
    const std::string id = facts.transactional_id_of(transaction);
    auto line = [&](std::string_view label, std::string_view text) { console.print(fmt::format("  {:<10}{}\n", label, text)); };
    line(holds ? "held by" : "behind it",
         fmt::format("{}producer {}, epoch {}; {}", id.empty() ? "" : fmt::format("transactional id {}, ", console.painted(Paint::bold, id)),
                     transaction.producer_id, transaction.producer_epoch,
                     console.painted(paint_of(verdict.condition), name_of(verdict.condition))));
    line("client", client_text(transaction.client));
    line("since", fmt::format("{}, from offset {}; last write {}", since_text(transaction.opened_ms, facts.now_ms),
                              with_thousands(transaction.first_offset), since_text(transaction.last_write_ms, facts.now_ms)));
    line("wrote", amount_text(transaction));
    line("why", verdict.cause);
    line("ends", end_text(verdict, facts.now_ms));
    line("do", verdict.action);
    if (verdict.condition == Condition::hanging || verdict.condition == Condition::stuck) {
        line("", command_text(fmt::format("txn abort {}:{} --producer-id {}", transaction.at.topic, transaction.at.partition,
                                          transaction.producer_id),
                              client));
    }
}

}  // namespace

std::string place_text(const TopicPartition& at) { return fmt::format("{}-{}", at.topic, at.partition); }

std::string client_text(const std::optional<ClientName>& client) {
    if (!client) {
        return "not known: no broker has seen it";
    }
    return fmt::format("{} at {}{}, {}", client->id.empty() ? "one without an id" : client->id, client->address,
                       client->software.empty() ? "" : fmt::format(" ({})", client->software),
                       client->is_connected ? "connected" : "not connected any more");
}

std::string group_text(const WaitingGroup& group, const PartitionState& partition) {
    if (!group.pending.empty()) {
        return fmt::format("{} ({}): its offsets of {} are in the transaction, and not to be had until it ends", group.group, group.state,
                           joined(group.pending));
    }
    const std::string records = with_thousands(partition.high_watermark - partition.last_stable_offset);
    switch (standing_of(group, partition)) {
        case Standing::waits:
            return fmt::format("{} ({}) is at {}: it waits for {} offsets", group.group, group.state, with_thousands(*group.committed), records);
        case Standing::before:
            return fmt::format("{} ({}) is at {}: {} offsets on it will wait", group.group, group.state, with_thousands(*group.committed),
                               with_thousands(partition.last_stable_offset - *group.committed));
        case Standing::reads_uncommitted:
            return fmt::format("{} ({}) is at {}: it reads uncommitted records and does not wait", group.group, group.state,
                               with_thousands(*group.committed));
    }
    return "";
}

std::string command_text(const std::string& words, const ClientOptions& client) {
    return fmt::format("tideline {}{}", words, client.bootstrap == kDefaultBootstrap ? "" : " --bootstrap " + client.bootstrap);
}

Json time_json(const std::optional<std::int64_t>& ms) { return ms ? Json(format_iso8601(*ms)) : Json(); }

Json to_json(const std::optional<ClientName>& client) {
    if (!client) {
        return {};
    }
    return {{"client", client->id}, {"address", client->address}, {"software", client->software}, {"connected", client->is_connected}};
}

Json to_json(const WaitingGroup& group, const PartitionState& partition) {
    static constexpr const char* kNames[] = {"before", "waits", "reads_uncommitted"};
    return {{"group", group.group},
            {"state", group.state},
            {"committed", known(group.committed)},
            {"standing", kNames[static_cast<int>(standing_of(group, partition))]},
            {"waits_for", records_waited_for(group, partition)},
            {"pending", to_json(group.pending)}};
}

Json to_json(const OpenTransaction& transaction, const TransactionFacts& facts) {
    const Verdict verdict = facts.verdict_on(transaction);
    const std::string id = facts.transactional_id_of(transaction);
    return {{"transactional_id", id.empty() ? Json() : Json(id)},
            {"producer_id", transaction.producer_id},
            {"producer_epoch", transaction.producer_epoch},
            {"condition", name_of(verdict.condition)},
            {"first_offset", transaction.first_offset},
            {"records", known(transaction.records)},
            {"bytes", known(transaction.bytes)},
            {"opened", time_json(transaction.opened_ms)},
            {"last_write", time_json(transaction.last_write_ms)},
            {"ends", time_json(verdict.ends_ms)},
            {"ends_in_seconds", verdict.ends_ms ? Json(static_cast<double>(*verdict.ends_ms - facts.now_ms) / 1000) : Json()},
            {"client", to_json(transaction.client)},
            {"cause", verdict.cause},
            {"do", verdict.action}};
}

Json to_json(const PartitionState& partition, const TransactionFacts& facts) {
    Json open = Json::array();
    for (const OpenTransaction& each : partition.open) {
        open.push_back(to_json(each, facts));
    }
    Json groups = Json::array();
    for (const WaitingGroup* each : facts.groups_at(partition.at)) {
        groups.push_back(to_json(*each, partition));
    }
    return {{"topic", partition.at.topic},
            {"partition", partition.at.partition},
            {"last_stable_offset", partition.last_stable_offset},
            {"high_watermark", partition.high_watermark},
            {"held_back", partition.high_watermark - partition.last_stable_offset},
            {"transactions", open},
            {"groups", groups}};
}

void print_partition(Console& console, const PartitionState& partition, const TransactionFacts& facts, const ClientOptions& client) {
    console.print(fmt::format("{}: the last stable offset is {} of {}, so that {} offsets wait\n",
                              console.painted(Paint::bold, place_text(partition.at)), with_thousands(partition.last_stable_offset),
                              with_thousands(partition.high_watermark),
                              with_thousands(partition.high_watermark - partition.last_stable_offset)));
    if (partition.open.empty()) {
        console.print("  held by   no transaction any more: its last marker is being made durable\n");
    }
    bool holds = true;
    for (const OpenTransaction& each : partition.open) {
        print_transaction(console, each, facts, client, std::exchange(holds, false));
    }
    for (const WaitingGroup* each : facts.groups_at(partition.at)) {
        console.print(fmt::format("  {:<10}{}\n", "group", group_text(*each, partition)));
    }
}

}  // namespace tideline::cli
