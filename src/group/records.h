// group/records.h: records of __consumer_offsets as bytes, in the versions that Kafka 4.2 writes.
//
// Format:  docs/formats/schema-notation.md, `coordinator`; schema/coordinator/
#pragma once

#include "coordinator/records.h"
#include "group/effects.h"
#include "protocol/messages/group_metadata_record.h"
#include "protocol/messages/offset_commit_record.h"

namespace tideline::group {

inline constexpr std::int16_t kGroupMetadataVersion = 3;
inline constexpr std::int16_t kOffsetCommitVersion = 4;
inline constexpr std::int16_t kOffsetCommitVersionWithExpiry = 1;  // for clients that said how long to keep an offset

using coordinator::decode_body;
using coordinator::decode_value;
using coordinator::encode_key;
using coordinator::encode_value;
using coordinator::make_record;
using coordinator::split_version;
using coordinator::tombstone;
using coordinator::Versioned;

}  // namespace tideline::group
