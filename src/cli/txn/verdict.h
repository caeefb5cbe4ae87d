// cli/txn/verdict.h: why an open transaction holds a partition back, and how that will end.
//
// Plain functions from what brokers said to what a person is told; transaction_facts.h asks the brokers.
#pragma once

#include <optional>
#include <string>

#include "cli/txn/transaction_admin.h"

namespace tideline::cli {

enum class Condition {
    running,  // its coordinator knows it, and it has time left
    overdue,  // its time is up, and the coordinator is about to abort it
    stuck,    // so for longer than the coordinator can take to notice
    ending,   // its outcome is decided; the marker is on its way
    hanging   // no coordinator will ever end it
};
std::string_view name_of(Condition condition);

struct Verdict {
    Condition condition = Condition::running;
    std::string cause;
    std::string action;  // what to do
    std::optional<std::int64_t> ends_ms = {};  // when the coordinator aborts it unless its producer ends it before
};

// What is known besides the transaction itself.
struct Surroundings {
    // The one that has the transaction's producer id.
    const CoordinatedTransaction* by_producer = nullptr;
    // The one that has the transactional id which the producer named, when that is not the same.
    const CoordinatedTransaction* by_id = nullptr;
    std::int64_t now_ms = 0;
    std::int64_t abort_interval_ms = 0;
};

Verdict judge(const OpenTransaction& transaction, const Surroundings& around);
// The same from a coordinator's side, for a transaction that is open there.
Verdict judge(const CoordinatedTransaction& transaction, std::int64_t now_ms, std::int64_t abort_interval_ms);

// "3 h 20 min", "42 s", "0.8 s"
std::string duration_text(std::int64_t ms);

}  // namespace tideline::cli
