#include "history/simulated_log.h"

namespace tideline::history {

std::uint32_t SimulatedLog::begin() {
    const auto transaction = static_cast<std::uint32_t>(states_.size());
    states_.push_back(State::open);
    open_[transaction];
    return transaction;
}

std::int64_t SimulatedLog::append(int partition, std::uint32_t value, std::uint32_t transaction) {
    const std::int64_t offset = high_watermark(partition);
    logs_[partition].push_back({value, transaction});
    if (transaction != kNoTransaction) {
        open_[transaction].first.try_emplace(partition, offset);
        open_[transaction].last[partition] = offset;
    }
    return offset;
}

void SimulatedLog::finish(std::uint32_t transaction, bool is_committed) {
    states_[transaction] = is_committed ? State::committed : State::aborted;
    for (const auto& [partition, first] : open_[transaction].first) {
        logs_[partition].push_back({kHole, kNoTransaction});
    }
    open_.erase(transaction);
}

std::int64_t SimulatedLog::last_stable(int partition) const {
    std::int64_t lowest = high_watermark(partition);
    for (const auto& [transaction, touched] : open_) {
        if (const auto first = touched.first.find(partition); first != touched.first.end()) {
            lowest = std::min(lowest, first->second);
        }
    }
    return lowest;
}

SimulatedLog::Read SimulatedLog::read(int partition, std::int64_t position, bool is_committed, Strike& strike) const {
    const std::int64_t stable = is_committed ? last_stable(partition) : high_watermark(partition);
    const bool has_open = stable < high_watermark(partition) && stable - position < kReadMax;
    const bool is_too_far = has_open && strike.at(Damage::shows_open);
    Read read{.next = position, .records = {}};
    while (read.next < (is_too_far ? high_watermark(partition) : stable) && std::ssize(read.records) < kReadMax) {
        const auto& [value, transaction] = logs_[partition][read.next];
        const bool is_aborted = transaction != kNoTransaction && states_[transaction] == State::aborted;
        if (value != kHole && (!is_committed || !is_aborted || strike.at(Damage::shows_aborted))) {
            read.records.emplace_back(read.next, value);
        }
        ++read.next;
    }
    return read;
}

void SimulatedLog::swap_last_two(int partition) {
    auto& log = logs_[partition];
    std::swap(log[log.size() - 1], log[log.size() - 2]);
}

void SimulatedLog::tear(std::uint32_t transaction) {
    const auto& [partition, offset] = *open_.at(transaction).last.begin();
    remove(partition, offset);
}

}  // namespace tideline::history
