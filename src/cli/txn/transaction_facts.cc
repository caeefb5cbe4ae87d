#include "cli/txn/transaction_facts.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/group/topic_selection.h"
#include "cli/terminal.h"
#include "cli/txn/written_amount.h"

namespace tideline::cli {
namespace {

std::vector<std::int64_t> producer_ids_of(const std::vector<PartitionState>& partitions) {
    std::set<std::int64_t> ids;
    for (const PartitionState& partition : partitions) {
        for (const OpenTransaction& each : partition.open) {
            ids.insert(each.producer_id);
        }
    }
    return {ids.begin(), ids.end()};
}

std::vector<std::string> ids_of(const TransactionFacts& facts) {
    std::vector<std::string> ids;
    for (const auto& [id, transaction] : facts.coordinated) {
        ids.push_back(id);
    }
    return ids;
}

void take_over(const TransactionTrail& trail, TransactionFacts& facts) {
    facts.now_ms = trail.now_ms;
    facts.watched_since_ms = trail.since_ms;
    facts.abort_interval_ms = trail.abort_interval_ms;
    for (const auto& row : trail.owners) {
        auto at = facts.coordinated.find(row.transactional_id);
        if (at != facts.coordinated.end() && at->second.producer_id == row.producer_id) {
            at->second.owner = client_of(row);
        }
    }
    for (const auto& row : trail.writers) {
        for (PartitionState& partition : facts.partitions) {
            if (partition.at != TopicPartition{row.topic, row.partition}) {
                continue;
            }
            for (OpenTransaction& each : partition.open) {
                if (each.producer_id != row.producer_id || each.producer_epoch != row.producer_epoch) {
                    continue;
                }
                each.client = client_of(row);
                each.transactional_id = row.transactional_id;
                each.last_write_ms = row.last_write_ms;
                // Else the broker has seen the end of it only, and the log knows more.
                if (row.first_offset == each.first_offset) {
                    each.opened_ms = row.opened_ms;
                    each.records = row.records;
                    each.bytes = row.bytes;
                }
            }
        }
    }
}

bool is_still_open(const OpenTransaction& transaction, const std::vector<PartitionState>& now) {
    auto partition = std::ranges::find(now, transaction.at, &PartitionState::at);
    return partition != now.end() && std::ranges::any_of(partition->open, [&](const OpenTransaction& each) {
               return each.producer_id == transaction.producer_id && each.first_offset == transaction.first_offset;
           });
}

// The coordinators were asked after the partitions: what ended in between looks as if nobody would ever end it.
Outcome<> drop_ended(TransactionAdmin& admin, TransactionFacts& facts) {
    std::vector<PartitionState> again;
    for (const PartitionState& partition : facts.partitions) {
        const bool is_suspicious = std::ranges::any_of(
            partition.open, [&](const OpenTransaction& each) { return facts.verdict_on(each).condition == Condition::hanging; });
        if (is_suspicious) {
            again.push_back({partition.at});
        }
    }
    if (again.empty()) {
        return {};
    }
    TL_TRY_VOID(admin.look_up_open(again));
    for (PartitionState& partition : facts.partitions) {
        std::erase_if(partition.open, [&](const OpenTransaction& each) {
            return facts.verdict_on(each).condition == Condition::hanging && !is_still_open(each, again);
        });
    }
    return {};
}

// Ids that producers named and that have another producer by now.
Outcome<> look_up_named_ids(TransactionAdmin& admin, TransactionFacts& facts) {
    std::set<std::string> named;
    for (const PartitionState& partition : facts.partitions) {
        for (const OpenTransaction& each : partition.open) {
            if (!each.transactional_id.empty() && facts.by_id(each.transactional_id) == nullptr) {
                named.insert(each.transactional_id);
            }
        }
    }
    for (const std::string& id : named) {
        TL_TRY(described, admin.describe_id(id));
        for (CoordinatedTransaction& each : described) {
            facts.coordinated.emplace(id, std::move(each));
        }
    }
    return {};
}

}  // namespace

const CoordinatedTransaction* TransactionFacts::by_producer(std::int64_t producer_id) const {
    auto at = std::ranges::find_if(coordinated, [&](const auto& entry) { return entry.second.producer_id == producer_id; });
    return at == coordinated.end() ? nullptr : &at->second;
}

const CoordinatedTransaction* TransactionFacts::by_id(const std::string& transactional_id) const {
    auto at = coordinated.find(transactional_id);
    return at == coordinated.end() ? nullptr : &at->second;
}

Verdict TransactionFacts::verdict_on(const OpenTransaction& transaction) const {
    return judge(transaction, {.by_producer = by_producer(transaction.producer_id),
                               .by_id = by_id(transaction.transactional_id),
                               .now_ms = now_ms,
                               .abort_interval_ms = abort_interval_ms});
}

std::string TransactionFacts::transactional_id_of(const OpenTransaction& transaction) const {
    const CoordinatedTransaction* known = by_producer(transaction.producer_id);
    return known == nullptr ? transaction.transactional_id : known->transactional_id;
}

std::vector<const WaitingGroup*> TransactionFacts::groups_at(const TopicPartition& at) const {
    std::vector<const WaitingGroup*> found;
    for (const WaitingGroup& each : groups) {
        if (each.at == at) {
            found.push_back(&each);
        }
    }
    return found;
}

std::vector<TopicPartition> all_partitions(const Metadata& metadata) {
    std::vector<TopicPartition> all;
    for (const auto& [name, topic] : metadata.topics) {
        for (const PartitionInfo& partition : topic.partitions) {
            all.push_back({name, partition.id});
        }
    }
    return all;
}

Outcome<std::vector<TopicPartition>> chosen_partitions(const Metadata& metadata, const std::vector<std::string>& topics) {
    if (topics.empty()) {
        return all_partitions(metadata);
    }
    TL_TRY(selections, parse_topic_selections(topics));
    std::set<TopicPartition> chosen;
    for (const TopicSelection& selection : selections) {
        TL_TRY(topic, find_topic(metadata, selection.topic));
        for (const PartitionInfo& partition : topic.partitions) {
            if (selection.partitions.empty()) {
                chosen.insert({topic.name, partition.id});
            }
        }
        for (std::int32_t partition : selection.partitions) {
            if (std::ranges::find(topic.partitions, partition, &PartitionInfo::id) == topic.partitions.end()) {
                return std::unexpected(Failure{ExitCode::refused, fmt::format("topic '{}' has no partition {}", topic.name, partition),
                                               fmt::format("It has {}", topic.partitions.size()), "UNKNOWN_TOPIC_OR_PARTITION"});
            }
            chosen.insert({topic.name, partition});
        }
    }
    return std::vector<TopicPartition>(chosen.begin(), chosen.end());
}

Outcome<TransactionFacts> gather_facts(TransactionAdmin& admin, const std::vector<TopicPartition>& partitions, Unreachable partition_is) {
    TransactionFacts facts;
    facts.now_ms = terminal::wall_ms();
    TL_TRY(states, admin.ends_of(partitions, partition_is));
    for (PartitionState& each : states) {
        (each.is_held() ? facts.partitions : facts.free).push_back(std::move(each));
    }
    if (!facts.partitions.empty()) {
        TL_TRY_VOID(admin.look_up_open(facts.partitions));
    }
    const std::vector<std::int64_t> producer_ids = producer_ids_of(facts.partitions);
    if (producer_ids.empty()) {
        return facts;
    }
    TL_TRY(listings, admin.list({.producer_ids = producer_ids}));
    TL_TRY(described, admin.describe(listings));
    for (CoordinatedTransaction& each : described) {
        std::string id = each.transactional_id;
        facts.coordinated.emplace(std::move(id), std::move(each));
    }
    if (auto trail = admin.trail(producer_ids, ids_of(facts))) {
        take_over(*trail, facts);
    }
    TL_TRY_VOID(look_up_named_ids(admin, facts));
    TL_TRY_VOID(drop_ended(admin, facts));
    for (PartitionState& each : facts.partitions) {
        TL_TRY_VOID(count_written(admin.client(), each));
    }
    TL_TRY(groups, look_up_waiting_groups(admin, facts.partitions));
    facts.groups = std::move(groups);
    return facts;
}

}  // namespace tideline::cli
