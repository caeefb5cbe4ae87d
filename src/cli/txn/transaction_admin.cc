#include "cli/txn/transaction_admin.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/terminal.h"
#include "protocol/messages/describe_producers.h"
#include "protocol/messages/describe_transactions.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/init_producer_id.h"
#include "protocol/messages/list_offsets.h"
#include "protocol/messages/list_transactions.h"
#include "protocol/messages/write_txn_markers.h"

namespace tideline::cli {
namespace {

using protocol::DescribeProducersRequest;
using protocol::DescribeProducersResponse;
using protocol::DescribeTransactionsRequest;
using protocol::DescribeTransactionsResponse;
using protocol::FindCoordinatorRequest;
using protocol::FindCoordinatorResponse;
using protocol::InitProducerIdRequest;
using protocol::InitProducerIdResponse;
using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;
using protocol::ListTransactionsRequest;
using protocol::ListTransactionsResponse;
using protocol::TransactionEvidenceRequest;
using protocol::TransactionEvidenceResponse;
using protocol::WriteTxnMarkersRequest;
using protocol::WriteTxnMarkersResponse;

constexpr std::int64_t kLatest = -1;
constexpr std::int8_t kTransactionKey = 1;  // of FindCoordinator
// The first version with several keys: one key is all that is asked for here.
constexpr std::int16_t kFindCoordinatorVersionMax = 3;
constexpr int kRetryMs = 100;

rd_kafka_resp_err_t as_kafka(ErrorCode error) { return static_cast<rd_kafka_resp_err_t>(error); }

// Asks again while a coordinator is loading its log, or is looked for, until the client's timeout.
template <class Ask>
auto patiently(KafkaClient& client, Ask ask) {
    const double give_up_at = terminal::steady_seconds() + client.timeout_ms() / 1000.0;
    for (;;) {
        auto answer = ask();
        const bool may_pass = !answer && (answer.error().kafka_error == name_of(ErrorCode::coordinator_load_in_progress) ||
                                          answer.error().kafka_error == name_of(ErrorCode::coordinator_not_available) ||
                                          answer.error().kafka_error == name_of(ErrorCode::not_coordinator));
        if (!may_pass || terminal::steady_seconds() > give_up_at || terminal::interrupted()) {
            return answer;
        }
        rd_kafka_poll(client.handle(), kRetryMs);
    }
}

}  // namespace

std::optional<std::int64_t> CoordinatedTransaction::deadline_ms() const {
    return start_ms && is_ongoing() ? std::optional(*start_ms + timeout_ms) : std::nullopt;
}

Outcome<TransactionAdmin> TransactionAdmin::open(KafkaClient& client) {
    TL_TRY(metadata, client.metadata());
    return TransactionAdmin(client, std::move(metadata));
}

Outcome<const BrokerInfo*> TransactionAdmin::leader_of(const TopicPartition& at) const {
    TL_TRY(topic, find_topic(metadata_, at.topic));
    auto partition = std::ranges::find(topic.partitions, at.partition, &PartitionInfo::id);
    const std::string doing = fmt::format("look at {}-{}", at.topic, at.partition);
    if (partition == topic.partitions.end()) {
        return std::unexpected(client_->failure(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, doing));
    }
    auto broker = std::ranges::find(metadata_.brokers, partition->leader, &BrokerInfo::id);
    if (broker == metadata_.brokers.end()) {
        return std::unexpected(client_->failure(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, doing));
    }
    return &*broker;
}

Outcome<std::map<const BrokerInfo*, TransactionAdmin::ByTopic>> TransactionAdmin::by_leader(
    const std::vector<TopicPartition>& partitions, Unreachable partition_is) const {
    std::map<const BrokerInfo*, ByTopic> grouped;
    for (const TopicPartition& at : partitions) {
        auto leader = leader_of(at);
        if (leader) {
            grouped[*leader][at.topic].push_back(at.partition);
        } else if (partition_is == Unreachable::is_error) {
            return std::unexpected(leader.error());
        }
    }
    return grouped;
}

Outcome<std::map<TopicPartition, std::int64_t>> TransactionAdmin::latest(const BrokerInfo& broker, const ByTopic& topics,
                                                                         Isolation isolation, Unreachable partition_is) {
    ListOffsetsRequest request;
    request.replica_id = -1;
    request.isolation_level = static_cast<std::int8_t>(isolation);
    for (const auto& [name, partitions] : topics) {
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        for (std::int32_t partition : partitions) {
            auto& wanted = topic.partitions.emplace_back();
            wanted.partition_index = partition;
            wanted.timestamp = kLatest;
        }
    }
    TL_TRY(answer, (link_to(broker).ask<ListOffsetsRequest, ListOffsetsResponse>(request, "ask for the ends of partitions")));
    std::map<TopicPartition, std::int64_t> offsets;
    for (const auto& topic : answer.topics) {
        for (const auto& partition : topic.partitions) {
            if (partition.error_code == ErrorCode::none) {
                offsets[{topic.name, partition.partition_index}] = partition.offset;
            } else if (partition_is == Unreachable::is_error) {
                return std::unexpected(client_->failure(as_kafka(partition.error_code),
                                                        fmt::format("look at {}-{}", topic.name, partition.partition_index)));
            }
        }
    }
    return offsets;
}

Outcome<std::vector<PartitionState>> TransactionAdmin::ends_of(const std::vector<TopicPartition>& partitions, Unreachable partition_is) {
    TL_TRY(grouped, by_leader(partitions, partition_is));
    std::vector<PartitionState> states;
    for (const auto& [broker, topics] : grouped) {
        // The stable one first: what moves on in between only makes a partition look held that is not, and that shows.
        TL_TRY(stable, latest(*broker, topics, Isolation::read_committed, partition_is));
        TL_TRY(ends, latest(*broker, topics, Isolation::read_uncommitted, partition_is));
        for (const auto& [at, offset] : stable) {
            if (auto end = ends.find(at); end != ends.end()) {
                states.push_back({at, offset, end->second});
            }
        }
    }
    std::ranges::sort(states, {}, &PartitionState::at);
    return states;
}

Outcome<> TransactionAdmin::look_up_open(std::vector<PartitionState>& partitions) {
    std::map<TopicPartition, PartitionState*> by_place;
    std::vector<TopicPartition> places;
    for (PartitionState& each : partitions) {
        by_place[each.at] = &each;
        places.push_back(each.at);
    }
    TL_TRY(grouped, by_leader(places, Unreachable::is_left_out));
    for (const auto& [broker, topics] : grouped) {
        DescribeProducersRequest request;
        for (const auto& [name, ids] : topics) {
            request.topics.push_back({.name = name, .partition_indexes = ids});
        }
        TL_TRY(answer, (link_to(*broker).ask<DescribeProducersRequest, DescribeProducersResponse>(request, "ask who writes")));
        for (const auto& topic : answer.topics) {
            for (const auto& row : topic.partitions) {
                const TopicPartition at{topic.name, row.partition_index};
                for (const auto& producer : row.active_producers) {
                    if (producer.current_txn_start_offset >= 0) {
                        by_place[at]->open.push_back(
                            {.at = at,
                             .producer_id = producer.producer_id,
                             .producer_epoch = static_cast<std::int16_t>(producer.producer_epoch),
                             .coordinator_epoch = producer.coordinator_epoch,
                             .first_offset = producer.current_txn_start_offset,
                             .last_write_ms = producer.last_timestamp < 0 ? std::nullopt : std::optional(producer.last_timestamp)});
                    }
                }
            }
        }
    }
    for (PartitionState& each : partitions) {
        std::ranges::sort(each.open, {}, &OpenTransaction::first_offset);
    }
    return {};
}

Outcome<std::vector<TransactionListing>> TransactionAdmin::list(const TransactionFilter& filter) {
    ListTransactionsRequest request;
    request.state_filters = filter.states;
    request.producer_id_filters = filter.producer_ids;
    request.transactional_id_pattern = filter.pattern;
    std::vector<TransactionListing> listings;
    for (const BrokerInfo& broker : metadata_.brokers) {
        auto ask = [&]() -> Outcome<ListTransactionsResponse> {
            TL_TRY(answer, (link_to(broker).ask<ListTransactionsRequest, ListTransactionsResponse>(request, "list transactions")));
            if (answer.error_code != ErrorCode::none) {
                return std::unexpected(client_->failure(as_kafka(answer.error_code), "list transactions"));
            }
            return std::move(answer);
        };
        TL_TRY(answer, patiently(*client_, ask));
        for (const auto& row : answer.transaction_states) {
            listings.push_back({row.transactional_id, broker, row.transaction_state, row.producer_id});
        }
    }
    std::ranges::sort(listings, {}, &TransactionListing::transactional_id);
    return listings;
}

Outcome<std::vector<CoordinatedTransaction>> TransactionAdmin::describe_at(const BrokerInfo& coordinator,
                                                                           const std::vector<std::string>& ids) {
    DescribeTransactionsRequest request;
    request.transactional_ids = ids;
    TL_TRY(answer, (link_to(coordinator).ask<DescribeTransactionsRequest, DescribeTransactionsResponse>(request, "describe transactions")));
    std::vector<CoordinatedTransaction> described;
    for (const auto& row : answer.transaction_states) {
        if (row.error_code == ErrorCode::transactional_id_not_found) {
            continue;
        }
        if (row.error_code != ErrorCode::none) {
            return std::unexpected(
                client_->failure(as_kafka(row.error_code), fmt::format("describe transactional id '{}'", row.transactional_id)));
        }
        CoordinatedTransaction& transaction = described.emplace_back();
        transaction.transactional_id = row.transactional_id;
        transaction.coordinator = coordinator;
        transaction.state = row.transaction_state;
        transaction.producer_id = row.producer_id;
        transaction.producer_epoch = row.producer_epoch;
        transaction.timeout_ms = row.transaction_timeout_ms;
        if (row.transaction_start_time_ms >= 0) {
            transaction.start_ms = row.transaction_start_time_ms;
        }
        for (const auto& topic : row.topics) {
            for (std::int32_t partition : topic.partitions) {
                transaction.partitions.insert({topic.topic, partition});
            }
        }
    }
    return described;
}

Outcome<std::vector<CoordinatedTransaction>> TransactionAdmin::describe(const std::vector<TransactionListing>& listings) {
    std::map<std::int32_t, std::vector<std::string>> ids;
    for (const TransactionListing& each : listings) {
        ids[each.coordinator.id].push_back(each.transactional_id);
    }
    std::vector<CoordinatedTransaction> described;
    for (const BrokerInfo& broker : metadata_.brokers) {
        if (auto at = ids.find(broker.id); at != ids.end()) {
            TL_TRY(part, patiently(*client_, [&] { return describe_at(broker, at->second); }));
            std::ranges::move(part, std::back_inserter(described));
        }
    }
    std::ranges::sort(described, {}, &CoordinatedTransaction::transactional_id);
    return described;
}

Outcome<BrokerInfo> TransactionAdmin::coordinator_of(const std::string& transactional_id) {
    FindCoordinatorRequest request;
    request.key = transactional_id;
    request.key_type = kTransactionKey;
    const std::string doing = fmt::format("find the coordinator of transactional id '{}'", transactional_id);
    TL_TRY(answer, (link_to(metadata_.brokers.front())
                        .ask<FindCoordinatorRequest, FindCoordinatorResponse>(request, doing, kFindCoordinatorVersionMax)));
    if (answer.error_code != ErrorCode::none) {
        return std::unexpected(client_->failure(as_kafka(answer.error_code), doing));
    }
    return BrokerInfo{answer.node_id, answer.host, answer.port};
}

Outcome<std::vector<CoordinatedTransaction>> TransactionAdmin::describe_id(const std::string& transactional_id) {
    return patiently(*client_, [&]() -> Outcome<std::vector<CoordinatedTransaction>> {
        TL_TRY(coordinator, coordinator_of(transactional_id));
        return describe_at(coordinator, {transactional_id});
    });
}

std::optional<TransactionTrail> TransactionAdmin::trail(const std::vector<std::int64_t>& producer_ids,
                                                        const std::vector<std::string>& transactional_ids) {
    TransactionEvidenceRequest request;
    request.producer_ids = producer_ids;
    request.transactional_ids = transactional_ids;
    TransactionTrail trail;
    for (const BrokerInfo& broker : metadata_.brokers) {
        auto answer = link_to(broker).ask<TransactionEvidenceRequest, TransactionEvidenceResponse>(request, "ask who writes in transactions");
        if (!answer) {
            return std::nullopt;
        }
        trail.now_ms = std::max(trail.now_ms, answer->now_ms);
        trail.since_ms = std::max(trail.since_ms, answer->since_ms);
        trail.abort_interval_ms = std::max(trail.abort_interval_ms, answer->abort_interval_ms);
        std::ranges::move(answer->writers, std::back_inserter(trail.writers));
        std::ranges::move(answer->owners, std::back_inserter(trail.owners));
    }
    return trail;
}

Outcome<> TransactionAdmin::fence(const CoordinatedTransaction& transaction) {
    InitProducerIdRequest request;
    request.transactional_id = transaction.transactional_id;
    request.transaction_timeout_ms = transaction.timeout_ms;  // what the id had: it keeps it
    const std::string doing = fmt::format("fence the producer of '{}'", transaction.transactional_id);
    const double give_up_at = terminal::steady_seconds() + client_->timeout_ms() / 1000.0;
    for (;;) {
        TL_TRY(answer, (link_to(transaction.coordinator).ask<InitProducerIdRequest, InitProducerIdResponse>(request, doing)));
        if (answer.error_code == ErrorCode::none) {
            return {};
        }
        // CONCURRENT_TRANSACTIONS until the markers are written.
        if (!is_retriable(answer.error_code) || terminal::steady_seconds() > give_up_at || terminal::interrupted()) {
            return std::unexpected(client_->failure(as_kafka(answer.error_code), doing));
        }
        rd_kafka_poll(client_->handle(), kRetryMs);
    }
}

Outcome<> TransactionAdmin::write_abort_markers(const std::vector<OpenTransaction>& transactions) {
    std::vector<TopicPartition> places;
    for (const OpenTransaction& each : transactions) {
        places.push_back(each.at);
    }
    TL_TRY(grouped, by_leader(places, Unreachable::is_error));
    for (const auto& [broker, topics] : grouped) {
        WriteTxnMarkersRequest request;
        for (const OpenTransaction& each : transactions) {
            auto at = topics.find(each.at.topic);
            if (at == topics.end() || std::ranges::count(at->second, each.at.partition) == 0) {
                continue;
            }
            auto& marker = request.markers.emplace_back();
            marker.producer_id = each.producer_id;
            marker.producer_epoch = each.producer_epoch;
            marker.transaction_result = false;
            // A producer whose first transaction hangs has seen no coordinator's marker: the lowest epoch there is fences none.
            marker.coordinator_epoch = std::max(each.coordinator_epoch, 0);
            marker.topics.push_back({.name = each.at.topic, .partition_indexes = {each.at.partition}});
        }
        TL_TRY(answer, (link_to(*broker).ask<WriteTxnMarkersRequest, WriteTxnMarkersResponse>(request, "write abort markers")));
        for (const auto& marker : answer.markers) {
            for (const auto& topic : marker.topics) {
                for (const auto& partition : topic.partitions) {
                    if (partition.error_code != ErrorCode::none) {
                        return std::unexpected(
                            client_->failure(as_kafka(partition.error_code),
                                             fmt::format("write an abort marker to {}-{}", topic.name, partition.partition_index)));
                    }
                }
            }
        }
    }
    return {};
}

}  // namespace tideline::cli
