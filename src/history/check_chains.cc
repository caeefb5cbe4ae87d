// Read–process–write: each input is in the committed output once, and its offset is committed with it.
#include <fmt/format.h>

#include "history/check.h"

namespace tideline::history {

namespace {

struct Output {
    GroupPartition input;
    std::int64_t offset;
    std::uint32_t transaction;
    auto operator<=>(const Output&) const = default;
};

std::vector<Output> committed_outputs(const History& history) {
    std::vector<Output> outputs;
    for (const auto& [number, partition, offset] : history.derivations) {
        const Value& value = history.values[number];
        if (value.transaction == kNone) {
            continue;
        }
        const Transaction& transaction = history.transactions[value.transaction];
        if (transaction.group != kNone && (value.is_seen_committed || (transaction.is_committed() && value.is_seen()))) {
            outputs.push_back({{transaction.group, partition}, offset, value.transaction});
        }
    }
    std::ranges::sort(outputs);
    return outputs;
}

std::map<GroupPartition, Fetched> final_offsets(const History& history) {
    std::map<GroupPartition, Fetched> finals;
    for (const Fetched& fetched : history.fetched) {
        if (!fetched.is_final) {
            continue;
        }
        const auto [last, is_first] = finals.try_emplace(fetched.key, fetched);
        if (!is_first && last->second.at < fetched.at) {
            last->second = fetched;
        }
    }
    return finals;
}

std::string input_name(const History& history, const GroupPartition& key, std::int64_t offset) {
    return fmt::format("input {} of {}, group {}", offset, history.partition_name(key.partition),
                       history.groups.text_of(key.group));
}

bool has_output(const std::vector<Output>& outputs, const GroupPartition& key, std::int64_t offset) {
    const auto at = std::ranges::lower_bound(outputs, Output{key, offset, 0});
    return at != outputs.end() && at->input == key && at->offset == offset;
}

// Whoever processes the input reads committed, or there are no transactions in it. All of it may have been aborted.
const std::vector<std::int64_t>& inputs_of(const Places& places, std::uint32_t partition) {
    const auto& committed = places.visible(partition, Isolation::committed);
    const bool has_committed_reader = !committed.empty() || places.drained(partition, Isolation::committed) != nullptr;
    return has_committed_reader ? committed : places.visible(partition, Isolation::uncommitted);
}

}  // namespace

void check_chains(const History& history, const Places& places, Findings& findings) {
    const auto outputs = committed_outputs(history);
    const auto finals = final_offsets(history);
    for (std::size_t n = 0; n < outputs.size(); ++n) {
        const Output& output = outputs[n];
        const Output* before = n > 0 ? &outputs[n - 1] : nullptr;
        if (before != nullptr && before->input == output.input && before->offset == output.offset &&
            before->transaction != output.transaction) {
            findings.add(Verdict::double_processing, [&] {
                return fmt::format("{}: by transactions {} and {}", input_name(history, output.input, output.offset),
                                   before->transaction, output.transaction);
            });
        }
        const auto committed = finals.find(output.input);
        if (committed != finals.end() && output.offset >= committed->second.offset) {
            findings.add(Verdict::offset_outputs_split, [&] {
                return fmt::format("{}: its output is committed by transaction {}, its offset is not ({})",
                                   input_name(history, output.input, output.offset), output.transaction,
                                   committed->second.offset);
            });
        }
    }
    for (const auto& [key, makes_outputs] : history.chains) {
        const auto committed = finals.find(key);
        if (!makes_outputs || committed == finals.end()) {
            continue;
        }
        for (const std::int64_t offset : inputs_of(places, key.partition)) {
            if (offset < committed->second.offset && !has_output(outputs, key, offset)) {
                findings.add(Verdict::offset_outputs_split, [&] {
                    return fmt::format("{}: its offset is committed ({}), and there is no output",
                                       input_name(history, key, offset), committed->second.offset);
                });
            }
        }
    }
}

}  // namespace tideline::history
