#include <fmt/format.h>

#include "record/build.h"
#include "record/control.h"
#include "seeds/seeds.h"

namespace tideline::fuzz {
namespace {

using namespace record;

Bytes batch(BatchOptions options, int records = 3) {
    BatchBuilder builder(options);
    const std::vector<RecordHeader> headers{{base::as_bytes("name"), base::as_bytes("value")}, {base::as_bytes("null"), std::nullopt}};
    for (int i = 0; i < records; ++i) {
        builder.add(1'700'000'000'000 + i, base::as_bytes("key"), base::as_bytes("a value, a value, a value"), headers);
    }
    return builder.finish();
}

}  // namespace

void add_batches(const Seeds& seeds) {
    for (const CompressionTypeRow& row : kCompressionTypes) {
        const std::string name(row.name);
        const int codec = static_cast<int>(row.type);
        const Bytes plain = batch({.compression = row.type});
        const Bytes idempotent = batch({.compression = row.type, .producer_id = 3, .producer_epoch = 1, .base_sequence = 0, .transactional = true});
        const ByteView records = ByteView(plain).subspan(kBatchHeaderBytes);
        seeds.add("batch", name, {codec, 3, 0}, records);
        seeds.add("batch", name + "-recompressed", {codec, 3, ((codec + 1) % 5) << 2}, records);
        seeds.add("produced", name, {0}, plain);
        seeds.add("produced", name + "-idempotent", {1}, idempotent);
        Bytes two = plain;
        two.insert(two.end(), idempotent.begin(), idempotent.end());
        seeds.add("produced", name + "-two", {1 | 16}, two);
        const std::string text = "abcabcabcabcabc and something else that is not in it, abcabcabcabc";
        seeds.add("codec", name + "-read", {codec, 0, 64}, compress(row.type, base::as_bytes(text), default_level(row.type)));
        seeds.add("codec", name + "-written", {0x80 | codec, 0, 64}, text);
    }
}

}  // namespace tideline::fuzz
