// log/leader_epochs.h: which leader epoch wrote which offsets of one partition.
//
// A list of (epoch, start offset), both strictly ascending: each epoch holds until the next one starts. Followers cut
// their logs by it (KIP-101, KIP-320), so its answers are Kafka's to the letter.
// Decides only; the file is written by the owner from encode() and read by decode().
// Format:  leader-epoch-checkpoint, docs/formats/log.md.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "log/types.h"

namespace tideline::log {

struct EpochStart {
    LeaderEpoch epoch = kNoEpoch;
    Offset start_offset = kNoOffset;

    friend bool operator==(const EpochStart&, const EpochStart&) = default;
};

// The end of an epoch, as OffsetForLeaderEpoch answers it.
struct EpochEnd {
    LeaderEpoch epoch = kNoEpoch;
    Offset end_offset = kNoOffset;

    friend bool operator==(const EpochEnd&, const EpochEnd&) = default;
};

class LeaderEpochs {
public:
    // `epoch` starts at `start_offset`. Entries that contradict it (a later start or epoch) give way. Changes nothing when
    // the newest entry already says so. Both must be at least 0. Returns whether anything changed.
    bool assign(LeaderEpoch epoch, Offset start_offset);

    std::optional<LeaderEpoch> latest() const;
    std::optional<EpochStart> earliest() const;
    // The epoch that `offset` was written in.
    std::optional<LeaderEpoch> epoch_of(Offset offset) const;
    // The largest known epoch that is at most `epoch`, and where it ends: the answer of OffsetForLeaderEpoch. {-1, -1} when it
    // is not known; next_offset is the log's.
    EpochEnd end_offset_for(LeaderEpoch epoch, Offset next_offset) const;

    // Forgets epochs that start at or after `end_offset`. Returns whether anything changed, as the next two do.
    bool truncate_from_end(Offset end_offset);
    // The log now starts at start_offset: forgets the epochs before, and lets the one that holds it start there.
    bool truncate_from_start(Offset start_offset);
    bool clear();

    const std::vector<EpochStart>& entries() const { return entries_; }

    // Whether the file is behind. The owner writes encode() and calls mark_written().
    bool is_dirty() const { return is_dirty_; }
    void mark_written() { is_dirty_ = false; }
    void mark_behind() { is_dirty_ = true; }  // it could not be written

    Bytes encode() const;
    static Result<LeaderEpochs> decode(ByteView text);

private:
    std::vector<EpochStart> entries_;
    bool is_dirty_ = false;
};

}  // namespace tideline::log
