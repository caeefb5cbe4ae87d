// Records of the metadata log in any order: each is two bytes of length and that many bytes. Those that can be applied make an image, and a
// snapshot of an image makes the same image.
#include "base/check.h"
#include "cluster/metadata_replay.h"
#include "input.h"
#include "protocol/metadata_record.h"

using namespace tideline;

namespace {

// false: a record contradicts the image, which is then the one from before.
bool applied(cluster::MetadataReplay& replay, const protocol::MetadataRecord& record) {
    if (replay.apply(record)) {
        return true;
    }
    replay.discard();
    return false;
}

// Bytes, because a quota may be a number that is not equal to itself.
std::vector<base::Bytes> snapshot_of(const cluster::MetadataImage& image) {
    std::vector<base::Bytes> encoded;
    for (const protocol::MetadataRecord& record : cluster::snapshot_records(image)) {
        encoded.push_back(protocol::encode_metadata_record(record, protocol::schema_of(record).versions.last));
    }
    return encoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    cluster::MetadataReplay replay;
    for (std::int64_t offset = 0; !input.empty(); ++offset) {
        const std::uint64_t length = input.number(2);
        auto decoded = protocol::decode_metadata_record(input.take(length & 0x7fff));
        if (!decoded) {
            continue;
        }
        TL_CHECK(!protocol::to_json(*decoded).empty());
        auto twin = protocol::decode_metadata_record(protocol::encode_metadata_record(decoded->record, decoded->version));
        TL_CHECK(twin && twin->version == decoded->version);
        if (applied(replay, decoded->record) && (length & 0x8000) == 0) {
            replay.publish(offset, 1);
        }
    }
    const cluster::ImagePtr image = replay.image();
    cluster::MetadataReplay again;
    for (const protocol::MetadataRecord& record : cluster::snapshot_records(*image)) {
        TL_CHECK(again.apply(record).has_value());
    }
    TL_CHECK(snapshot_of(*again.publish(0, 0).after) == snapshot_of(*image));
    return 0;
}
