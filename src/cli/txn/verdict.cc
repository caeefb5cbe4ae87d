#include "cli/txn/verdict.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/instant.h"

namespace tideline::cli {
namespace {

std::string id_text(const CoordinatedTransaction& transaction) { return fmt::format("transactional id '{}'", transaction.transactional_id); }

Verdict hanging(std::string cause) {
    return {Condition::hanging, std::move(cause),
            "No coordinator will end it. Look at what it wrote (tideline consume TOPIC --show-aborted), then abort it"};
}

// The coordinator knows the producer, but not in this partition.
Verdict hanging_outside(const OpenTransaction& transaction, const CoordinatedTransaction& known) {
    if (known.producer_epoch != transaction.producer_epoch) {
        return hanging(fmt::format("{} is at epoch {} and {}; this is what epoch {} left behind, written after its transaction had ended",
                                   id_text(known), known.producer_epoch, known.state, transaction.producer_epoch));
    }
    return hanging(fmt::format("{} is {}, and its transaction has not this partition: the record at offset {} was written without being "
                               "added to the transaction, or after that had ended. With transaction.partition.verification.enable=true "
                               "the broker refuses such a write",
                               id_text(known), known.state, transaction.first_offset));
}

Verdict hanging_unknown(const OpenTransaction& transaction, const CoordinatedTransaction* by_id) {
    if (by_id != nullptr) {
        return hanging(fmt::format("{} belongs to producer {} by now; producer {} wrote this, and has no transaction any more",
                                   id_text(*by_id), by_id->producer_id, transaction.producer_id));
    }
    if (!transaction.transactional_id.empty()) {
        return hanging(fmt::format("no coordinator knows transactional id '{}': it was never initialised here, or it was forgotten "
                                   "(transactional.id.expiration.ms), or __transaction_state was lost",
                                   transaction.transactional_id));
    }
    return hanging(fmt::format("no coordinator knows producer {}: its transactional id was forgotten (transactional.id.expiration.ms), "
                               "or __transaction_state was lost",
                               transaction.producer_id));
}

}  // namespace

std::string_view name_of(Condition condition) {
    switch (condition) {
        case Condition::running: return "running";
        case Condition::overdue: return "overdue";
        case Condition::stuck: return "stuck";
        case Condition::ending: return "ending";
        case Condition::hanging: return "hanging";
    }
    return "";
}

Verdict judge(const CoordinatedTransaction& transaction, std::int64_t now_ms, std::int64_t abort_interval_ms) {
    if (transaction.is_ending()) {
        const char* outcome = transaction.state == "PrepareCommit" ? "committed" : "aborted";
        return {Condition::ending, fmt::format("it is {}; the coordinator is writing that to its partitions", outcome),
                "Wait a moment. If it stays so, look into the log of the coordinator and see whether the partitions have leaders"};
    }
    const std::optional<std::int64_t> deadline = transaction.deadline_ms();
    if (!deadline) {
        return {Condition::running, "it has just begun", "Wait for its producer"};
    }
    if (now_ms < *deadline) {
        return {Condition::running, "its producer has not ended it yet",
                fmt::format("Wait for its producer; without an end by then it is aborted in {}", duration_text(*deadline - now_ms)), deadline};
    }
    // A coordinator looks for them every so often, and then needs to write markers.
    constexpr std::int64_t kGraceMs = 10'000;
    if (now_ms < *deadline + 2 * abort_interval_ms + kGraceMs) {
        return {Condition::overdue, "its time is up",
                fmt::format("Wait a moment: the coordinator looks for such transactions every {}", duration_text(abort_interval_ms)), deadline};
    }
    return {Condition::stuck, fmt::format("its time was up {} ago, and its coordinator has not aborted it", duration_text(now_ms - *deadline)),
            fmt::format("Look into the log of broker {}, its coordinator; aborting it by hand does the same", transaction.coordinator.id),
            deadline};
}

Verdict judge(const OpenTransaction& transaction, const Surroundings& around) {
    const CoordinatedTransaction* known = around.by_producer;
    if (known == nullptr) {
        return hanging_unknown(transaction, around.by_id);
    }
    if (!known->is_open() || !known->partitions.contains(transaction.at)) {
        return hanging_outside(transaction, *known);
    }
    return judge(*known, around.now_ms, around.abort_interval_ms);
}

std::string duration_text(std::int64_t ms) {
    const std::int64_t seconds = std::max<std::int64_t>(ms, 0) / 1000;
    if (seconds < 10) {
        return fmt::format("{:.1f} s", static_cast<double>(std::max<std::int64_t>(ms, 0)) / 1000);
    }
    if (seconds < 120) {
        return fmt::format("{} s", seconds);
    }
    if (seconds < 7200) {
        return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    }
    if (seconds < 2 * 86400) {
        return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
    }
    return fmt::format("{} d {} h", seconds / 86400, seconds % 86400 / 3600);
}

}  // namespace tideline::cli
