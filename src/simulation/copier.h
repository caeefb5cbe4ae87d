// simulation/copier.h: reads committed input, writes an output for each record, and commits its place with it. See transactions.h.
#pragma once

#include "simulation/transactions.h"

namespace tideline::simulation {

class Copier {
public:
    Copier(Stage& stage, Instance instance, TransactionalClient::Setup setup, std::uint64_t seed)
        : stage_(stage), instance_(std::move(instance)), client_(stage, std::move(setup), seed) {}

    // Processes what there is next of its part of the input; false: nothing. `may_fail`: it may be slow, or vanish in the middle.
    Task<bool> round(const KnownTopic& input, const KnownTopic& output, bool commits, bool may_fail);
    // Everything that feeders wrote; they must have ended.
    Task<void> finish(const KnownTopic& input, const KnownTopic& output);
    Task<void> close() { return client_.link().close(); }

private:
    struct Work {
        std::vector<TransactionalClient::Output> outputs;
        std::map<std::int32_t, Offset> next;  // where to go on
    };
    Task<void> find_place(const KnownTopic& input);
    Task<Work> read_some(const KnownTopic& input, const KnownTopic& output);
    Task<bool> process(const KnownTopic& input, const KnownTopic& output, Work work, bool commits, bool may_fail);
    bool is_ours(std::int32_t partition) const { return static_cast<unsigned>(partition) % instance_.parts == instance_.part; }

    Stage& stage_;
    Instance instance_;
    TransactionalClient client_;
    std::map<std::int32_t, Offset> positions_;  // empty: to be asked for
    bool has_all_ = false;                      // the last look found nothing, and nothing open
};

}  // namespace tideline::simulation
