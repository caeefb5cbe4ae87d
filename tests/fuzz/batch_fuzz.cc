// A batch whose header fits its records: attributes, count and records are the input, length and CRC are made right, or nothing would
// get past them. What all its readers say of it must agree, and what validation lets in must be readable ever after. The readers of control
// batches and of metadata batches get it, too.
#include "base/check.h"
#include "cluster/metadata_files.h"
#include "log/replay.h"
#include "record/print.h"
#include "record/validate.h"

namespace tideline::record {
namespace {

constexpr std::size_t kBudget = std::size_t{1} << 20;

// Under a tap, records are read field by field only.
class Unmoved final : public RecordTap {
    Result<> on_record(const RecordFacts&, std::size_t) override { return {}; }
    Result<> on_rest(ByteView) override { return {}; }
};

void expect_the_shortcut_to_change_nothing(const BatchView& batch) {
    Unmoved tap;
    auto careful = RecordScanner::open(batch, kBudget, &tap);
    auto quick = RecordScanner::open(batch, kBudget);
    TL_CHECK(careful.has_value() == quick.has_value());
    while (careful) {
        auto expected = careful->next();
        RecordFacts facts;
        if (quick->next_whole(facts)) {
            TL_CHECK(expected && *expected == facts);
            continue;
        }
        auto record = quick->next();
        TL_CHECK(record.has_value() == expected.has_value());
        if (!record) {
            TL_CHECK(record.error().code == expected.error().code && record.error().note == expected.error().note);
            return;
        }
        TL_CHECK(*record == *expected);
        if (!*record) {
            TL_CHECK(careful->uncompressed_bytes() == quick->uncompressed_bytes());
            return;
        }
    }
}

void expect_scanner_and_reader_agree(const BatchView& batch) {
    auto list = read_all_records(batch, kBudget);
    std::size_t scanned = 0;
    bool whole = false;
    if (auto scanner = RecordScanner::open(batch, kBudget)) {
        while (true) {
            auto record = scanner->next();
            whole = record.has_value();
            if (!record || !*record) {
                break;
            }
            ++scanned;
        }
    }
    TL_CHECK(whole == list.has_value());
    if (!list) {
        return;
    }
    TL_CHECK(scanned == list->records.size());
    for (const Record& record : list->records) {
        record_text(batch.header, record);
        record_json(batch.header, record);
    }
}

void expect_what_passes_to_pass_again(ByteView bytes, const ValidationRules& rules) {
    constexpr std::int64_t kNow = 1'700'000'000'000;
    auto validated = validate_batch(bytes, rules, kNow);
    if (!validated) {
        return;
    }
    ByteView view = validated->bytes(bytes);
    Bytes stored(view.begin(), view.end());
    assign(stored, *validated, 42, 3);
    auto batch = read_batch(stored);
    TL_CHECK(batch && batch->crc_is_valid() && check_stored_batch(batch->header));
    auto list = read_all_records(*batch, decompression_budget(rules.max_message_bytes));
    TL_CHECK(list && list->records.size() == static_cast<std::size_t>(batch->header.record_count));
    for (std::size_t i = 0; i < list->records.size(); ++i) {
        TL_CHECK(list->records[i].offset == 42 + static_cast<std::int64_t>(i));
    }
}

void read_as_other_kinds(const BatchView& batch) {
    (void)log::read_marker(batch);
    (void)cluster::read_data_batch(batch);
    cluster::QuorumShape shape;
    if (auto records = cluster::read_control_batch(batch)) {
        for (const cluster::ControlRecord& record : *records) {
            (void)cluster::apply_control(record, shape);
        }
    }
    if (shape.kraft_version == 0) {
        return;  // of which nothing is written down
    }
    cluster::QuorumShape again;
    for (const cluster::ControlRecord& record : cluster::control_records_of(shape)) {
        TL_CHECK(cluster::apply_control(record, again).has_value());
    }
    TL_CHECK(again == shape);
}

}  // namespace
}  // namespace tideline::record

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tideline::record;
    if (size < 3) {
        return 0;
    }
    BatchHeader header{.length = static_cast<std::int32_t>(kBatchHeaderBytes - kLogOverheadBytes + size - 3),
                       .attributes = static_cast<std::int16_t>(data[0] & 0x7f),
                       .last_offset_delta = data[1] - 1,
                       .base_timestamp = 1'700'000'000'000,
                       .producer_id = 1,
                       .producer_epoch = 0,
                       .base_sequence = 0,
                       .record_count = data[1]};
    Bytes bytes(kBatchHeaderBytes);
    write_batch_header(bytes, header);
    bytes.insert(bytes.end(), data + 3, data + size);
    update_crc(bytes);
    const BatchView batch = *read_batch(bytes);
    expect_the_shortcut_to_change_nothing(batch);
    expect_scanner_and_reader_agree(batch);
    read_as_other_kinds(batch);
    ValidationRules rules{.compacted = (data[2] & 1) != 0,
                          .timestamp_type = (data[2] & 2) != 0 ? TimestampType::log_append_time : TimestampType::create_time};
    if (auto codec = compression_type_from(data[2] >> 2)) {
        rules.compression = *codec;
    }
    expect_what_passes_to_pass_again(bytes, rules);
    return 0;
}
