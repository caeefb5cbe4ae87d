#include "log/leader_epochs.h"

#include <algorithm>

#include "base/check.h"
#include "log/checkpoint_file.h"

namespace tideline::log {

bool LeaderEpochs::assign(LeaderEpoch epoch, Offset start_offset) {
    TL_CHECK(epoch >= 0 && start_offset >= 0);
    if (!entries_.empty() && entries_.back().epoch == epoch && start_offset >= entries_.back().start_offset) {
        return false;
    }
    while (!entries_.empty() && (entries_.back().epoch >= epoch || entries_.back().start_offset >= start_offset)) {
        entries_.pop_back();
    }
    entries_.push_back({epoch, start_offset});
    is_dirty_ = true;
    return true;
}

std::optional<LeaderEpoch> LeaderEpochs::latest() const {
    return entries_.empty() ? std::nullopt : std::optional(entries_.back().epoch);
}

std::optional<EpochStart> LeaderEpochs::earliest() const {
    return entries_.empty() ? std::nullopt : std::optional(entries_.front());
}

std::optional<LeaderEpoch> LeaderEpochs::epoch_of(Offset offset) const {
    auto after = std::ranges::upper_bound(entries_, offset, {}, &EpochStart::start_offset);
    return after == entries_.begin() ? std::nullopt : std::optional(std::prev(after)->epoch);
}

EpochEnd LeaderEpochs::end_offset_for(LeaderEpoch epoch, Offset next_offset) const {
    if (epoch < 0 || entries_.empty()) {
        return {};
    }
    if (entries_.back().epoch == epoch) {
        return {epoch, next_offset};
    }
    auto higher = std::ranges::upper_bound(entries_, epoch, {}, &EpochStart::epoch);
    if (higher == entries_.end()) {
        return {};  // an epoch from the future
    }
    if (higher == entries_.begin()) {
        // Older than anything known: its data is gone, and the follower has to start where the known epochs do.
        return {epoch, higher->start_offset};
    }
    return {std::prev(higher)->epoch, higher->start_offset};
}

bool LeaderEpochs::truncate_from_end(Offset end_offset) {
    bool changed = false;
    while (!entries_.empty() && entries_.back().start_offset >= end_offset) {
        entries_.pop_back();
        changed = true;
    }
    is_dirty_ |= changed;
    return changed;
}

bool LeaderEpochs::truncate_from_start(Offset start_offset) {
    auto after = std::ranges::upper_bound(entries_, start_offset, {}, &EpochStart::start_offset);
    if (after == entries_.begin()) {
        return false;
    }
    auto holder = std::prev(after);
    if (holder == entries_.begin() && holder->start_offset == start_offset) {
        return false;
    }
    holder->start_offset = start_offset;
    entries_.erase(entries_.begin(), holder);
    is_dirty_ = true;
    return true;
}

bool LeaderEpochs::clear() {
    if (entries_.empty()) {
        return false;
    }
    entries_.clear();
    is_dirty_ = true;
    return true;
}

Bytes LeaderEpochs::encode() const {
    CheckpointWriter out(entries_.size());
    for (const EpochStart& entry : entries_) {
        out.line("{} {}", entry.epoch, entry.start_offset);
    }
    return out.take();
}

Result<LeaderEpochs> LeaderEpochs::decode(ByteView text) {
    TL_TRY(lines, read_checkpoint_lines(text));
    LeaderEpochs epochs;
    for (std::string_view line : lines) {
        std::int64_t numbers[2];
        if (!parse_numbers(line, numbers) || numbers[0] < 0 || numbers[0] > INT32_MAX || numbers[1] < 0) {
            return base::fail(ErrorCode::kafka_storage_error, "a line of leader-epoch-checkpoint is not an epoch and an offset");
        }
        // assign() keeps the list ascending whatever the file says.
        epochs.assign(static_cast<LeaderEpoch>(numbers[0]), numbers[1]);
    }
    epochs.is_dirty_ = false;
    return epochs;
}

}  // namespace tideline::log
