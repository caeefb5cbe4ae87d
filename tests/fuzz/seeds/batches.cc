#include <fmt/format.h>

#include "protocol/messages/voters_record.h"
#include "protocol/writer.h"
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

// What a quorum and a coordinator write, as batch_fuzz.cc reads it: attributes, count, rules, records.
void add_control_batches(const Seeds& seeds) {
    auto add = [&](const std::string& name, const Bytes& bytes) {
        const BatchView view = *read_batch(bytes);
        seeds.add("batch", name, {view.header.attributes, view.header.record_count, 0}, ByteView(bytes).subspan(kBatchHeaderBytes));
    };
    auto of_quorum = [&](ControlType type, const Bytes& value) {
        add(std::string(name_of(type)), build_control_batch(0, 1, 1'700'000'000'000, type, value));
    };
    add("marker", build_marker_batch({.producer_id = 1, .producer_epoch = 0, .marker = {.type = ControlType::commit, .coordinator_epoch = 2}}));
    const std::int32_t voters[] = {1, 2};
    of_quorum(ControlType::leader_change, leader_change_value(1, voters, voters));
    of_quorum(ControlType::snapshot_header, snapshot_header_value(1'700'000'000'000));
    of_quorum(ControlType::snapshot_footer, snapshot_footer_value());
    of_quorum(ControlType::kraft_version, kraft_version_value(1));
    protocol::VotersRecord record;
    record.voters.emplace_back().voter_id = 1;
    protocol::Writer value;
    record.encode(value, 0);
    of_quorum(ControlType::kraft_voters, value.take());
}

}  // namespace

void add_batches(const Seeds& seeds) {
    add_control_batches(seeds);
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
