// txn list: what coordinators know. One row a transactional id.
#include <algorithm>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/group/group_view.h"
#include "cli/instant.h"
#include "cli/terminal.h"
#include "cli/text_table.h"
#include "cli/txn/txn_view.h"

namespace tideline::cli {
namespace {

struct Row {
    CoordinatedTransaction transaction;  // of an idle id what the listing says
    std::int64_t records = 0;
    std::int64_t bytes = 0;
};

struct Table {
    std::int64_t now_ms = 0;
    bool is_counted = false;  // by Tideline's brokers
    std::vector<Row> rows;
};

bool is_open(const TransactionListing& listing) {
    return listing.state == "Ongoing" || listing.state == "PrepareCommit" || listing.state == "PrepareAbort";
}

void add_trail(const TransactionTrail& trail, Table& table) {
    table.now_ms = trail.now_ms;
    table.is_counted = true;
    for (Row& row : table.rows) {
        for (const auto& owner : trail.owners) {
            if (owner.transactional_id == row.transaction.transactional_id && owner.producer_id == row.transaction.producer_id) {
                row.transaction.owner = client_of(owner);
            }
        }
        for (const auto& writer : trail.writers) {
            if (writer.producer_id == row.transaction.producer_id && row.transaction.is_open()) {
                row.records += writer.records;
                row.bytes += writer.bytes;
                row.transaction.owner = client_of(writer);
            }
        }
    }
}

Outcome<Table> look(const TxnListOptions& options, std::int64_t longer_than_ms, TransactionAdmin& admin) {
    TransactionFilter filter;
    if (!options.all) {
        filter.states = {"Ongoing", "PrepareCommit", "PrepareAbort"};
    }
    filter.pattern = options.pattern;
    TL_TRY(listings, admin.list(filter));
    std::vector<TransactionListing> open;
    std::ranges::copy_if(listings, std::back_inserter(open), is_open);
    TL_TRY(described, admin.describe(open));
    Table table{.now_ms = terminal::wall_ms()};
    std::vector<std::int64_t> producer_ids;
    std::vector<std::string> ids;
    for (const TransactionListing& listing : listings) {
        auto known = std::ranges::find(described, listing.transactional_id, &CoordinatedTransaction::transactional_id);
        Row row;
        row.transaction = known != described.end() ? *known
                                                   : CoordinatedTransaction{.transactional_id = listing.transactional_id,
                                                                            .coordinator = listing.coordinator,
                                                                            .state = listing.state,
                                                                            .producer_id = listing.producer_id};
        producer_ids.push_back(row.transaction.producer_id);
        ids.push_back(row.transaction.transactional_id);
        table.rows.push_back(std::move(row));
    }
    if (auto trail = ids.empty() ? std::nullopt : admin.trail(producer_ids, ids)) {
        add_trail(*trail, table);
    }
    std::erase_if(table.rows, [&](const Row& row) {
        return longer_than_ms >= 0 && (!row.transaction.start_ms || table.now_ms - *row.transaction.start_ms < longer_than_ms);
    });
    return table;
}

std::string time_left(const CoordinatedTransaction& transaction, std::int64_t now_ms) {
    const auto deadline = transaction.deadline_ms();
    if (!deadline) {
        return "-";
    }
    return *deadline > now_ms ? duration_text(*deadline - now_ms) : "overdue";
}

void print(Console& console, const TxnListOptions& options, const Table& table) {
    if (table.rows.empty()) {
        console.print(options.all ? "no transactional ids\n" : "no transaction is open; --all shows idle transactional ids, too\n");
        return;
    }
    TextTable text({"TRANSACTIONAL ID", "STATE", ">PRODUCER", ">EPOCH", ">OPEN FOR", ">TIME LEFT", ">PARTITIONS", ">RECORDS", ">BYTES", "CLIENT"});
    for (const Row& row : table.rows) {
        const CoordinatedTransaction& each = row.transaction;
        const bool is_counted = table.is_counted && each.is_open();
        text.add({each.transactional_id, each.state, std::to_string(each.producer_id),
                  each.producer_epoch < 0 ? "-" : std::to_string(each.producer_epoch),
                  each.is_open() && each.start_ms ? duration_text(table.now_ms - *each.start_ms) : "-", time_left(each, table.now_ms),
                  each.is_open() ? std::to_string(each.partitions.size()) : "-", is_counted ? with_thousands(row.records) : "-",
                  is_counted ? human_bytes(static_cast<double>(row.bytes)) : "-",
                  each.owner ? fmt::format("{} {}", each.owner->id, each.owner->address) : "-"});
    }
    text.print(console);
}

Json as_json(const Row& row, const Table& table) {
    const CoordinatedTransaction& each = row.transaction;
    const bool is_counted = table.is_counted && each.is_open();
    const auto deadline = each.deadline_ms();
    return {{"transactional_id", each.transactional_id},
            {"coordinator", each.coordinator.id},
            {"state", each.state},
            {"producer_id", each.producer_id},
            {"producer_epoch", each.producer_epoch < 0 ? Json() : Json(each.producer_epoch)},
            {"opened", each.is_open() ? time_json(each.start_ms) : Json()},
            {"ends", time_json(deadline)},
            {"ends_in_seconds", deadline ? Json(static_cast<double>(*deadline - table.now_ms) / 1000) : Json()},
            {"partitions", to_json(std::vector<TopicPartition>(each.partitions.begin(), each.partitions.end()))},
            {"records", is_counted ? Json(row.records) : Json()},
            {"bytes", is_counted ? Json(row.bytes) : Json()},
            {"client", to_json(each.owner)}};
}

}  // namespace

Outcome<ExitCode> run(const TxnListOptions& options, Console& console) {
    std::int64_t longer_than_ms = -1;
    if (options.longer_than) {
        auto duration = parse_duration_ms(*options.longer_than);
        if (!duration) {
            return usage_failure(fmt::format("'{}' is no duration", *options.longer_than), "Write --longer-than 30s or 5m");
        }
        longer_than_ms = *duration;
    }
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::producer));
    TL_TRY(admin, TransactionAdmin::open(*client));
    return repeat(*client, console, options.watch_seconds, [&]() -> Outcome<> {
        TL_TRY(table, look(options, longer_than_ms, admin));
        if (!options.output.json) {
            print(console, options, table);
            return {};
        }
        Json list = Json::array();
        for (const Row& row : table.rows) {
            list.push_back(as_json(row, table));
        }
        print_json(console, list);
        return {};
    });
}

}  // namespace tideline::cli
