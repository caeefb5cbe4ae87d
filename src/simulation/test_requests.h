// simulation/test_requests.h: what the tests of whole brokers ask for again and again, each expecting that it succeeds.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "protocol/messages/create_topics.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/produce.h"
#include "record/build.h"
#include "simulation/client_link.h"

namespace tideline::simulation {

using Configs = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::int16_t kProduceByName = 12;
inline constexpr std::int16_t kFetchByName = 12;

// Every batch is a segment of its own.
inline Configs small_segments() { return {{"segment.index.bytes", "12"}, {"index.interval.bytes", "0"}}; }

inline Task<void> create_topic(ClientLink& link, std::string name, std::int32_t partitions, Configs configs = {}) {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = partitions;
    topic.replication_factor = 1;
    for (const auto& [key, value] : configs) {
        topic.configs.push_back({.name = key, .value = value});
    }
    auto created = co_await link.call(request, protocol::CreateTopicsRequest::kMaxVersion);
    EXPECT_TRUE(created && created->response.topics.at(0).error_code == ErrorCode::none);
}

// What becomes of one batch of one record, with acks=all.
inline Task<ErrorCode> produce(runtime::Shard& shard, ClientLink& link, std::string topic, std::int32_t partition, std::size_t bytes) {
    record::BatchBuilder builder({});
    std::string value(bytes, 'v');
    builder.add(shard.wall_ms(), std::nullopt, base::as_bytes(value));
    base::Bytes batch = builder.finish();
    protocol::ProduceRequest request{.acks = -1, .timeout_ms = 5000};
    auto& data = request.topic_data.emplace_back();
    data.name = topic;
    data.partition_data.push_back({.index = partition, .records = protocol::Records::of(batch)});
    auto produced = co_await link.call(request, kProduceByName);
    co_return produced ? produced->response.responses.at(0).partition_responses.at(0).error_code : produced.error().code;
}

inline Task<void> put(runtime::Shard& shard, ClientLink& link, std::string topic, std::int32_t partition, std::size_t bytes) {
    ErrorCode error = co_await produce(shard, link, std::move(topic), partition, bytes);
    EXPECT_EQ(error, ErrorCode::none);
}

}  // namespace tideline::simulation
