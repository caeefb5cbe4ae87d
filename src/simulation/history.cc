#include "simulation/history.h"

#include <fmt/format.h>

#include "runtime/random.h"

namespace tideline::simulation {

namespace {

std::string to_string(RecordId id) { return fmt::format("p{}-{}", id.producer, id.number); }

std::optional<RecordId> parse_id(std::string_view value) {
    std::string text(value.substr(0, value.find(' ')));
    RecordId id;
    if (std::sscanf(text.c_str(), "p%u-%u", &id.producer, &id.number) != 2) {
        return std::nullopt;
    }
    return id;
}

runtime::Random random_of(RecordId id) { return runtime::Random((std::uint64_t{id.producer} << 32) | id.number); }

}  // namespace

std::string to_string(const PartitionId& partition) {
    return fmt::format("{}-{}", base::to_string(partition.topic), partition.partition);
}

std::string value_of(RecordId id) {
    constexpr std::size_t kPaddingMax = 300;
    runtime::Random random = random_of(id);
    std::string value = to_string(id) + " ";
    std::size_t padding = id.number % 2 == 1 ? kBulkyBytes : random.below(kPaddingMax);
    auto letter = static_cast<char>('a' + random.below(26));
    value.append(padding, letter);
    return value;
}

std::optional<std::string> key_of(RecordId id) {
    runtime::Random random = random_of(id);
    return random.chance(3) ? std::nullopt : std::optional(fmt::format("key{}", random.below(10)));
}

void History::violated(std::string what) {
    constexpr std::size_t kEnough = 20;
    listener_(what);
    if (violations_.size() < kEnough) {
        violations_.push_back(std::move(what));
    }
}

void History::sending(const PartitionId& partition, RecordId id, bool is_idempotent) {
    sent_.emplace(id, Sent{.partition = partition, .is_idempotent = is_idempotent});
}

void History::deleting_before(const PartitionId& partition, Offset offset) {
    Offset& limit = partitions_[partition].deleted_before;
    limit = std::max(limit, offset == -1 ? std::numeric_limits<Offset>::max() : offset);
}

void History::power_lost() {
    ++power_losses_;
    for (auto& [id, partition] : partitions_) {
        partition.log_start = 0;
    }
}

void History::promise(const PartitionId& where, Offset offset, RecordId id) {
    auto sent = sent_.find(id);
    if (sent == sent_.end()) {
        violated(fmt::format("{} offset {} holds {}, which nobody sent", to_string(where), offset, to_string(id)));
        return;
    }
    if (sent->second.partition != where) {
        violated(fmt::format("{} offset {} holds {}, which was sent to {}", to_string(where), offset, to_string(id),
                             to_string(sent->second.partition)));
        return;
    }
    auto [at, is_new] = partitions_[where].promised.emplace(offset, id);
    if (!is_new && at->second != id) {
        violated(fmt::format("{} offset {} held {} and now holds {}", to_string(where), offset, to_string(at->second), to_string(id)));
        return;
    }
    if (sent->second.is_idempotent && sent->second.at != log::kNoOffset && sent->second.at != offset) {
        violated(fmt::format("{} holds {} at {} and at {}, though its producer is idempotent", to_string(where), to_string(id),
                             sent->second.at, offset));
    }
    sent->second.at = offset;
}

void History::acknowledged(const PartitionId& partition, Offset base, const std::vector<RecordId>& ids) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
        promise(partition, base + static_cast<Offset>(i), ids[i]);
    }
}

void History::read(const PartitionId& partition, const record::Record& record) {
    std::string_view value = record.value ? base::as_text(*record.value) : std::string_view();
    auto id = parse_id(value);
    if (!id) {
        violated(fmt::format("{} offset {} holds '{}', which nobody sent", to_string(partition), record.offset, value.substr(0, 40)));
        return;
    }
    std::optional<std::string> key;
    if (record.key) {
        key = std::string(base::as_text(*record.key));
    }
    if (value != value_of(*id) || key != key_of(*id)) {
        violated(fmt::format("{} offset {} holds {} with other bytes than were sent", to_string(partition), record.offset, to_string(*id)));
    }
    promise(partition, record.offset, *id);
}

History::Seen History::seen(const PartitionId& id) const {
    auto found = partitions_.find(id);
    Seen seen{.power_losses = power_losses_};
    if (found != partitions_.end()) {
        seen.high_watermark = found->second.high_watermark;
        seen.log_start = found->second.log_start;
    }
    return seen;
}

void History::saw_high_watermark(const PartitionId& id, Offset offset, const Seen& before) {
    Partition& partition = partitions_[id];
    if (offset < before.high_watermark) {
        violated(fmt::format("{} high watermark went back from {} to {}", to_string(id), before.high_watermark, offset));
    }
    partition.high_watermark = std::max(partition.high_watermark, offset);
}

bool History::may_have_lost_head(const PartitionId& id) const {
    auto partition = partitions_.find(id);
    return expiring_.contains(id.topic) || (partition != partitions_.end() && partition->second.deleted_before > 0);
}

std::size_t History::promised_records() const {
    std::size_t count = 0;
    for (const auto& [id, partition] : partitions_) {
        count += partition.promised.size();
    }
    return count;
}

void History::saw_log_start(const PartitionId& id, Offset offset, const Seen& before) {
    if (before.power_losses != power_losses_) {
        return;  // nobody knows before which of them it was
    }
    Partition& partition = partitions_[id];
    if (offset < before.log_start) {
        violated(fmt::format("{} log start went back from {} to {}", to_string(id), before.log_start, offset));
    }
    if (offset > partition.deleted_before && !expiring_.contains(id.topic)) {
        violated(fmt::format("{} begins at {}, but deletion was asked up to {} only", to_string(id), offset, partition.deleted_before));
    }
    partition.log_start = std::max(partition.log_start, offset);
}

void History::found(const PartitionId& id, Offset log_start, Offset high_watermark, const std::set<Offset>& offsets) {
    Partition& partition = partitions_[id];
    for (Offset offset = log_start; offset < high_watermark; ++offset) {
        if (!offsets.contains(offset)) {
            violated(fmt::format("{} has no record at {}, between its start {} and its high watermark {}", to_string(id), offset,
                                 log_start, high_watermark));
            break;
        }
    }
    for (const auto& [offset, record] : partition.promised) {
        if (offset >= log_start && !offsets.contains(offset)) {
            violated(fmt::format("{} has lost {} at {} (it ends at {})", to_string(id), to_string(record), offset, high_watermark));
            break;
        }
    }
    check_order(id, partition);
}

void History::check_order(const PartitionId& id, const Partition& partition) {
    std::map<std::uint32_t, std::uint32_t> newest;
    for (const auto& [offset, record] : partition.promised) {
        if (!sent_.at(record).is_idempotent) {
            continue;
        }
        auto [seen, is_first] = newest.emplace(record.producer, record.number);
        if (!is_first && record.number < seen->second) {
            violated(fmt::format("{} holds {} at {} behind number {} of the same producer", to_string(id), to_string(record), offset,
                                 seen->second));
            return;
        }
        seen->second = record.number;
    }
}

}  // namespace tideline::simulation
