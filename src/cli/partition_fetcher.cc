#include "cli/partition_fetcher.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/result.h"

namespace tideline::cli {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;

// A connection is made for each request, so that one should bring much.
constexpr std::int32_t kFetchBytesMax = 16 << 20;
// Version 13 names topics by their ids.
constexpr std::int16_t kVersionMax = 12;

FetchRequest request_for(const std::string& topic, std::int32_t partition, std::int64_t offset, Isolation isolation) {
    FetchRequest request;
    request.replica_id = -1;
    request.max_bytes = kFetchBytesMax;
    request.isolation_level = static_cast<std::int8_t>(isolation);
    FetchRequest::FetchTopic& wanted = request.topics.emplace_back();
    wanted.topic = topic;
    FetchRequest::FetchPartition& range = wanted.partitions.emplace_back();
    range.partition = partition;
    range.fetch_offset = offset;
    range.partition_max_bytes = kFetchBytesMax;
    return request;
}

}  // namespace

Outcome<PartitionFetcher> PartitionFetcher::open(KafkaClient& client, const std::string& topic) {
    TL_TRY(metadata, client.metadata());
    TL_TRY(info, find_topic(metadata, topic));
    return PartitionFetcher(client, std::move(metadata), std::move(info));
}

Outcome<BrokerLink> PartitionFetcher::leader_of(std::int32_t partition) const {
    auto info = std::ranges::find(topic_.partitions, partition, &PartitionInfo::id);
    auto broker = info == topic_.partitions.end() ? metadata_.brokers.end()
                                                  : std::ranges::find(metadata_.brokers, info->leader, &BrokerInfo::id);
    if (broker == metadata_.brokers.end()) {
        return std::unexpected(client_->failure(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, fmt::format("read partition {}", partition)));
    }
    return BrokerLink(client_->options(), broker->host, broker->port);
}

Outcome<FetchedBatches> PartitionFetcher::fetch(std::int32_t partition, std::int64_t offset, Isolation isolation) {
    const std::string doing = fmt::format("read partition {}", partition);
    TL_TRY(leader, leader_of(partition));
    TL_TRY(answer, leader.ask_undecoded(request_for(topic_.name, partition, offset, isolation), doing, kVersionMax));
    FetchedBatches fetched;
    fetched.answer = std::move(answer);
    TL_TRY(response, leader.decode<FetchResponse>(fetched.answer, doing));
    ErrorCode error = response.error_code;
    for (FetchResponse::FetchableTopicResponse& topic : response.responses) {
        for (FetchResponse::PartitionData& data : topic.partitions) {
            error = error == ErrorCode::none ? data.error_code : error;
            fetched.batches = data.records.bytes;
            fetched.high_watermark = data.high_watermark;
            fetched.last_stable_offset = data.last_stable_offset;
            fetched.aborted = std::move(data.aborted_transactions).value_or(std::vector<FetchResponse::AbortedTransaction>{});
        }
    }
    if (error != ErrorCode::none) {
        return std::unexpected(client_->failure(static_cast<rd_kafka_resp_err_t>(error), doing));
    }
    return fetched;
}

Outcome<> PartitionFetcher::wait_for_more(std::int32_t partition, std::int64_t offset, Isolation isolation, int wait_ms) {
    TL_TRY(leader, leader_of(partition));
    FetchRequest request = request_for(topic_.name, partition, offset, isolation);
    request.min_bytes = 1;
    request.max_wait_ms = wait_ms;
    TL_TRY_VOID(leader.ask_undecoded(request, fmt::format("read partition {}", partition), kVersionMax));
    return {};
}

}  // namespace tideline::cli
