#include "history/simulated_clients.h"

#include <fmt/format.h>

#include <string>

namespace tideline::history {

namespace {

constexpr int kInputs = 2;      // partitions 0 and 1; their outputs are 2 and 3
constexpr int kPartitions = 4;
constexpr int kTransactionTimeoutMs = 1000;
constexpr std::int64_t kStepMicros = 100;

class Clients {
public:
    Clients(const SimulatedRun& run, const std::function<void(std::string_view)>& say)
        : say_(say), random_(run.seed), strike_(run.damage, random_), operations_(run.operations) {}

    bool record() {
        event("\"event\":\"settings\",\"transaction_timeout_ms\":{},\"grace_ms\":0", kTransactionTimeoutMs);
        event("\"event\":\"chain\",\"group\":\"copiers\",\"partitions\":[\"p0\",\"p1\"]");
        while (done_ < operations_) {
            switch (random_.below(8)) {
                case 0:
                case 1:
                    produce(static_cast<int>(random_.below(kInputs)));
                    break;
                case 2:
                case 3:
                case 4:
                    copy(static_cast<int>(random_.below(kInputs)));
                    break;
                case 5:
                    sample(static_cast<int>(random_.below(kPartitions)));
                    break;
                default:
                    poll(static_cast<int>(random_.below(2)), static_cast<int>(random_.below(kPartitions)));
                    break;
            }
        }
        finish();
        return strike_.is_done();
    }

private:
    // One copier for each input; the positions are its consumer's.
    struct Copier {
        std::int64_t position = 0;
        std::int64_t committed = -1;
        std::int64_t epoch = 0;
        std::uint32_t transaction = SimulatedLog::kNoTransaction;
        bool is_fresh = true;
    };

    template <class... Args>
    void event(fmt::format_string<Args...> format, Args&&... args) {
        line_ = "{";
        fmt::format_to(std::back_inserter(line_), format, std::forward<Args>(args)...);
        fmt::format_to(std::back_inserter(line_), ",\"at\":{}}}", at_ += kStepMicros);
        say_(line_);
    }

    void act_as(std::string_view process) {
        if (process_ != process) {
            process_ = process;
            event("\"event\":\"process\",\"name\":\"{}\"", process);
        }
    }

    // Sends one record and tells what came of it. A copier's is never lost: it would not commit.
    void send(int partition, std::uint32_t transaction, std::string_view more, std::int64_t producer_id, std::int64_t epoch,
              bool is_lucky = false) {
        const std::uint32_t value = values_++;
        ++done_;
        event("\"event\":\"send\",\"id\":{},\"partition\":\"p{}\",\"value\":\"v{}\"{}", value, partition, value, more);
        const auto luck = transaction == SimulatedLog::kNoTransaction && !is_lucky ? random_.below(40) : 40;
        if (luck == 0) {
            event("\"event\":\"sent\",\"id\":{},\"outcome\":\"fail\"", value);
            return;
        }
        const bool is_answered = luck != 1 && luck != 2;
        if (luck != 1) {
            const std::int64_t offset = store(partition, value, transaction, is_answered);
            if (is_answered) {
                event("\"event\":\"sent\",\"id\":{},\"outcome\":\"ok\",\"offset\":{},\"producer_id\":{},\"epoch\":{}", value,
                      offset, producer_id, epoch);
                return;
            }
        }
        event("\"event\":\"sent\",\"id\":{},\"outcome\":\"info\"", value);
    }

    std::int64_t store(int partition, std::uint32_t value, std::uint32_t transaction, bool is_answered) {
        const std::int64_t offset = log_.append(partition, value, transaction);
        if (transaction != SimulatedLog::kNoTransaction || !is_answered) {
            return offset;
        }
        if (strike_.at(Damage::loses_acknowledged)) {
            log_.remove(partition, offset);
        } else if (strike_.at(Damage::stores_twice)) {
            log_.append(partition, value, transaction);
        } else if (strike_.at(Damage::stores_what_nobody_sent)) {
            log_.append(partition, values_++, transaction);
        }
        return offset;
    }

