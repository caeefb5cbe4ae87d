// server/handlers/27_write_txn_markers.cc: WriteTxnMarkers, versions 1–2.
// v2 transaction version (KIP-1228)
//
// From a transaction coordinator of another broker, and from an administrator who aborts what hangs.

#include <map>

#include "server/broker.h"
#include "server/handlers/handlers.h"
#include "server/transaction_markers.h"

namespace tideline::server {

using protocol::WriteTxnMarkersRequest;
using protocol::WriteTxnMarkersResponse;
using runtime::Task;

namespace {

TransactionMarker marker_of(const WriteTxnMarkersRequest::WritableTxnMarker& wanted) {
    TransactionMarker marker{.producer_id = wanted.producer_id,
                             .producer_epoch = wanted.producer_epoch,
                             .coordinator_epoch = wanted.coordinator_epoch,
                             .committed = wanted.transaction_result,
                             .transaction_version = wanted.transaction_version,
                             .targets = {}};
    for (const auto& topic : wanted.topics) {
        for (std::int32_t partition : topic.partition_indexes) {
            marker.targets.push_back({.topic = topic.name, .partition = partition});
        }
    }
    return marker;
}

// Kafka answers for each producer id and topic once, however often the request names them.
WriteTxnMarkersResponse response_of(const std::vector<TransactionMarker>& markers) {
    std::map<std::int64_t, std::map<std::string_view, std::map<std::int32_t, ErrorCode>>> results;
    for (const TransactionMarker& marker : markers) {
        auto& topics = results[marker.producer_id];
        for (const MarkerTarget& target : marker.targets) {
            topics[target.topic][target.partition] = target.error;
        }
    }
    WriteTxnMarkersResponse response;
    for (const auto& [producer_id, topics] : results) {
        auto& row = response.markers.emplace_back();
        row.producer_id = producer_id;
        for (const auto& [name, partitions] : topics) {
            auto& topic = row.topics.emplace_back();
            topic.name = name;
            for (const auto& [partition, error] : partitions) {
                topic.partitions.push_back({.partition_index = partition, .error_code = error});
            }
        }
    }
    return response;
}

}  // namespace

Task<WriteTxnMarkersResponse> handle_write_txn_markers(RequestContext& context, WriteTxnMarkersRequest& request) {
    std::vector<TransactionMarker> markers;
    markers.reserve(request.markers.size());
    for (const auto& wanted : request.markers) {
        markers.push_back(marker_of(wanted));
    }
    ShardServer& server = context.server;
    runtime::Instant deadline = server.shard().now() + std::chrono::milliseconds(server.config()->integer("request.timeout.ms"));
    co_await write_transaction_markers(server, markers, deadline);
    co_return response_of(markers);
}

}  // namespace tideline::server
