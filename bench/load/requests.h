// load/requests.h: the few requests that the load consists of, encoded once.
//
// Versions before the flexible ones, whose fields have fixed places: an answer is read at constant positions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace tideline::load {

using base::Bytes;
using base::ByteView;

// The start of every frame: length, API key, version, correlation id. What follows can be shared by many frames.
struct Prefix {
    static constexpr std::size_t kBytes = 12;
    std::array<std::uint8_t, kBytes> bytes;
};
Prefix prefix(std::int16_t api, std::int16_t version, std::int32_t correlation, std::size_t rest_bytes);

inline constexpr std::int16_t kProduce = 0;
inline constexpr std::int16_t kProduceVersion = 7;
inline constexpr std::int16_t kFetch = 1;
inline constexpr std::int16_t kFetchVersion = 10;
inline constexpr std::int16_t kOffsetCommit = 8;
inline constexpr std::int16_t kOffsetCommitVersion = 2;
inline constexpr std::int16_t kCreateTopics = 19;
inline constexpr std::int16_t kCreateTopicsVersion = 2;

// One record batch of `records` records whose values have `record_bytes` bytes of incompressible text; different for each seed.
Bytes make_batch(std::int64_t records, std::size_t record_bytes, std::uint32_t seed);
// How many such records a batch of at most `batch_bytes` holds, at least one.
std::int64_t records_per_batch(std::size_t record_bytes, std::size_t batch_bytes);

// Everything behind the prefix.
Bytes produce_rest(std::string_view topic, std::int32_t partition, std::int16_t acks, ByteView batch);
Bytes fetch_rest(std::string_view topic, std::int32_t partition, std::int64_t offset, std::int32_t bytes_max, bool committed_only);
// Commits an offset of partition 0, as a client without membership does.
Bytes offset_commit_rest(std::string_view group, std::string_view topic);
Bytes create_topic_rest(std::string_view topic, std::int32_t partitions);

// The error code of the only partition in an answer to produce_rest() or offset_commit_rest(); of the only topic in one to create_topic_rest().
// The answers begin with the correlation id. -1: it is too short.
std::int16_t partition_error(ByteView answer);
std::int16_t create_topic_error(ByteView answer);

}  // namespace tideline::load
