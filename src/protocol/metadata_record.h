// protocol/metadata_record.h: one record of the KRaft metadata log, as the value of a log record.
//
// Frame: unsigned varint 1 (frame version), unsigned varint type, unsigned varint version, the message; nothing after it.
// Errors of decoding: corrupt_message; unsupported_version for a frame, type or version that this release does not know.
#pragma once

#include "protocol/message_schema.h"
#include "protocol/messages/metadata_records.h"

namespace tideline::protocol {

struct VersionedRecord {
    MetadataRecord record;
    std::int16_t version = 0;

    friend bool operator==(const VersionedRecord&, const VersionedRecord&) = default;
};

Result<VersionedRecord> decode_metadata_record(base::ByteView value);
base::Bytes encode_metadata_record(const MetadataRecord& record, std::int16_t version);

const MessageSchema& schema_of(const MetadataRecord& record);
std::string to_json(const VersionedRecord& record);  // {"type":"TopicRecord","version":0,"data":{…}}

// Generated: the message behind the frame.
Result<MetadataRecord> decode_metadata_body(Reader& in, std::uint32_t type, std::int16_t version);

}  // namespace tideline::protocol
