// simulation/producer.h: a simulated producer, idempotent or not, with several requests in flight and retries.
//
// Works in rounds: up to five requests leave together; what was not acknowledged leaves again, in the same order, with the
// same sequences, until it is. An idempotent producer uses acks=all; another one draws acks and may give up.
#pragma once

#include "simulation/stage.h"

namespace tideline::simulation {

// Produces until the storm is over, then a last record to every partition, which must succeed. The stage must outlive it.
Task<void> run_producer(Stage& stage, std::uint64_t seed);

// Sends bulky records to a topic that is being deleted, one after the other, until it is refused.
Task<void> produce_until_gone(Stage& stage, KnownTopic topic, std::uint64_t seed);

}  // namespace tideline::simulation
