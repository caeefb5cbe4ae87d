// simulation/feeder.h: writes the input of copiers, in transactions. See transactions.h.
#pragma once

#include "simulation/transactions.h"

namespace tideline::simulation {

class Feeder {
public:
    Feeder(Stage& stage, TransactionalClient::Setup setup, std::uint64_t seed) : client_(stage, std::move(setup), seed) {}

    // Whether it was committed. `may_fail`: it may be slow, or vanish in the middle.
    Task<bool> transaction(const KnownTopic& topic, bool commits, bool may_fail);
    Task<void> close() { return client_.link().close(); }

private:
    std::vector<TransactionalClient::Output> some_outputs(const KnownTopic& topic);

    TransactionalClient client_;
};

}  // namespace tideline::simulation
