// server/handlers/02_list_offsets.cc: ListOffsets, versions 1–11.
// v2 isolation level   v4 leader epochs (KIP-320)   v6 flexible   v7 maximum timestamp (KIP-734)
// v8 earliest local offset (KIP-405)   v9 last tiered offset (KIP-1005)   v11 earliest pending upload (KIP-1023)

#include <set>

#include "server/broker.h"
#include "server/handlers/handlers.h"
#include "server/partition_access.h"

namespace tideline::server {

using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;
using runtime::Task;

namespace {

using Row = ListOffsetsResponse::ListOffsetsPartitionResponse;

// Timestamps that are no timestamps.
constexpr std::int64_t kLatest = -1;
constexpr std::int64_t kEarliest = -2;
constexpr std::int64_t kMaxTimestamp = -3;
constexpr std::int64_t kEarliestLocal = -4;
constexpr std::int64_t kLatestTiered = -5;
constexpr std::int64_t kEarliestPendingUpload = -6;

struct ListItem {
    Located at;
    std::int32_t partition = 0;
    std::size_t topic = 0;  // index in the response
    ListOffsetsRequest::ListOffsetsPartition wanted;
    Row row;
};

// Which special timestamps a version knows; others are UNSUPPORTED_VERSION.
bool is_known(std::int64_t timestamp, std::int16_t version) {
    switch (timestamp) {
        case kMaxTimestamp:
            return version >= 7;
        case kEarliestLocal:
            return version >= 8;
        case kLatestTiered:
            return version >= 9;
        case kEarliestPendingUpload:
            return version >= 11;
        default:
            return timestamp > kEarliestPendingUpload;
    }
}

void set_offset(Row& row, const log::TimestampedOffset& found, bool with_timestamp) {
    row.timestamp = with_timestamp ? found.timestamp : -1;
    row.offset = found.offset;
    row.leader_epoch = found.leader_epoch;
}

// A record that is found counts only when readers may see it.
void set_found(Row& row, const base::Result<std::optional<log::TimestampedOffset>>& found, log::Offset limit) {
    if (!found) {
        row.error_code = found.error().code;
        return;
    }
    if (*found && (*found)->offset < limit) {
        set_offset(row, **found, true);
    }
}

void list_one(cluster::Partition& partition, ListItem& item, cluster::Isolation isolation) {
    Row& row = item.row;
    if (auto epoch = partition.check_epoch(item.wanted.current_leader_epoch); !epoch) {
        row.error_code = epoch.error().code;
        return;
    }
    if (auto online = partition.check_online(); !online) {
        row.error_code = online.error().code;
        return;
    }
    log::Offset limit = partition.read_limit(isolation);
    switch (item.wanted.timestamp) {
        case kLatest:
            set_offset(row, {.timestamp = -1, .offset = limit, .leader_epoch = partition.leader_epoch()}, false);
            return;
        case kEarliest:
        case kEarliestLocal:
            // Nothing is tiered: the whole log is local.
            set_offset(row, partition.log().earliest(), false);
            return;
        case kLatestTiered:
        case kEarliestPendingUpload:
            return;  // -1: there is no such offset without remote storage
        case kMaxTimestamp:
            set_found(row, partition.log().offset_of_max_timestamp(), limit);
            return;
        default:
            set_found(row, partition.log().offset_for_timestamp(item.wanted.timestamp), limit);
    }
}

// Partitions named more than once are INVALID_REQUEST, said once.
std::set<std::pair<std::string, std::int32_t>> repeated_partitions(const ListOffsetsRequest& request) {
    std::set<std::pair<std::string, std::int32_t>> seen;
    std::set<std::pair<std::string, std::int32_t>> repeated;
    for (const auto& topic : request.topics) {
        for (const auto& partition : topic.partitions) {
            if (!seen.emplace(topic.name, partition.partition_index).second) {
                repeated.emplace(topic.name, partition.partition_index);
            }
        }
    }
    return repeated;
}

}  // namespace

Task<ListOffsetsResponse> handle_list_offsets(RequestContext& context, ListOffsetsRequest& request) {
    cluster::ImagePtr image = context.server.image();
    auto repeated = repeated_partitions(request);
    ListOffsetsResponse response;
    std::vector<ListItem> items;
    std::set<std::pair<std::string, std::int32_t>> refused;
    for (const auto& topic : request.topics) {
        response.topics.emplace_back().name = topic.name;
        for (const auto& wanted : topic.partitions) {
            if (repeated.contains({topic.name, wanted.partition_index}) &&
                !refused.emplace(topic.name, wanted.partition_index).second) {
                continue;
            }
            ListItem item{.at = locate(context.server, *image, topic.name, wanted.partition_index),
                          .partition = wanted.partition_index,
                          .topic = response.topics.size() - 1,
                          .wanted = wanted,
                          .row = {}};
            item.row.partition_index = wanted.partition_index;
            if (repeated.contains({topic.name, wanted.partition_index})) {
                item.at.error = ErrorCode::invalid_request;
            } else if (!is_known(wanted.timestamp, context.version())) {
                item.at.error = ErrorCode::unsupported_version;
            } else if (request.replica_id >= 0 && item.at.error == ErrorCode::none) {
                item.at.error = ErrorCode::not_leader_or_follower;  // nobody is a replica here
            }
            items.push_back(std::move(item));
        }
    }
    auto isolation = request.isolation_level == 1 ? cluster::Isolation::read_committed : cluster::Isolation::read_uncommitted;
    co_await for_each_on_owner(context.server, items, [isolation](ShardServer&, cluster::Partition& partition, ListItem& item) {
        list_one(partition, item, isolation);
    });
    for (ListItem& item : items) {
        if (item.at.error != ErrorCode::none) {
            item.row.error_code = item.at.error;
        }
        response.topics[item.topic].partitions.push_back(item.row);
    }
    co_return response;
}

}  // namespace tideline::server
