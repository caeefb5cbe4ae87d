// Cutting a segment at its end, and what a cut has to do with its indexes and with batches that lie about their offsets. See segment.h.
#include <algorithm>

#include "log/segment.h"

namespace tideline::log {

Result<> Segment::truncate_bytes(std::uint64_t size) {
    TL_TRY(log, file());
    TL_TRY_VOID(log->truncate(size));
    TL_TRY_VOID(log->sync_data());
    size_ = size;
    synced_size_ = size;
    syncing_size_ = 0;  // what was there is gone: a flush that is under way does not count for what comes in its place
    indexes_syncing_ = false;
    last_read_end_ = {};
    pinned_.reset();
    return {};
}

Result<Offset> Segment::truncate_to(Offset offset, std::int64_t now_ms) {
    TL_TRY(first_gone, find_batch(offset));
    std::uint64_t cut = first_gone ? first_gone->position : size_;
    Offset end = first_gone ? std::min(offset, first_gone->header.base_offset) : offset;
    for (const DamagedBytes& damage : damage_) {
        // Goes as a whole, and even from the end of what stays: the next start would believe a header in it. Whoever cuts fetches again.
        if (damage.end == cut) {
            cut = damage.begin;
            end = std::min(end, damage.first_offset);
        }
    }
    TL_TRY(kept, offset_index_.lookup(end - 1));
    TL_TRY(foreign, find_beyond(end, kept.position, cut));
    if (foreign) {
        cut = foreign->position;
    }
    bool is_cut = cut < size_;
    if (is_cut) {
        // An entry of the foreign batch itself tells of offsets that it no longer claims.
        Offset indexed_end = foreign && foreign->position == kept.position ? kept.offset : end;
        TL_TRY_VOID(truncate_bytes(cut));
        TL_TRY_VOID(offset_index_.truncate_to(indexed_end));
        TL_TRY_VOID(time_index_.truncate_to(indexed_end));
        TL_TRY_VOID(after_truncation(now_ms));
    }
    TL_TRY(left, end_of_what_is_left());
    if (is_cut && left > end) {
        return truncate_to(end, now_ms);  // another such batch, which entries that are gone had passed over
    }
    TL_TRY_VOID(transactions_.truncate_to(left));
    return left;
}

// Not what was asked for: before it there may be a gap, of compaction, or of batches behind one that claimed to lie behind the cut. The next
// start goes by the file, and so must the log, or the gap would come and go with restarts.
Result<Offset> Segment::end_of_what_is_left() {
    TL_TRY_VOID(rebuild_unless_right());
    TL_TRY(next, find_next_offset());
    for (const DamagedBytes& damage : damage_) {
        next = std::max(next, damage.next_offset);
    }
    return next;
}

// No checksum covers a base offset. Left in the file, such a batch would be taken for the end of the log at the next start.
Result<std::optional<FoundBatch>> Segment::find_beyond(Offset end, std::uint64_t position, std::uint64_t size) {
    TL_TRY(log, file());
    HeaderScanner scanner(*log, position, size, damage_);
    while (true) {
        TL_TRY(batch, scanner.next());
        if (!batch || batch->header.next_offset() > end) {
            return batch;
        }
    }
}

Result<> Segment::after_truncation(std::int64_t now_ms) {
    std::erase_if(damage_, [&](const DamagedBytes& damage) { return damage.begin >= size_; });
    bytes_since_index_entry_ = 0;
    indexes_changed_ = true;
    if (size_ == 0) {
        created_ms_ = now_ms;
        first_timestamp_.reset();
    }
    // The time index knows the maximum up to its last entry; what follows is in the headers.
    max_ = time_index_.last();
    TL_TRY(start, offset_index_.lookup(max_.offset));
    TL_TRY(log, file());
    HeaderScanner scanner(*log, start.position, size_, damage_);
    while (true) {
        TL_TRY(batch, scanner.next());
        if (!batch) {
            return {};
        }
        // As in an index built anew: a batch that goes back, or out of the segment, counts for nothing.
        Offset last = batch->header.last_offset();
        if (batch->header.max_timestamp > max_.timestamp && last >= max_.offset && can_hold(last)) {
            max_ = {batch->header.max_timestamp, last};
        }
    }
}

}  // namespace tideline::log