    void produce(int partition) {
        act_as("producer");
        const std::int64_t before = log_.high_watermark(partition);
        for (auto count = 1 + random_.below(5); count > 0; --count) {
            send(partition, SimulatedLog::kNoTransaction, "", 1, plain_epoch_);
        }
        if (random_.chance(10)) {
            ++plain_epoch_;  // as after records that timed out
        } else if (plain_epoch_ > 0 && strike_.at(Damage::acknowledges_a_zombie)) {
            send(partition, SimulatedLog::kNoTransaction, "", 1, plain_epoch_, true);
            send(partition, SimulatedLog::kNoTransaction, "", 1, plain_epoch_ - 1, true);
        }
        if (log_.high_watermark(partition) - before >= 2 && last_two_are_plain(partition) &&
            strike_.at(Damage::stores_in_other_order)) {
            log_.swap_last_two(partition);
        }
    }

    // Of an input only the producer writes.
    bool last_two_are_plain(int partition) const { return partition < kInputs; }

    void copy(int input) {
        Copier& copier = copiers_[input];
        act_as(fmt::format("copier-{}", input));
        if (copier.transaction == SimulatedLog::kNoTransaction) {
            begin_copy(input, copier);
        } else {
            end_copy(input, copier);
        }
    }

    void begin_copy(int input, Copier& copier) {
        if (copier.is_fresh) {
            event("\"event\":\"assigned\",\"partitions\":[\"p{}\"]", input);
            copier.position = std::max<std::int64_t>(copier.committed, 0);
            copier.is_fresh = false;
        }
        const auto read = log_.read(input, copier.position, true, no_strike_);
        tell_poll("read_committed", "", input, copier.position, read);
        copier.position = read.next;
        copier.transaction = log_.begin();
        event("\"event\":\"begin\",\"transactional_id\":\"copier-{}\",\"group\":\"copiers\"", input);
        for (const auto& [offset, value] : read.records) {
            send(input + kInputs, copier.transaction, fmt::format(",\"from\":[\"p{}\",{}]", input, offset), 10 + input,
                 copier.epoch);
        }
        event("\"event\":\"offsets\",\"group\":\"copiers\",\"offsets\":[[\"p{}\",{}]]", input, copier.position);
        ++done_;
    }

    void end_copy(int input, Copier& copier) {
        ++done_;
        if (log_.has_records(copier.transaction) && strike_.at(Damage::lets_a_transaction_hang)) {
            hang(copier);
            return;
        }
        const auto luck = random_.below(10);
        const bool is_commit = luck >= 3;
        const bool is_crash = luck == 0;
        if (!is_crash) {
            event("\"event\":\"end\",\"action\":\"{}\"", is_commit ? "commit" : "abort");
        }
        const bool is_answered = !is_crash && !random_.chance(10);
        const bool is_done = is_commit && (is_answered || random_.chance(2));
        settle(copier, is_done);
        if (is_answered) {
            event("\"event\":\"ended\",\"outcome\":\"ok\"");
        } else if (!is_crash) {
            event("\"event\":\"ended\",\"outcome\":\"info\"");
        }
        // Who aborted or does not know begins where the group stands.
        copier.is_fresh = copier.is_fresh || !is_commit || !is_answered;
        fetch_offset(input, false);
    }

    void settle(Copier& copier, bool is_commit) {
        if (is_commit && log_.has_records(copier.transaction) && strike_.at(Damage::tears_a_transaction)) {
            log_.tear(copier.transaction);
        }
        log_.finish(copier.transaction, is_commit);
        ++copier.epoch;
        copier.transaction = SimulatedLog::kNoTransaction;
        const bool is_new = copier.position > copier.committed;
        if (is_commit && is_new && strike_.at(Damage::forgets_an_offset)) {
            copier.is_fresh = true;
        } else if (is_commit || (is_new && strike_.at(Damage::commits_an_aborted_offset))) {
            copier.committed = copier.position;
        }
    }

    // Long enough for the timeout, which nothing comes of.
    void hang(Copier& copier) {
        for (int turn = 0; turn < 3; ++turn) {
            at_ += kTransactionTimeoutMs * 1000;
            for (int partition = 0; partition < kPartitions; ++partition) {
                sample(partition);
            }
        }
        act_as("nobody");
        settle(copier, false);
        copier.is_fresh = true;
    }

    void fetch_offset(int input, bool is_final) {
        ++done_;
        act_as("observer");
        event("\"event\":\"fetched\",\"group\":\"copiers\",\"partition\":\"p{}\",\"offset\":{}{}", input,
              copiers_[input].committed, is_final ? ",\"final\":true" : "");
    }

