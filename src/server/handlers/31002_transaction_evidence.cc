// server/handlers/31002_transaction_evidence.cc: TransactionEvidence, version 0: who writes in open transactions, and who took
// transactional ids over.
//
// Not Kafka's: docs/decisions/0010-transaction-evidence.md.

#include <map>
#include <set>

#include "server/broker.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::TransactionEvidenceRequest;
using protocol::TransactionEvidenceResponse;
using runtime::Task;

namespace {

using Addresses = std::set<std::pair<std::string, std::int32_t>>;  // host and port

template <class Row>
void name_client(Row& row, const TransactionEvidence::Identity& who) {
    row.transactional_id = who.transactional_id;
    row.client_id = who.client_id;
    row.client_host = who.host;
    row.client_port = who.port;
    row.software = who.software;
}

// `wanted` is sorted; without it everything is.
template <class T>
bool is_asked_for(const std::optional<std::vector<T>>& wanted, const T& value) {
    return !wanted || std::ranges::binary_search(*wanted, value);
}

// Adds what one shard knows, on that shard.
Task<void> add_evidence(ShardServer& there, const TransactionEvidenceRequest& request, TransactionEvidenceResponse& response) {
    const cluster::ImagePtr image = there.image();
    there.transaction_evidence().for_each_writer([&](const TransactionEvidence::Key& key, const TransactionEvidence::Writer& writer) {
        const cluster::TopicImage* topic = image->topic(key.topic_id);
        if (topic == nullptr || !is_asked_for(request.producer_ids, key.producer_id)) {
            return;
        }
        auto& row = response.writers.emplace_back();
        row.topic = topic->name;
        row.partition = key.partition;
        row.producer_id = key.producer_id;
        row.producer_epoch = writer.producer_epoch;
        row.opened_ms = writer.opened_ms;
        row.last_write_ms = writer.last_write_ms;
        row.first_offset = writer.first_offset;
        row.records = writer.records;
        row.bytes = writer.bytes;
        name_client(row, writer.who);
    });
    there.transaction_evidence().for_each_owner([&](const TransactionEvidence::Owner& owner) {
        if (!is_asked_for(request.transactional_ids, owner.who.transactional_id)) {
            return;
        }
        auto& row = response.owners.emplace_back();
        row.producer_id = owner.producer_id;
        row.producer_epoch = owner.producer_epoch;
        row.at_ms = owner.at_ms;
        name_client(row, owner.who);
    });
    co_return;
}

// Adds those of `wanted` that are connected to one shard, on that shard.
Task<void> add_connected(ShardServer& there, const Addresses& wanted, Addresses& connected) {
    there.for_each_connection([&](const ConnectionInfo& connection) {
        std::pair address(connection.peer.host, std::int32_t{connection.peer.port});
        if (!connection.peer_left && wanted.contains(address)) {
            connected.insert(std::move(address));
        }
    });
    co_return;
}

Addresses addresses_of(const TransactionEvidenceResponse& response) {
    Addresses addresses;
    for (const auto& row : response.writers) {
        addresses.emplace(row.client_host, row.client_port);
    }
    for (const auto& row : response.owners) {
        addresses.emplace(row.client_host, row.client_port);
    }
    return addresses;
}

// Each shard knows of the times its own connections took an id over: the last of all counts.
void keep_last_owners(TransactionEvidenceResponse& response) {
    std::map<std::string, TransactionEvidenceResponse::Owner> last;
    for (auto& row : response.owners) {
        auto [at, is_new] = last.try_emplace(row.transactional_id, row);
        if (!is_new && at->second.at_ms < row.at_ms) {
            at->second = row;
        }
    }
    response.owners.clear();
    for (auto& [id, row] : last) {
        response.owners.push_back(std::move(row));
    }
}

}  // namespace

Task<TransactionEvidenceResponse> handle_transaction_evidence(RequestContext& context, TransactionEvidenceRequest& request) {
    ShardServer& here = context.server;
    if (request.producer_ids) {
        std::ranges::sort(*request.producer_ids);
    }
    if (request.transactional_ids) {
        std::ranges::sort(*request.transactional_ids);
    }
    TransactionEvidenceResponse response;
    response.now_ms = here.shard().wall_ms();
    response.since_ms = here.transaction_evidence().since_ms();
    response.abort_interval_ms = here.broker().static_config().integer("transaction.abort.timed.out.transaction.cleanup.interval.ms");
    for (unsigned index = 0; index < here.shard_count(); ++index) {
        ShardServer& there = here.peer(index);
        co_await runtime::call_on(here.shard(), there.shard(), [&] { return add_evidence(there, request, response); });
    }
    keep_last_owners(response);
    const Addresses wanted = addresses_of(response);
    Addresses connected;
    for (unsigned index = 0; index < here.shard_count(); ++index) {
        ShardServer& there = here.peer(index);
        co_await runtime::call_on(here.shard(), there.shard(), [&] { return add_connected(there, wanted, connected); });
    }
    for (auto& row : response.writers) {
        row.is_connected = connected.contains({row.client_host, row.client_port});
    }
    for (auto& row : response.owners) {
        row.is_connected = connected.contains({row.client_host, row.client_port});
    }
    co_return response;
}

}  // namespace tideline::server
