#include "log/replay.h"

#include "base/log.h"
#include "record/record.h"

namespace tideline::log {

namespace {
// A marker is a few bytes; one that claims more is not one.
constexpr std::size_t kMarkerBudget = 4096;
}  // namespace

Result<std::optional<record::EndTxnMarker>> read_marker(const record::BatchView& batch) {
    TL_TRY(reader, record::RecordReader::open(batch, kMarkerBudget));
    TL_TRY(record, reader.next());
    if (!record || !record->key || !record->value) {
        return std::optional<record::EndTxnMarker>();
    }
    TL_TRY(type, record::parse_control_key(*record->key));
    if (type != record::ControlType::abort && type != record::ControlType::commit) {
        return std::optional<record::EndTxnMarker>();
    }
    TL_TRY(marker, record::parse_end_txn_marker(*record->key, *record->value));
    return std::optional(marker);
}

Result<std::optional<AbortedTransaction>> replay_batch(Segment& segment, const FoundBatch& batch, ProducerState& producers) {
    std::optional<AbortedTransaction> aborted;
    if (batch.header.has_producer_id()) {
        std::optional<record::EndTxnMarker> marker;
        if (batch.header.is_control()) {
            TL_TRY(bytes, segment.read_bytes(batch));
            TL_TRY(found, read_marker({batch.header, bytes}));
            marker = found;
        }
        if (!batch.header.is_control() || marker) {
            auto update = producers.check(batch.header, marker, AppendOrigin::replication, -1);
            if (update) {
                aborted = producers.apply(*update);
            } else {
                TL_LOG_WARN("replay_skipped_batch", {"offset", batch.header.base_offset}, {"why", update.error().note});
            }
        }
    }
    producers.set_end_offset(batch.header.next_offset());
    return aborted;
}

}  // namespace tideline::log