    void sample(int partition) {
        ++done_;
        act_as("observer");
        const std::int64_t high = log_.high_watermark(partition);
        const bool is_lower = high > 1 && strike_.at(Damage::lowers_a_watermark);
        if (is_lower) {
            tell_watermarks(partition, high, log_.last_stable(partition));
        }
        tell_watermarks(partition, high - is_lower, std::min(high - is_lower, log_.last_stable(partition)));
    }

    void tell_watermarks(int partition, std::int64_t high, std::int64_t stable) {
        event("\"event\":\"watermarks\",\"partition\":\"p{}\",\"high_watermark\":{},\"last_stable\":{}", partition, high, stable);
    }

    void tell_poll(std::string_view isolation, std::string_view consumer, int partition, std::int64_t position,
                   const SimulatedLog::Read& read) {
        std::string records;
        for (const auto& [offset, value] : read.records) {
            const std::uint32_t shown = value > 0 && strike_.at(Damage::shows_another_value) ? value - 1 : value;
            const bool is_damaged = strike_.at(Damage::damages_a_record);
            fmt::format_to(std::back_inserter(records), "{}[{},\"v{}\"{}]", records.empty() ? "" : ",", offset, shown,
                           is_damaged ? ",false" : "");
        }
        done_ += std::max<std::size_t>(read.records.size(), 1);
        event("\"event\":\"poll\",\"isolation\":\"{}\"{},\"partition\":\"p{}\",\"position\":{},\"next\":{},\"records\":[{}]",
              isolation, consumer, partition, position, read.next, records);
    }

    void poll(int isolation, int partition) {
        act_as(isolation == 1 ? "reader-committed" : "reader");
        std::int64_t& position = positions_[isolation][partition];
        auto read = log_.read(partition, position, isolation == 1, strike_);
        if (read.records.size() > 1 && strike_.at(Damage::leaves_out_of_a_poll)) {
            read.records.erase(read.records.begin());
        } else if (read.records.size() > 1 && strike_.at(Damage::goes_back_in_a_poll)) {
            std::swap(read.records[0], read.records[1]);
        }
        tell_poll(isolation == 1 ? "read_committed" : "read_uncommitted", "", partition, position, read);
        position = read.next;
    }

    void finish() {
        for (Copier& copier : copiers_) {
            if (copier.transaction != SimulatedLog::kNoTransaction) {
                settle(copier, false);
            }
        }
        produce(0);
        act_as("producer");
        const std::int64_t end = log_.high_watermark(0);
        send(0, SimulatedLog::kNoTransaction, "", 1, plain_epoch_, true);
        cut_after(end);
        act_as("last");
        for (int isolation = 0; isolation < 2; ++isolation) {
            for (int partition = 0; partition < kPartitions; ++partition) {
                drain(isolation == 1, partition);
            }
        }
        for (int input = 0; input < kInputs; ++input) {
            fetch_offset(input, true);
        }
    }

    // Only what is answered and unread yet can be proven to be gone: the last record.
    void cut_after(std::int64_t end) {
        for (int occasion = 0; occasion < 20 && log_.high_watermark(0) > end; ++occasion) {
            if (strike_.at(Damage::cuts_the_end)) {
                log_.cut(0, end);
            }
        }
    }

    void drain(bool is_committed, int partition) {
        const std::string_view isolation = is_committed ? "read_committed" : "read_uncommitted";
        const std::string consumer = fmt::format(",\"consumer\":\"{}\"", isolation);
        std::int64_t position = 0;
        for (bool is_more = true; is_more;) {
            const auto read = log_.read(partition, position, is_committed, no_strike_);
            tell_poll(isolation, consumer, partition, position, read);
            is_more = read.next > position;
            position = read.next;
        }
        event("\"event\":\"drained\",\"partition\":\"p{}\",\"isolation\":\"{}\",\"end\":{}", partition, isolation, position);
    }

    const std::function<void(std::string_view)>& say_;
    runtime::Random random_;
    Strike strike_;
    Strike no_strike_{Damage::none, random_};
    std::uint64_t operations_;
    std::uint64_t done_ = 0;
    SimulatedLog log_;
    std::array<Copier, kInputs> copiers_;
    std::array<std::array<std::int64_t, kPartitions>, 2> positions_{};
    std::uint32_t values_ = 0;
    std::int64_t plain_epoch_ = 0;
    std::int64_t at_ = 0;
    std::string process_;
    std::string line_;
};

}  // namespace

bool record_simulated(const SimulatedRun& run, const std::function<void(std::string_view)>& say) {
    return Clients(run, say).record();
}

}  // namespace tideline::history
