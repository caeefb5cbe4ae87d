#include "protocol/metadata_record.h"

#include <fmt/format.h>

#include "protocol/reader.h"
#include "protocol/writer.h"

namespace tideline::protocol {
namespace {

constexpr std::uint32_t kFrameVersion = 1;

}  // namespace

Result<VersionedRecord> decode_metadata_record(base::ByteView value) {
    Reader in(value);
    std::uint32_t frame = in.read_unsigned_varint();
    std::uint32_t type = in.read_unsigned_varint();
    std::uint32_t version = in.read_unsigned_varint();
    if (!in.ok()) {
        return std::unexpected(in.error());
    }
    if (frame != kFrameVersion) {
        return base::fail(ErrorCode::unsupported_version, "frame version of a metadata record is not 1", frame);
    }
    if (version > std::numeric_limits<std::int16_t>::max()) {
        return base::fail(ErrorCode::corrupt_message, "version of a metadata record is too large", version);
    }
    TL_TRY(record, decode_metadata_body(in, type, static_cast<std::int16_t>(version)));
    if (!in.at_end()) {
        return base::fail(ErrorCode::corrupt_message, "bytes after a metadata record",
                          static_cast<std::int64_t>(in.remaining()));
    }
    return VersionedRecord{std::move(record), static_cast<std::int16_t>(version)};
}

base::Bytes encode_metadata_record(const MetadataRecord& record, std::int16_t version) {
    Writer out;
    out.write_unsigned_varint(kFrameVersion);
    out.write_unsigned_varint(static_cast<std::uint32_t>(schema_of(record).key));
    out.write_unsigned_varint(static_cast<std::uint32_t>(version));
    std::visit([&](const auto& body) { body.encode(out, version); }, record);
    return out.take();
}

const MessageSchema& schema_of(const MetadataRecord& record) {
    return std::visit([](const auto& body) -> const MessageSchema& { return body.schema(); }, record);
}

std::string to_json(const VersionedRecord& record) {
    auto data = std::visit([&](const auto& body) { return body.to_json(record.version); }, record.record);
    return fmt::format(R"({{"type":"{}","version":{},"data":{}}})", schema_of(record.record).name, record.version, data);
}

}  // namespace tideline::protocol
