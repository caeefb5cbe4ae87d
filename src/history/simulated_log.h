// history/simulated_log.h: the log of a broker that is right, or lies once, as the simplest model: a list for each partition.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "runtime/random.h"

namespace tideline::history {

// What the broker does wrong, once. README.md names the verdicts that follow.
enum class Damage : std::uint8_t {
    none,
    loses_acknowledged,
    stores_twice,
    stores_in_other_order,
    stores_what_nobody_sent,
    shows_another_value,
    shows_aborted,
    shows_open,
    leaves_out_of_a_poll,
    goes_back_in_a_poll,
    damages_a_record,
    tears_a_transaction,
    forgets_an_offset,
    commits_an_aborted_offset,
    lowers_a_watermark,
    lets_a_transaction_hang,
    acknowledges_a_zombie,
    cuts_the_end,
};
inline constexpr int kDamages = static_cast<int>(Damage::cuts_the_end) + 1;

// Strikes once, at an occasion that the seed chooses.
class Strike {
public:
    Strike(Damage damage, runtime::Random& random) : damage_(damage), left_(random.below(20)) {}

    // True at the one occasion.
    bool at(Damage occasion) {
        if (occasion != damage_ || is_done_) {
            return false;
        }
        is_done_ = left_ == 0;
        left_ -= is_done_ ? 0 : 1;
        return is_done_;
    }
    bool is_done() const { return is_done_; }

private:
    Damage damage_;
    std::uint64_t left_;
    bool is_done_ = false;
};

class SimulatedLog {
public:
    static constexpr std::uint32_t kHole = ~0u;          // an offset without a record: a marker, or what was lost
    static constexpr std::uint32_t kNoTransaction = ~0u;

    struct Entry {
        std::uint32_t value;
        std::uint32_t transaction;
    };
    struct Read {
        std::int64_t next;
        std::vector<std::pair<std::int64_t, std::uint32_t>> records;
    };

    std::int64_t append(int partition, std::uint32_t value, std::uint32_t transaction);
    // Writes the markers of a transaction.
    void finish(std::uint32_t transaction, bool is_committed);
    std::uint32_t begin();
    bool has_records(std::uint32_t transaction) const { return !open_.at(transaction).last.empty(); }

    std::int64_t high_watermark(int partition) const { return static_cast<std::int64_t>(logs_[partition].size()); }
    std::int64_t last_stable(int partition) const;
    Read read(int partition, std::int64_t position, bool is_committed, Strike& strike) const;

    // The damages that stay in the log.
    void remove(int partition, std::int64_t offset) { logs_[partition][offset].value = kHole; }
    void swap_last_two(int partition);
    void cut(int partition, std::int64_t end) { logs_[partition].resize(end); }
    // Takes the last record of a transaction, which has one.
    void tear(std::uint32_t transaction);

private:
    enum class State : std::uint8_t { open, committed, aborted };
    static constexpr int kPartitions = 4;
    static constexpr int kReadMax = 8;

    struct Touched {
        std::map<int, std::int64_t> first, last;  // by partition
    };

    std::array<std::vector<Entry>, kPartitions> logs_;
    std::vector<State> states_;
    std::map<std::uint32_t, Touched> open_;
};

}  // namespace tideline::history
